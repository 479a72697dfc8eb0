#!/bin/bash
# Makes the arrays of this folder and their truth: mdadm and the kernel of Debian 12 do, in a virtual machine of the disk that
# `make images` builds. Needs qemu-system-x86, zstd and what apt-get download gives. The tests need only what is committed here.
#
#   make.sh    GUESTCTL is the program, or it is built
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../../..
disk=$root/build/images/debian12.qcow2
work=$(mktemp -d /var/tmp/md-images.XXXXXX)
trap 'rm -rf "$work"' EXIT

guestctl() { if [[ -n ${GUESTCTL:-} ]]; then "$GUESTCTL" "$@"; else go run "$root/cmd/guestctl" "$@"; fi; }

(cd "$work" && apt-get download -q mdadm && dpkg-deb -x mdadm_*.deb mdadm)
tar -C "$here" -cf "$work/exchange" inside.sh -C "$work" mdadm/sbin/mdadm
truncate -s 200M "$work/exchange"
guestctl cat "$disk" /vmlinuz >"$work/vmlinuz"
guestctl cat "$disk" /initrd.img >"$work/initrd"
script='echo == arrays; mount -t tmpfs -o size=300M none /run; mkdir /run/md && cd /run/md && tar -xf /dev/vdb && mkdir out && cd out'
script+=' && bash ../inside.sh /run/md/mdadm/sbin/mdadm && tar -Scf /dev/vdb *; sync; echo o >/proc/sysrq-trigger; sleep 60'
qemu-system-x86_64 -accel tcg -m 1024 -nographic -no-reboot -kernel "$work/vmlinuz" -initrd "$work/initrd" \
    -drive "file=$disk,if=virtio,format=qcow2,snapshot=on" -drive "file=$work/exchange,if=virtio,format=raw" \
    -append "root=/dev/vda2 ro console=ttyS0 panic=-1 init=/bin/sh -- -c \"$script\"" </dev/null | sed -n "/^== /,\$p"

mkdir "$work/out"
tar -C "$work/out" -xf "$work/exchange"
mv "$work/out/truth.tsv" "$here"
tar -C "$work/out" --sort=name --mtime=@0 --owner=0 --group=0 -cf - . | zstd -q --ultra -22 --long=27 -f -o "$here/arrays.tar.zst"
