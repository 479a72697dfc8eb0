#!/bin/bash
# Makes the images of this folder and their truth: formatted by mkfs.xfs, filled by the kernel, which then says what it reads from them.
# xfs_repair has nothing to say of them. Of `dirty` and those like it the log was not written back: the file system was shut down, and the
# truth is of a copy that the kernel mounted, which replays the log. Version 4, which not every kernel reads any more, is left to the
# kernel of Debian 12 in a virtual machine of the disk that `make images` builds.
# Needs root, xfsprogs, qemu-system-x86, zstd and a kernel with XFS (one of 6.12 or later for `64k`). The tests need only what is
# committed here.
#
#   make.sh [NAME...]    all images, or those named; GUESTCTL is the program, or it is built
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../../..
disk=$root/build/images/debian12.qcow2
truth=$root/internal/conformance/truth.py
work=$(mktemp -d /var/tmp/xfs-images.XXXXXX)
trap 'umount "$work/mnt" 2>/dev/null || true; rm -rf "$work"' EXIT
export PATH=$PATH:/usr/sbin:/sbin
wanted=("$@")
mkdir "$work/mnt"
names=() drives=()

guestctl() { if [[ -n ${GUESTCTL:-} ]]; then "$GUESTCTL" "$@"; else go run "$root/cmd/guestctl" "$@"; fi; }

format() { # name size mkfs.xfs-options...
    [[ ${#wanted[@]} -eq 0 || " ${wanted[*]} " == *" $1 "* ]] || return 1
    echo "== $1"
    truncate -s "$2" "$work/$1.img"
    mkfs.xfs --unsupported -q -L "XFS test" "${@:3}" "$work/$1.img"
}

pack() {
    [[ ! -e $work/$1.jsonl ]] || gzip -9nc "$work/$1.jsonl" >"$here/$1.jsonl.gz"
    zstd -q --ultra -22 --long=27 -f "$work/$1.img" -o "$here/$1.img.zst"
}

image() { # name size mkfs.xfs-options...
    format "$@" || return 0
    mount -o loop,noatime "$work/$1.img" "$work/mnt"
    (cd / && python3 "$here/tree.py" "$work/mnt")
    umount "$work/mnt"
    xfs_repair -n "$work/$1.img" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    mount -o loop,ro,noatime "$work/$1.img" "$work/mnt"
    python3 "$truth" "$work/mnt" >"$work/$1.jsonl"
    umount "$work/mnt"
    pack "$1"
}

dirty() { # name kind size mkfs.xfs-options...
    local name=$1 kind=$2
    shift 2
    format "$name" "$@" || return 0
    mount -o loop,noatime "$work/$name.img" "$work/mnt"
    (cd / && python3 -B "$here/work.py" "$work/mnt" "$kind")
    umount "$work/mnt"
    cp --sparse=always "$work/$name.img" "$work/$name.copy"
    mount -o loop,noatime "$work/$name.copy" "$work/mnt"
    python3 "$truth" "$work/mnt" >"$work/$name.jsonl"
    umount "$work/mnt"
    pack "$name"
}

inside() { # name kind size mkfs.xfs-options...; the kind is of work.py, or empty
    local name=$1 kind=$2
    shift 2
    format "$name" "$@" || return 0
    names+=("$name:$kind")
    drives+=(-drive "file=$work/$name.img,if=virtio,format=raw")
    [[ -n $kind ]] || return 0
    truncate -s "$1" "$work/$name.copy"
    drives+=(-drive "file=$work/$name.copy,if=virtio,format=raw")
}

image default 64M -d agcount=4
image 1k 40M -b size=1024 -m rmapbt=1
image 64k 160M -b size=65536
image dir64k 48M -n size=64k
image nrext64 48M -i nrext64=1 -m rmapbt=1 -s size=4096
image plain 40M -m bigtime=0,reflink=0,finobt=0 -i sparse=0
image inode2048 48M -i size=2048

dirty dirty std 48M -d agcount=2
dirty dirty-new new 48M -d agcount=2 -i nrext64=1 -m rmapbt=1
dirty dirty-wrap wrap 40M -d agcount=2 -m reflink=0,finobt=0 -l size=857b
dirty dirty-cancel cancel 64M -d agcount=2

inside v4 "" 40M -m crc=0
inside v4-512 "" 40M -m crc=0 -b size=512 -n ftype=0 -i size=256
inside dirty-v4 std 40M -d agcount=2 -m crc=0

[[ ${#names[@]} -gt 0 ]] || exit 0
guestctl cat "$disk" /vmlinuz >"$work/vmlinuz"
guestctl cat "$disk" /initrd.img >"$work/initrd"
cat >"$work/inside.sh" <<'END'
device=c
next() { echo "$1" | tr c-y d-z; }
for what; do
    name=${what%:*} kind=${what#*:}
    echo "== $name in Linux $(uname -r)"
    mount -t xfs -o noatime "/dev/vd$device" mnt
    if [ -z "$kind" ]; then
        python3 -B tree.py mnt && umount mnt
    else
        python3 -B work.py mnt "$kind" && umount mnt
        cat "/dev/vd$device" >"/dev/vd$(next $device)"
        device=$(next $device)
    fi
    mount -t xfs -o noatime "/dev/vd$device" mnt && python3 -B truth.py mnt >"$name.jsonl" && umount mnt
    device=$(next $device)
done
END
tar -cf "$work/exchange" -C "$here" tree.py work.py -C "$(dirname "$truth")" truth.py -C "$work" inside.sh
truncate -s 32M "$work/exchange"
script='modprobe xfs; mkdir -p /run/xfs/mnt && cd /run/xfs && tar -xf /dev/vdb && sh inside.sh'
script+=" ${names[*]}; cd /run/xfs && tar -cf /dev/vdb *.jsonl; sync; echo o >/proc/sysrq-trigger; sleep 60"
nice qemu-system-x86_64 -accel tcg -m 1024 -nographic -no-reboot -kernel "$work/vmlinuz" -initrd "$work/initrd" \
    -drive "file=$disk,if=virtio,format=qcow2,snapshot=on" -drive "file=$work/exchange,if=virtio,format=raw" "${drives[@]}" \
    -append "root=/dev/vda2 ro console=ttyS0 panic=-1 init=/bin/sh -- -c \"$script\"" </dev/null | tee "${LOG:-/dev/null}" | sed -n '/^==/,$p'

tar -C "$work" -xf "$work/exchange"
for what in "${names[@]}"; do
    name=${what%:*}
    [[ $what != *: ]] || xfs_repair -n "$work/$name.img" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    pack "$name"
done
