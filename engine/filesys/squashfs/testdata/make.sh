#!/bin/bash
# Makes the images of this folder, by mksquashfs, and their truth: what the tree holds that they were made from. unsquashfs has the second
# word. Needs root, squashfs-tools and zstd, and a file system in /var/tmp that keeps the times and attributes of tree.py of package
# conformance. The tests need only what is committed here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
truth=$here/../../../../internal/conformance/truth.py
work=$(mktemp -d /var/tmp/squashfs-images.XXXXXX)
trap 'rm -rf "$work"' EXIT
export TZ=UTC LC_ALL=C.UTF-8
umask 022
cd "$work"
python3 "$here/../../../../internal/conformance/tree.py" features
python3 "$truth" features >features.jsonl
gzip -9nc features.jsonl >"$here/features.jsonl.gz"

image() { # name options...
    mksquashfs features "$1.img" -noappend -quiet -no-progress -processors 1 -mkfs-time 1700000000 "${@:2}"
    unsquashfs -lln "$1.img" | wc -l
    zstd -q --ultra -22 -f "$1.img" -o "$here/$1.img.zst"
}

for comp in gzip lzma lzo xz lz4 zstd; do
    image $comp -comp $comp
done
image xz-filters -comp xz -Xbcj x86,arm -Xdict-size 50%
image lz4-4k -comp lz4 -Xhc -b 4K -no-fragments -no-exports
image zstd-1m -comp zstd -Xcompression-level 22 -b 1M -always-use-fragments -no-duplicates
image plain -noI -noD -noF -noX
image plain-blocks -noI -noD -noF -noX -no-fragments -no-sparse -b 64K
