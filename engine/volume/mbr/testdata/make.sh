#!/bin/bash
# Makes the disks of this folder (NAME.img.gz) and what sfdisk and fdisk say is on them (NAME.json, NAME.kinds), and the
# first sectors of bare FAT file systems. Needs fdisk, sfdisk and dosfstools; no root.
set -euo pipefail
cd "$(dirname "$0")"
export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C.UTF-8

# disk NAME SECTORS: a disk of so many sectors, with the table that stdin describes to sfdisk
disk() {
	rm -f "$1.img" && truncate -s "$(($2 * 512))" "$1.img"
	sfdisk -q --no-reread "$1.img"
	sfdisk -J "$1.img" >"$1.json"
	sed -i "/\"device\":/d" "$1.json"
	fdisk -l -o Type "$1.img" 2>/dev/null | sed '1,/^Type$/d' >"$1.kinds"
	gzip -9nf "$1.img"
}

disk primary 1024 <<END
label: dos
label-id: 0x0abc0def
start=8, size=100, type=83, bootable
start=200, size=100, type=82
start=400, size=624, type=7
END

{
	printf 'label: dos\nlabel-id: 0xdeadbeef\nstart=2, size=6, type=83, bootable\nstart=10, size=2000, type=f\n'
	n=12
	for type in 1 4 6 7 b c e 11 12 17 27 82 83 8e a5 a6 a9 af be bf da ea ef fb fc fd 9f; do
		printf 'start=%d, size=3, type=%s\n' "$n" "$type"
		n=$((n + 8))
	done
} | disk logical 2048

# the extended partition first, types 5 and 85, logical partitions out of order
disk order 1024 <<END
label: dos
label-id: 0x00000001
start=100, size=800, type=5
start=20, size=60, type=83
start=500, size=10, type=8e
start=300, size=10, type=83
END

disk linuxextended 1024 <<END
label: dos
label-id: 0x00000085
start=100, size=800, type=85
start=200, size=10, type=83
END

# bare FAT file systems: their first sector without the boot code
for bits in 12:4M 16:40M 32:80M; do
	rm -f fat.img && truncate -s "${bits#*:}" fat.img
	bits=${bits%:*}
	mkfs.fat -F "$bits" -i 12345678 --invariant fat.img >/dev/null
	head -c 512 fat.img >"fat$bits.bin"
	dd if=/dev/zero of="fat$bits.bin" bs=1 seek=90 count=420 conv=notrunc status=none
done
rm -f fat.img
