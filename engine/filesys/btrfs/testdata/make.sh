#!/bin/bash
# Makes the images of this folder and their truth: formatted by mkfs.btrfs, filled by the kernel, which then says what it reads from them.
# `btrfs check` has nothing to say of them. The default subvolume of `zstd` is `@`; `lzo` has subvolumes, a snapshot and, in the snapshot,
# the empty directory that stands for a subvolume. Of `log` the log tree was not replayed. What is in `sets` lies on several devices.
# Needs root, btrfs-progs, zstd and a kernel with Btrfs. The tests need only what is committed here.
#
#   make.sh [NAME...]    all images, or those named
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../../..
truth=$root/internal/conformance/truth.py
tree=$here/../../xfs/testdata/tree.py
work=$(mktemp -d /var/tmp/btrfs-images.XXXXXX)
trap 'umount "$work/mnt" 2>/dev/null || true; rm -rf "$work"' EXIT
export PATH=$PATH:/usr/sbin:/sbin
wanted=("$@")
mkdir "$work/mnt"
mnt=$work/mnt

format() { # name size mount-options mkfs.btrfs-options...
    [[ ${#wanted[@]} -eq 0 || " ${wanted[*]} " == *" $1 "* ]] || return 1
    echo "== $1"
    truncate -s "$2" "$work/$1.img"
    mkfs.btrfs -q -L "Btrfs test" "${@:4}" "$work/$1.img"
    mount -o "loop,noatime,$3" "$work/$1.img" "$mnt"
}

fill() {
    (cd / && python3 "$tree" "$1" && python3 "$here/more.py" "$1")
}

finish() { # name
    umount "$mnt"
    btrfs check "$work/$1.img" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    mount -o loop,ro,noatime "$work/$1.img" "$mnt"
    # the directory that stands for a subvolume has no times of its own
    python3 "$truth" "$mnt" | sed '/"path":"[^"]*\/snapshot\/home"/s/,"mtime":"[^"]*"//' >"$work/$1.jsonl"
    umount "$mnt"
    gzip -9nc "$work/$1.jsonl" >"$here/$1.jsonl.gz"
    pack "$1"
}

pack() { zstd -q --ultra -22 --long=27 -f "$work/$1.img" -o "$here/$1.img.zst"; }

spread() { # name devices size mkfs.btrfs-options...
    [[ ${#wanted[@]} -eq 0 || " ${wanted[*]} " == *" $1 "* ]] || return 0
    echo "== $1"
    loops=() files=()
    for i in $(seq "$2"); do
        truncate -s "$3" "$work/$1-$i.img"
        files+=("$1-$i.img")
        loops+=("$(losetup -f --show "$work/$1-$i.img")")
    done
    mkfs.btrfs -q -L "Btrfs set" "${@:4}" "${loops[@]}"
    btrfs -q device scan "${loops[@]}"
    mount -o noatime "${loops[0]}" "$mnt"
    python3 "$here/spread.py" "$mnt"
    umount "$mnt"
    btrfs check "${loops[0]}" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    mount -o ro,noatime "${loops[0]}" "$mnt"
    python3 "$truth" "$mnt" | gzip -9n >"$here/sets/$1.jsonl.gz"
    umount "$mnt"
    btrfs -q device scan --forget "${loops[@]}"
    losetup -d "${loops[@]}"
    tar -C "$work" --sparse --sort=name --owner=0 --group=0 --mtime=@0 -c "${files[@]}" | zstd -q -19 --long=27 -f -o "$here/sets/$1.tar.zst"
}

spread raid0 3 128M -m raid0 -d raid0
spread raid1 2 128M -m raid1 -d raid1 --csum xxhash
spread raid1c3 3 128M -m raid1c3 -d raid1c3 --csum blake2
spread raid10 4 128M -m raid10 -d raid10 --csum sha256
spread raid5 3 128M -m raid5 -d raid5
spread raid6 4 128M -m raid6 -d raid6
spread single 2 128M -m raid1 -d single

if format zstd 128M compress-force=zstd; then
    btrfs -q subvolume create "$mnt/@"
    fill "$mnt/@"
    btrfs -q subvolume create "$mnt/@/var"
    echo inside >"$mnt/@/var/file"
    btrfs subvolume set-default "$mnt/@"
    finish zstd
fi

if format lzo 96M compress-force=lzo --csum xxhash -m single -O ^no-holes; then
    fill "$mnt"
    btrfs -q subvolume create "$mnt/home"
    echo one >"$mnt/home/file"
    btrfs -q subvolume create "$mnt/home/nested"
    echo two >"$mnt/home/nested/file"
    btrfs -q subvolume snapshot -r "$mnt" "$mnt/snapshot"
    echo three >"$mnt/after the snapshot"
    rm "$mnt/links/first"
    echo four >"$mnt/modes/owner"
    finish lzo
fi

if format zlib 128M compress-force=zlib --csum sha256 -m single -n 65536; then
    fill "$mnt"
    finish zlib
fi

if format mixed 96M noatime --csum blake2 --mixed -n 4096; then
    fill "$mnt"
    finish mixed
fi

if format log 128M noatime -m single; then
    for i in $(seq 20); do echo "$i" >"$mnt/$i"; done
    sync
    echo new >"$mnt/new"
    sync "$mnt/new"
    cp "$work/log.img" "$work/crashed.img"
    umount "$mnt"
    mv "$work/crashed.img" "$work/log.img"
    pack log
fi

if format checked 128M noatime -m single; then
    btrfs -q subvolume create "$mnt/sub"
    python3 "$here/crash.py" names before "$mnt/sub"
    python3 "$here/crash.py" content before "$mnt"
    btrfs -q subvolume snapshot -r "$mnt/sub" "$mnt/snapshot"
    python3 "$here/crash.py" names after "$mnt/sub"
    python3 "$here/crash.py" content after "$mnt"
    for i in $(seq 400); do ln "$mnt/sub/c/linked" "$mnt/sub/c/name $i of many that a file has, so that they are long"; done
    umount "$mnt"
    btrfs check "$work/checked.img" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    pack checked
    "$here/mutants.sh" "$work/checked.img"
fi

crash() { # name scenario mount-options subvolume mkfs.btrfs-options...
    format "$1" 128M "noatime,commit=300,$3" -m single "${@:5}" || return 0
    [[ $4 == . ]] || btrfs -q subvolume create "$mnt/$4"
    python3 "$here/crash.py" "$2" before "$mnt/$4"
    sync
    python3 "$here/crash.py" "$2" after "$mnt/$4"
    cp --sparse=always "$work/$1.img" "$work/crashed.img"
    umount "$mnt"
    mv "$work/crashed.img" "$work/$1.img"
    zstd -q -19 --long=27 -f "$work/$1.img" -o "$here/crashed/$1.img.zst"
    btrfs inspect-internal dump-super "$work/$1.img" | grep '^log_root\b'
    mount -o loop,noatime "$work/$1.img" "$mnt"
    python3 "$truth" "$mnt" | gzip -9n >"$here/crashed/$1.jsonl.gz"
    umount "$mnt"
}

crash content content noatime .
crash holes content noatime . -O ^no-holes --csum xxhash
crash packed content compress-force=zstd sub --csum sha256
crash names names noatime .
crash many many noatime sub
crash tree tree noatime . -n 4096
