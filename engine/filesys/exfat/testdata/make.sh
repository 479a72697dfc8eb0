#!/bin/bash
# Makes the images of this folder and their truth. They are formatted by mkfs.exfat; the kernel of Debian 12 fills them as it does those of
# FAT (../../fat/testdata/inside.py) and says what it reads from them, in a virtual machine of the disk that `make images` builds.
# fsck.exfat has nothing to say of them.
# Needs exfatprogs, qemu-system-x86 and zstd. The tests need only what is committed here.
#
#   make.sh    GUESTCTL is the program, or it is built
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../../..
disk=$root/build/images/debian12.qcow2
work=$(mktemp -d /var/tmp/exfat-images.XXXXXX)
trap 'rm -rf "$work"' EXIT
export PATH=$PATH:/usr/sbin:/sbin
names=() drives=()

guestctl() { if [[ -n ${GUESTCTL:-} ]]; then "$GUESTCTL" "$@"; else go run "$root/cmd/guestctl" "$@"; fi; }

image() { # name size mkfs.exfat-options...
    truncate -s "$2" "$work/$1.img"
    mkfs.exfat -L "exFAT test" "${@:3}" "$work/$1.img" >/dev/null
    names+=("$1")
    drives+=(-drive "file=$work/$1.img,if=virtio,format=raw")
}

image small 4M -c 512
image middle 16M -c 4K
image large 96M -c 32K

tar -C "$here/../../fat/testdata" -cf "$work/exchange" inside.py -C "$root/internal/conformance" truth.py
truncate -s 32M "$work/exchange"
guestctl cat "$disk" /vmlinuz >"$work/vmlinuz"
guestctl cat "$disk" /initrd.img >"$work/initrd"
script='modprobe exfat; mkdir /run/exfat && cd /run/exfat && tar -xf /dev/vdb && KIND=exfat python3 -B inside.py /run/exfat'
script+=" ${names[*]} && cd /run/exfat && tar -cf /dev/vdb *.jsonl; sync; echo o >/proc/sysrq-trigger; sleep 60"
qemu-system-x86_64 -accel tcg -m 1024 -nographic -no-reboot -kernel "$work/vmlinuz" -initrd "$work/initrd" \
    -drive "file=$disk,if=virtio,format=qcow2,snapshot=on" -drive "file=$work/exchange,if=virtio,format=raw" "${drives[@]}" \
    -append "root=/dev/vda2 ro console=ttyS0 panic=-1 init=/bin/sh -- -c \"$script\"" </dev/null | tee "$work/log" | sed -n '/^==/,$p'

tar -C "$work" -xf "$work/exchange"
for name in "${names[@]}"; do
    fsck.exfat -n "$work/$name.img"
    # the root has no time, so Linux shows that of the mount
    sed -i -e '/"path":"\/",/s/"mtime":"[0-9.]*"/"mtime":""/' "$work/$name.jsonl"
    gzip -9nc "$work/$name.jsonl" >"$here/$name.jsonl.gz"
    zstd -q --ultra -22 --long=27 -f "$work/$name.img" -o "$here/$name.img.zst"
done
