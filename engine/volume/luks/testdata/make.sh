#!/bin/bash
# Makes the images of this folder and their truth. cryptsetup formats and opens them, and the kernel (dm-crypt) fills them and says what
# it reads from them, in a virtual machine of the disk that `make images` builds; one is made and filled by qemu-img, and opened there.
# Needs cryptsetup, lvm2, e2fsprogs, qemu-system-x86, qemu-utils, fdisk and zstd. The tests need only what is committed here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../../..
disk=$root/build/images/debian12.qcow2
work=$(mktemp -d /var/tmp/luks-images.XXXXXX)
trap 'rm -rf "$work"' EXIT
export PATH=$PATH:/usr/sbin:/sbin
names=() drives=()

guestctl() { if [[ -n ${GUESTCTL:-} ]]; then "$GUESTCTL" "$@"; else go run "$root/cmd/guestctl" "$@"; fi; }

image() { # name size
    [[ -e $work/$1 ]] || truncate -s "$2" "$work/$1"
    names+=("$1")
    drives+=(-drive "file=$work/$1,if=virtio,format=raw")
}

image luks1-xts 4M
image luks1-essiv 3M
image luks1-plain 3M
image luks1-twofish 3M
image luks2-slots 18M
image luks2-4096 3M
image luks2-essiv 2M
image luks2-plain 2M
image luks2-reencrypt 20M
image luks2-integrity 20M
image luks2-detached.header 1M
image luks2-detached 1M

printf 'the passphrase' >"$work/passphrase"
for i in {1..64}; do printf '%s' "a page of text, written by nobody, number $i. "; done >"$work/page"
truncate -s 160K "$work/plain"
dd if="$work/page" of="$work/plain" bs=1 seek=70001 conv=notrunc status=none
qemu-img create -q -f luks --object "secret,id=s,file=$work/passphrase" \
    -o key-secret=s,cipher-alg=aes-128,cipher-mode=cbc,ivgen-alg=essiv,ivgen-hash-alg=sha256,hash-alg=sha256,iter-time=10 "$work/qemu" 160K
qemu-img convert -q -n -f raw "$work/plain" --object "secret,id=s,file=$work/passphrase" --target-image-opts \
    "driver=luks,file.filename=$work/qemu,key-secret=s"
image qemu 0

truncate -s 6M "$work/machine"
sfdisk -q "$work/machine" <<'END'
label: gpt
label-id: 6C554B53-0000-4000-8000-000000000000
start=2048, size=4096, name=root, uuid=6C554B53-0000-4000-8000-000000000001
start=6144, size=4096, name=home, uuid=6C554B53-0000-4000-8000-000000000002
END
image machine 0
image lvm 6M

tools=(/usr/sbin/cryptsetup /usr/sbin/lvm)
tar -C "$here" -chf "$work/exchange" inside.py
tar -rhf "$work/exchange" --transform 's|.*/||' "${tools[@]}" $(ldd "${tools[@]}" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | grep -v 'libc\.so\|libpthread\|libm\.so' | sort -u) 2>/dev/null
truncate -s 48M "$work/exchange"
guestctl cat "$disk" /vmlinuz >"$work/vmlinuz"
guestctl cat "$disk" /initrd.img >"$work/initrd"
script='mount -o remount,exec /run; mkdir /run/luks && cd /run/luks && tar -xf /dev/vdb && python3 -B inside.py'
script+=" ${names[*]} && tar -cf /dev/vdb truth; sync; echo o >/proc/sysrq-trigger; sleep 60"
nice -n 10 qemu-system-x86_64 -accel tcg -cpu max -m 1024 -nographic -no-reboot -kernel "$work/vmlinuz" -initrd "$work/initrd" \
    -drive "file=$disk,if=virtio,format=qcow2,snapshot=on" -drive "file=$work/exchange,if=virtio,format=raw" "${drives[@]}" \
    -append "root=/dev/vda2 ro console=ttyS0 panic=-1 init=/bin/sh -- -c \"$script\"" </dev/null | tee "$work/log" | sed -n '/^==/,$p'

tar -C "$work" -xf "$work/exchange"
cp "$work/truth/"* "$here"
for name in "${names[@]}"; do
    python3 "$here/unused.py" "$work/$name"
    case $name in
    # whole machines, which the tests of the program look into
    machine) gzip -9nc "$work/$name" >"$root/testdata/images/luks.img.gz" ;;
    lvm) gzip -9nc "$work/$name" >"$root/testdata/images/lvm-on-luks.img.gz" ;;
    *) zstd -q --ultra -22 --long=27 -f "$work/$name" -o "$here/$name.img.zst" ;;
    esac
done
