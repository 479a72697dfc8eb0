#!/bin/sh
# Makes the test images in this directory, and the truth of each:
#   NAME.vdi.gz, and DIGEST.raw.gz with the content. SHA256SUMS has the digest of the content of NAME.
# What qemu-img can make it makes, and qemu-img convert is the truth; what only VirtualBox makes, other block sizes, bytes before the
# blocks and differencing images, is made by differencing.py, with a flat copy of the disk that is kept beside it.
# Needs qemu-utils and Python.
set -eu
out=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

io() { image=$1; shift; for c; do set -- "$@" -c "$c"; shift; done; qemu-io -f vdi "$@" "$image" >/dev/null; }
create() { qemu-img create -q -f vdi "$@"; }
truth() { qemu-img convert -f vdi -O raw "$1.vdi" "$1.raw"; }

create dynamic.vdi 9M
io dynamic.vdi 'write -P 2 3000000 1234' 'write -P 1 100k 300k' 'write -P 3 4090k 10k' 'write -P 4 8388608 1024' 'write -z 200k 50k'
create odd.vdi 2500608
io odd.vdi 'write -P 1 2500096 512' 'write -P 2 1M 2k'
create -o static=on fixed.vdi 2M
io fixed.vdi 'write -P 1 100k 300k' 'write -P 2 1M 1234'
create empty.vdi 5M
for name in dynamic odd fixed empty; do truth $name; done

python3 "$out/differencing.py"

rm -f "$out"/*.gz
sha256sum *.raw | sed 's/\.raw$//' >"$out/SHA256SUMS"
while read -r digest name; do gzip -n9 <"$name.raw" >"$out/$(echo "$digest" | cut -c1-12).raw.gz"; done <"$out/SHA256SUMS"
for f in *.vdi; do gzip -n9 <"$f" >"$out/$f.gz"; done
