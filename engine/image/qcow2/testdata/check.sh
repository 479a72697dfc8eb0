#!/bin/sh
# Makes the images of check_test.go with qemu-img and qemu-io.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

io() { # IMAGE COMMAND...
	image=$1
	shift
	for c; do qemu-io -f qcow2 -c "$c" "$image" >/dev/null; done
}

base() { # NAME OPTIONS
	qemu-img create -q -f qcow2 -o "$2" "$work/$1" 2M
	io "$work/$1" 'write -P 1 0 256k' 'write -P 2 512k 128k' 'write -z 1M 64k'
	[ "$3" = no ] || io "$work/$1" 'write -c -P 3 1536k 64k' 'write -c -P 4 1600k 64k'
	gzip -9n <"$work/$1" >"check-$1.qcow2.gz"
}

base plain cluster_size=64k yes
base extended cluster_size=64k,extended_l2=on yes
base version2 cluster_size=4k,compat=0.10 no
base bits1 cluster_size=4k,refcount_bits=1 no
base bits64 cluster_size=4k,refcount_bits=64 no

qemu-img create -q -f qcow2 -o cluster_size=4k "$work/states" 2M
io "$work/states" 'write -P 1 0 64k' 'write -P 2 1M 64k'
qemu-img snapshot -c one "$work/states"
io "$work/states" 'write -P 3 32k 64k'
qemu-img snapshot -c two "$work/states"
io "$work/states" 'write -P 4 0 4k' 'write -P 5 1536k 4k'
qemu-img bitmap --add -g 4k "$work/states" changed
io "$work/states" 'write -P 6 4k 4k'
gzip -9n <"$work/states" >check-states.qcow2.gz

qemu-img create -q -f qcow2 -o cluster_size=512 "$work/tiny" 64k
io "$work/tiny" 'write -P 1 0 2k' 'write -c -P 3 8k 512'
qemu-img snapshot -c one "$work/tiny"
io "$work/tiny" 'write -P 3 1k 2k'
gzip -9n <"$work/tiny" >check-tiny.qcow2.gz
