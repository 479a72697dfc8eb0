#!/bin/bash
# Makes the images of this folder and their truth. LVM itself makes them, and the kernel of Debian 12 says what it reads from them, in a
# virtual machine of the disk that `make images` builds: inside.py. LVM comes from the machine that runs this.
# Needs lvm2, thin-provisioning-tools, qemu-system-x86 and zstd. The tests need only what is committed here.
#
#   make.sh [NAME...]    all sets, or those named; GUESTCTL is the program, or it is built
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../../..
disk=$root/build/images/debian12.qcow2
work=$(mktemp -d /var/tmp/lvm-images.XXXXXX)
trap 'rm -rf "$work"' EXIT
export PATH=$PATH:/usr/sbin:/sbin

guestctl() { if [[ -n ${GUESTCTL:-} ]]; then "$GUESTCTL" "$@"; else go run "$root/cmd/guestctl" "$@"; fi; }

# LVM with its libraries, into a folder of its own
mkdir -p "$work/tools/bin" "$work/tools/lib"
for tool in lvm dmsetup pdata_tools; do
    path=$(command -v "$tool")
    cp -L "$path" "$work/tools/bin/"
    ldd "$path" | grep -o '/lib[^ ]*' | grep -v ld-linux | xargs -I{} cp -L {} "$work/tools/lib/"
done
tar -C "$here" -cf "$work/exchange" inside.py -C "$work" tools
truncate -s 1G "$work/exchange"
guestctl cat "$disk" /vmlinuz >"$work/vmlinuz"
guestctl cat "$disk" /initrd.img >"$work/initrd"
script='mount -t proc proc /proc; mount -t tmpfs -o size=1g tmpfs /run; mkdir /run/lvm-images && cd /run/lvm-images && tar -xf /dev/vdb'
script+=" && python3 -B inside.py $* && tar -cSf /dev/vdb out; sync; echo o >/proc/sysrq-trigger; sleep 60"
nice qemu-system-x86_64 -accel tcg -m 2048 -nographic -no-reboot -kernel "$work/vmlinuz" -initrd "$work/initrd" \
    -drive "file=$disk,if=virtio,format=qcow2,snapshot=on" -drive "file=$work/exchange,if=virtio,format=raw" \
    -append "root=/dev/vda2 ro console=ttyS0 panic=-1 init=/bin/sh -- -c \"$script\"" </dev/null | tee "${LOG:-/dev/null}" | sed -n '/^==/,$p'

tar -C "$work" -xf "$work/exchange"
for image in "$work"/out/*.img; do
    zstd -q --ultra -22 --long=27 -f "$image" -o "$here/$(basename "$image").zst"
done
cp "$work"/out/*.json "$here/"
