#!/bin/bash
# Makes the images of this folder and their truth: formatted by mkfs.btrfs, filled by the kernel, which then says what it reads from them.
# `btrfs check` has nothing to say of them. The default subvolume of `zstd` is `@`; `lzo` has subvolumes, a snapshot and, in the snapshot,
# the empty directory that stands for a subvolume. Of `log` the log tree was not replayed.
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
