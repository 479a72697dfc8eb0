#!/bin/bash
# Makes the disks of this folder (NAME.img.gz) and what sfdisk or fdisk says is on them (NAME.dump, NAME.kinds).
# Needs gdisk, fdisk and sfdisk; no root. Identifiers are fixed, so that the same tools give the same bytes.
set -euo pipefail
cd "$(dirname "$0")"
export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C.UTF-8

disk=00112233-4455-6677-8899-aabbccddeeff
id() { printf '0a0b0c0d-0e0f-1011-1213-14151617%04x' "$1"; }

# empty NAME SECTORS: a disk of so many 512-byte sectors
empty() { rm -f "$1.img" && truncate -s "$(($2 * 512))" "$1.img"; }

# truth NAME SECTOR_SIZE
truth() {
	printf 'O\n%s\nq\n' "$1.dump" | fdisk -b "$2" "$1.img" >/dev/null 2>&1
	sed -i "/^device:/d;s|^\S*\.img||" "$1.dump"
	fdisk -b "$2" -l -o Type "$1.img" 2>/dev/null | sed '1,/^Type$/d' >"$1.kinds"
}

keep() { gzip -9nf "$1.img"; }

# every type that has a word, and one that has none; numbers with a gap; a name of 36 UTF-16 units beyond ASCII
empty types 1024
args=(-a 1 -U "$disk")
n=1
for type in ef00 ef02 8300 8200 8e00 fd00 8304 8302 8303 8305 0700 0c01 2700 8306 8309 8308; do
	args+=(-n "$n:$((40 + n * 8)):+8" -t "$n:$type" -u "$n:$(id "$n")")
	n=$((n + 1))
done
args+=(-n "40:600:700" -t "40:deadbeef-0000-1111-2222-333344445555" -u "40:$(id 40)" -c "40:Größe ✓ 𝄞 – 36 units of UTF-16 ......")
args+=(-c 1:esp -A 2:set:2 -c 3:root)
sgdisk "${args[@]}" types.img >/dev/null
truth types 512
cp types.img hybrid.img
sgdisk -h 3:1 hybrid.img >/dev/null
truth hybrid 512
keep types && keep hybrid

# sectors of 4096 bytes: fdisk writes what sgdisk cannot
empty sector4096 2048
printf '%s\n' g n 1 6 20 n 2 32 100 t 1 1 x i "$disk" u 1 "$(id 1)" u 2 "$(id 2)" n 2 data r w |
	fdisk -b 4096 sector4096.img >/dev/null
truth sector4096 4096
keep sector4096

# more entries than usual (sgdisk writes 128-byte entries only)
empty entries256 1024
sgdisk -a 1 -S 256 -U "$disk" -n 200:100:199 -t 200:8300 -u "200:$(id 200)" -c 200:far entries256.img >/dev/null
truth entries256 512
keep entries256
