#!/bin/sh
# Makes the test images in this directory with qemu-img and qemu-io, and the truth of each with qemu-img convert:
#   NAME.qcow2.gz, and DIGEST.raw.gz with the content. SHA256SUMS has the digest of the content of NAME.
# Needs qemu-utils with zstd. Run it anywhere; it writes beside itself.
set -eu
out=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

io() { image=$1; shift; for c; do set -- "$@" -c "$c"; shift; done; qemu-io "$@" "$image" >/dev/null; }
create() { qemu-img create -q -f qcow2 "$@"; }
truth() { qemu-img convert -O raw "$1.qcow2" "$1.raw"; }
# qemu-img convert -l gives a snapshot the size of today: a copy that goes back to it has the right one.
snapshot() { cp "$1.qcow2" copy; qemu-img snapshot -a "$2" copy; qemu-img convert -O raw copy "$3.raw"; }

# Text that compresses, but is different in every cluster, then a hole, then text to an end that is no whole cluster.
seq 1000 22000 >source.raw
truncate -s 1M source.raw
seq 70000 79000 >>source.raw
truncate -s 1200128 source.raw

# Clusters of every kind: data across borders, zeros over data, zeros over nothing, nothing.
for size in 512 4096 65536 2097152; do
	create -o cluster_size=$size c$size.qcow2 6M
	io c$size.qcow2 'write -P 1 100k 300k' 'write -P 2 3000000 1234' 'write -P 3 4M 64k' 'write -z 4M 32k' \
		'write -z 2M 128k' 'write -P 4 6291000 456'
	truth c$size
done

create -o compat=0.10 v2.qcow2 6M
io v2.qcow2 'write -P 1 100k 300k' 'write -P 2 3000000 1234'
truth v2

qemu-img convert -f raw -c -O qcow2 source.raw zlib.qcow2
qemu-img convert -f raw -c -O qcow2 -o cluster_size=4096 source.raw zlib4096.qcow2
qemu-img convert -f raw -c -O qcow2 -o compression_type=zstd source.raw zstd.qcow2
qemu-img convert -f raw -c -O qcow2 -o compression_type=zstd,cluster_size=2M source.raw zstd2m.qcow2
io zlib.qcow2 'write -P 5 70k 100k'
for name in zlib zlib4096 zstd zstd2m; do truth $name; done

# A chain: a raw base of 1 MiB + 512, a middle that is shorter than the top, zeros over data of the base.
seq 10000 30000 >base.img
truncate -s 384k base.img
seq 30000 40000 >>base.img
truncate -s 1000k base.img
seq 50000 60000 | head -c 25088 >>base.img
create -b base.img -F raw middle.qcow2 3M
io middle.qcow2 'write -P 6 512k 10k' 'write -z 128k 64k' 'write -P 7 2500k 100k'
create -b middle.qcow2 -F qcow2 chain.qcow2 5M
io chain.qcow2 'write -P 8 600k 100k' 'write -P 9 4M 1k'
truth middle
truth chain

# Snapshots: the disk grew after the first; the second has its own content.
create snapshots.qcow2 2M
io snapshots.qcow2 'write -P 1 0 200k'
qemu-img snapshot -c first snapshots.qcow2
qemu-img resize -q snapshots.qcow2 3M
io snapshots.qcow2 'write -P 2 100k 200k' 'write -P 3 2500k 10k'
qemu-img snapshot -c 'second one' snapshots.qcow2
io snapshots.qcow2 'write -P 4 150k 10k' 'write -z 1M 64k'
truth snapshots
snapshot snapshots 1 snapshots-first
snapshot snapshots 2 snapshots-second
# Its table of snapshots is the last thing in the file, and QEMU leaves the padding of the last entry out.
create snapshot-at-end.qcow2 1M
qemu-img snapshot -c monday snapshot-at-end.qcow2

# Subclusters, over a backing file so that unallocated ones are not zeros.
create -o extended_l2=on -b base.img -F raw extended.qcow2 3M
io extended.qcow2 'write -P 1 10k 1k' 'write -P 2 64k 6k' 'write -z 80k 4k' 'write -P 3 192k 64k' 'write -z 256k 64k' \
	'write -P 4 300k 300k' 'write -P 5 2M 2k' 'write -z 400k 10k'
truth extended
create -o extended_l2=on,cluster_size=16k extended16k.qcow2 1M
io extended16k.qcow2 'write -P 1 1k 1k' 'write -P 2 20000 60000' 'write -z 32k 5k'
truth extended16k

# An external data file, and one that is a raw image by itself.
create -o data_file=outside.data outside.qcow2 1M
io outside.qcow2 'write -P 1 512k 64k' 'write -P 2 0 64k' 'write -z 512k 8k'
truth outside
create -o data_file=outside-raw.data,data_file_raw=on outside-raw.qcow2 1M
io outside-raw.qcow2 'write -P 1 512k 64k' 'write -P 2 10k 1k'
truth outside-raw

# Metadata for clusters that were never written.
create -o preallocation=metadata preallocated.qcow2 1M
truth preallocated

# The dirty bit stays when the writer dies.
create -o lazy_refcounts=on dirty.qcow2 1M
qemu-io -c 'write -P 1 64k 64k' -c 'sigraise 9' dirty.qcow2 >/dev/null 2>&1 || true
cp dirty.qcow2 dirty-copy.qcow2
qemu-img convert -O raw dirty-copy.qcow2 dirty.raw

# Encrypted images are recognised by their header: the key material behind it is left out.
secret="--object secret,id=s,data=secret"
create $secret -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=300 luks.qcow2 1M
create $secret -o encrypt.format=aes,encrypt.key-secret=s aes.qcow2 1M 2>/dev/null
truncate -s 64k luks.qcow2

rm -f source.raw dirty-copy.qcow2 "$out"/*.gz
sha256sum *.raw | sed 's/\.raw$//' >"$out/SHA256SUMS"
while read -r digest name; do gzip -n9 <"$name.raw" >"$out/$(echo "$digest" | cut -c1-12).raw.gz"; done <"$out/SHA256SUMS"
for f in base.img *.qcow2 *.data; do gzip -n9 <"$f" >"$out/$f.gz"; done
