#!/bin/sh
# Makes the test images in this directory with qemu-img, qemu-io and craft.py, and the truth of each with qemu-img convert:
#   FILE.gz, and DIGEST.raw.gz with the content. SHA256SUMS has the digest of the content of NAME.vmdk.
# Needs qemu-utils and python3. Run it anywhere; it writes beside itself.
set -eu
out=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

io() { image=$1; shift; for c; do set -- "$@" -c "$c"; shift; done; qemu-io -f vmdk "$@" "$image" >/dev/null; }
create() { qemu-img create -q -f vmdk "$@"; }
truth() { for name; do qemu-img convert -f vmdk -O raw "$name.vmdk" "$name.raw"; done; }

# Text that compresses, but is different in every grain, then a hole, then text to an end that is no whole grain.
seq 1000 22000 >source
truncate -s 1M source
seq 70000 79000 >>source
truncate -s 1200128 source

# Data across grains, zeros over data, zeros over nothing, nothing.
for kind in monolithicSparse monolithicFlat twoGbMaxExtentFlat; do
	create -o subformat=$kind $kind.vmdk 6M
	io $kind.vmdk 'write -P 1 100k 300k' 'write -P 2 3000320 1024' 'write -P 3 4M 64k' 'write -z 4M 32k' 'write -P 4 6290944 512'
	truth $kind
done
create -o subformat=monolithicSparse,zeroed_grain=on,hwversion=7,adapter_type=lsilogic zeroed.vmdk 6M
io zeroed.vmdk 'write -P 1 100k 300k' 'write -P 3 4M 192k' 'write -z 4M 64k' 'write -z 2M 128k' 'write -P 4 6290944 512'
truth zeroed

# Compressed, and with some grains beside the others.
qemu-img convert -f raw -O vmdk -o subformat=streamOptimized source streamOptimized.vmdk
truth streamOptimized

# Two extents: the truth is that of the last 4 MiB.
create -o subformat=twoGbMaxExtentSparse split.vmdk 2049M
io split.vmdk 'write -P 5 2046M 2M' 'write -P 6 2048M 512k'
qemu-img convert -f vmdk -O raw split.vmdk split.whole
tail -c 4M split.whole >split.raw
rm split.whole

# A chain: the disk grew after the second file of it was made.
create -o subformat=monolithicSparse base.vmdk 3M
io base.vmdk 'write -P 6 0 1M' 'write -P 7 2500k 100k'
create -o subformat=monolithicSparse,zeroed_grain=on -b base.vmdk -F vmdk middle.vmdk
io middle.vmdk 'write -P 8 512k 10k' 'write -z 128k 64k' 'write -P 9 2560k 100k'
create -o subformat=twoGbMaxExtentSparse -b middle.vmdk -F vmdk top.vmdk 5M
io top.vmdk 'write -P 10 600k 100k' 'write -P 11 4M 1k'
truth base middle top

# What qemu-img cannot make: deltas of ESX, disks in pieces of several kinds, streams with a footer.
python3 "$out/craft.py"
truth vmfs vmfsSparse seSparse pieces footer

rm -f source "$out"/*.gz
sha256sum *.raw | sed 's/\.raw$//' >"$out/SHA256SUMS"
while read -r digest name; do gzip -n9 <"$name.raw" >"$out/$(echo "$digest" | cut -c1-12).raw.gz"; done <"$out/SHA256SUMS"
for f in *.vmdk; do gzip -n9 <"$f" >"$out/$f.gz"; done
