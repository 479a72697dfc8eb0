#!/bin/sh
# Makes the test images in this directory, and the truth of each:
#   NAME.vhdx.gz, and DIGEST.raw.gz with the content. SHA256SUMS has the digest of the content of NAME.
# What qemu-img can make it makes, and qemu-img convert is the truth. Differencing images, other sectors and logs are made by craft.py
# from the specification, with a flat copy of the disk that is kept beside them; those of them that QEMU reads, after it has replayed
# their log on a copy, must have the content of that. (QEMU looks at the size of the file before its log makes it grow.) Needs
# qemu-utils and Python.
set -eu
out=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

io() { image=$1; shift; for c; do set -- "$@" -c "$c"; shift; done; qemu-io -f vhdx "$@" "$image" >/dev/null; }
create() { qemu-img create -q -f vhdx "$@"; }
truth() { qemu-img convert -f vhdx -O raw "$1" "$2.raw"; }
replayed() { # NAME: the truth after QEMU has opened a copy for writing
	cp "$1.vhdx" copy
	qemu-io -f vhdx -c 'read 0 512' copy >/dev/null
	truth copy "$1"
}

create -o subformat=dynamic,block_size=1M dynamic.vhdx 9M
io dynamic.vhdx 'write -P 2 3000000 1234' 'write -P 1 100k 300k' 'write -P 3 4090k 10k' 'write -P 4 8388608 1024' 'write -z 200k 50k'
create -o subformat=dynamic,block_size=8M,log_size=2M large.vhdx 20M
io large.vhdx 'write -P 1 19000k 1000k' 'write -P 2 1M 2k'
create -o subformat=dynamic,block_size=256M huge.vhdx 600M
create -o subformat=dynamic,block_size=1M chunks.vhdx 8194M
io chunks.vhdx 'write -P 4 8G 1M' 'write -P 1 0 1M' 'write -P 3 8191M 1M' 'write -P 2 4G 1M'
create -o subformat=fixed,block_size=1M fixed.vhdx 2M
io fixed.vhdx 'write -P 1 100k 300k' 'write -P 2 1M 1234'
create -o subformat=dynamic,block_size=1M empty.vhdx 5M
for name in dynamic large fixed empty; do truth $name.vhdx $name; done

# A log that QEMU wrote, and an image whose tables are what they were before it.
create -o subformat=dynamic,block_size=1M closed 9M
io closed 'write -P 1 100k 300k' 'write -P 2 5M 2M' 'write -P 3 3M 1k'
python3 "$out/craft.py" forget closed lost.vhdx
replayed lost

python3 "$out/craft.py" all
for name in crafted sequence wrapped torn; do
	mv $name.raw model
	replayed $name
	cmp $name.raw model
done

rm -f copy closed model "$out"/*.gz
sha256sum *.raw | sed 's/\.raw$//' >"$out/SHA256SUMS"
while read -r digest name; do gzip -n9 <"$name.raw" >"$out/$(echo "$digest" | cut -c1-12).raw.gz"; done <"$out/SHA256SUMS"
for f in *.vhdx; do gzip -n9 <"$f" >"$out/$f.gz"; done
