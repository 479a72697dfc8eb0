#!/bin/sh
# Makes the test images in this directory, and the truth of each:
#   NAME.vhd.gz, and DIGEST.raw.gz with the content. SHA256SUMS has the digest of the content of NAME.
# What qemu-img can make it makes, and qemu-img convert is the truth; differencing images and footers of other programs are made by
# differencing.py from the specification, with a flat copy of the disk that is kept beside them. Needs qemu-utils and Python.
set -eu
out=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

io() { image=$1; shift; for c; do set -- "$@" -c "$c"; shift; done; qemu-io -f vpc "$@" "$image" >/dev/null; }
create() { qemu-img create -q -f vpc "$@"; }
truth() { qemu-img convert -f vpc -O raw "$1.vhd" "$1.raw"; }

create -o subformat=dynamic dynamic.vhd 9M
io dynamic.vhd 'write -P 1 100k 300k' 'write -P 2 3000000 1234' 'write -P 3 4090k 10k' 'write -P 4 8388608 1024' 'write -z 200k 50k'
create -o subformat=dynamic,force_size dynamic-size.vhd 10000384
io dynamic-size.vhd 'write -P 1 9999000 1384' 'write -P 2 0 512'
create -o subformat=fixed fixed.vhd 2M
io fixed.vhd 'write -P 1 100k 300k' 'write -P 2 1M 1234'
create -o subformat=fixed,force_size fixed-size.vhd 1200128
io fixed-size.vhd 'write -P 1 1199616 512' 'write -P 2 1234 5678'
create -o subformat=dynamic empty.vhd 5M
for name in dynamic dynamic-size fixed fixed-size empty; do truth $name; done

python3 "$out/differencing.py"

rm -f "$out"/*.gz
sha256sum *.raw | sed 's/\.raw$//' >"$out/SHA256SUMS"
while read -r digest name; do gzip -n9 <"$name.raw" >"$out/$(echo "$digest" | cut -c1-12).raw.gz"; done <"$out/SHA256SUMS"
for f in *.vhd; do gzip -n9 <"$f" >"$out/$f.gz"; done
