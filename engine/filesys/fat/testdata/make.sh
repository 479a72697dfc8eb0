#!/bin/bash
# Makes the images of this folder and their truth. They are formatted by mkfs.vfat; the kernel of Debian 12 fills them and says
# what it reads from them, in a virtual machine of the disk that `make images` builds. fsck.vfat has nothing to say of them; it
# does not read three copies of a table, and does not like what craft.py writes.
# Needs dosfstools, mtools, qemu-system-x86 and zstd. The tests need only what is committed here.
#
#   make.sh [NAME...]    all images, or those named; GUESTCTL is the program, or it is built
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../../..
disk=$root/build/images/debian12.qcow2
work=$(mktemp -d /var/tmp/fat-images.XXXXXX)
trap 'rm -rf "$work"' EXIT
export PATH=$PATH:/usr/sbin:/sbin
wanted=("$@")
names=() drives=()

guestctl() { if [[ -n ${GUESTCTL:-} ]]; then "$GUESTCTL" "$@"; else go run "$root/cmd/guestctl" "$@"; fi; }

image() { # name size mkfs.vfat-options...
    [[ ${#wanted[@]} -eq 0 || " ${wanted[*]} " == *" $1 "* ]] || return 0
    truncate -s "$2" "$work/$1.img"
    mkfs.vfat -n "FAT TEST" --invariant "${@:3}" "$work/$1.img" >/dev/null
    names+=("$1")
    drives+=(-drive "file=$work/$1.img,if=virtio,format=raw")
}

pack() {
    gzip -9nc "$work/$1.jsonl" >"$here/$1.jsonl.gz"
    zstd -q --ultra -22 --long=27 -f "$work/$1.img" -o "$here/$1.img.zst"
}

# a directory of 5000 entries: in the machine that would take many minutes, so mcopy says what is there
image many 10M -F 16 -s 2
if [[ -e $work/many.img ]]; then
    python3 "$here/craft.py" "$work/many.img" many
    fsck.vfat -n "$work/many.img"
    mkdir "$work/tree"
    TZ=UTC mcopy -s -m -n -i "$work/many.img" ::/MANY "$work/tree"
    # it gives no modes, and the root no time
    (umask 022 && python3 "$root/internal/conformance/truth.py" "$work/tree") |
        sed -e 's/"mode":"[0-7]*"/"mode":""/' -e '/"path":"\/",/s/"mtime":"[0-9.]*"/"mtime":""/' >"$work/many.jsonl"
    pack many
    names=() drives=()
fi

image fat12 2M -F 12 -s 1
image fat12-3copies 4M -F 12 -s 4 -f 3 -S 1024
image fat16 10M -F 16 -s 2
image fat16-1copy 40M -F 16 -s 1 -f 1 -S 4096 -a
image fat16-32k 140M -F 16 -s 64
image fat32 36M -F 32 -s 1
image fat32-2k 20M -F 32 -S 2048 -s 2
image rootfull 1M -F 12 -r 64
image crafted 5M -F 16 -s 1
[[ ! -e $work/crafted.img ]] || python3 "$here/craft.py" "$work/crafted.img"

[[ ${#names[@]} -gt 0 ]] || exit 0
tar -C "$here" -cf "$work/exchange" inside.py -C "$root/internal/conformance" truth.py
truncate -s 32M "$work/exchange"
guestctl cat "$disk" /vmlinuz >"$work/vmlinuz"
guestctl cat "$disk" /initrd.img >"$work/initrd"
script='modprobe vfat; mkdir /run/fat && cd /run/fat && tar -xf /dev/vdb && python3 -B inside.py /run/fat'
script+=" ${names[*]} && cd /run/fat && tar -cf /dev/vdb *.jsonl; sync; echo o >/proc/sysrq-trigger; sleep 60"
qemu-system-x86_64 -accel tcg -m 1024 -nographic -no-reboot -kernel "$work/vmlinuz" -initrd "$work/initrd" \
    -drive "file=$disk,if=virtio,format=qcow2,snapshot=on" -drive "file=$work/exchange,if=virtio,format=raw" "${drives[@]}" \
    -append "root=/dev/vda2 ro console=ttyS0 panic=-1 init=/bin/sh -- -c \"$script\"" </dev/null | tee "$work/log" | sed -n '/^==/,$p'

tar -C "$work" -xf "$work/exchange"
for name in "${names[@]}"; do
    [[ $name = crafted || $name = *3copies ]] || fsck.vfat -n "$work/$name.img"
    pack "$name"
done
