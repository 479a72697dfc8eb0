#!/bin/bash
# Makes the compressed disks of this directory with gzip, xz, zstd and pzstd, in the shapes that their options give. What is inside of all
# of them is what disk prints: about 360,000 bytes with holes of zeros and a tail that is no multiple of anything. sha256 has its digest.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
disk() {
	seq 1 6000 && head -c 140000 /dev/zero && seq 6000 -1 1 && head -c 131072 /dev/zero && seq 10000 | head -c 30301
}
disk >"$work/disk"
sha256sum <"$work/disk" | cut -d' ' -f1 >sha256
rm -f ./*.gz ./*.xz ./*.zst

gzip -9nc "$work/disk" >one.gz
{ head -c 150001 "$work/disk" | gzip -9n && tail -c +150002 "$work/disk" | gzip -1n; } >members.gz

xz -9ec "$work/disk" >one.xz
xz -9ec --block-size=70000 "$work/disk" >blocks.xz
xz -9ec --check=crc32 --block-list=1000,123457,65536,0 "$work/disk" >list.xz
xz -9ec --check=sha256 --x86 --lzma2=preset=9e "$work/disk" >x86.xz
xz -9ec --check=none "$work/disk" >unchecked.xz
{ head -c 150001 "$work/disk" | xz -9ec && head -c 8 /dev/zero && tail -c +150002 "$work/disk" | xz -9ec --block-size=50000; } >streams.xz

zstd -q19c --check "$work/disk" >one.zst
zstd -q19c --no-check --no-content-size "$work/disk" >unsized.zst
{ head -c 150001 "$work/disk" | zstd -q19 --stream-size=150001 && tail -c +150002 "$work/disk" | zstd -q19; } >frames.zst
pzstd -q -19 -p 4 -c "$work/disk" >pzstd.zst
zstd -q19c --long=27 "$work/disk" >long.zst
