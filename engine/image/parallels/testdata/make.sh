#!/bin/bash
# Makes the image of this directory with qemu-img and qemu-io, and disk.raw, which is what qemu-img convert reads in it.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
qemu-img create -qf parallels -o cluster_size=64k "$work/disk.hdd" 1000k
for write in '7 0 3k' '8 65k 100k' '9 600k 65k' '10 999k 1k'; do
	read -r byte off n <<<"$write"
	qemu-io -f parallels -c "write -q -P $byte $off $n" "$work/disk.hdd"
done
qemu-img check -q "$work/disk.hdd"
qemu-img convert -f parallels -O raw "$work/disk.hdd" "$work/disk.raw"
gzip -9nc "$work/disk.hdd" >disk.hdd.gz
gzip -9nc "$work/disk.raw" >disk.raw.gz
