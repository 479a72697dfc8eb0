# What the recipes of damaged disks are made with: source it. $disk is the raw disk to be damaged, $image the file of the container
# where that is damaged instead. Everything is done by e2fsprogs, gdisk, util-linux, qemu-utils and dd.
# shellcheck shell=bash
part=$((4096 * 512)) # offset of the root partition in bytes
block=4096           # bytes of a block of its file system
core=$((2048 * 512)) # offset of GRUB's core image

# fs COMMAND...: runs commands of debugfs on the root file system; anything it complains about is an error
fs() {
	local out
	out=$(printf '%s\n' "$@" | debugfs -w -f - "$disk?offset=$part" 2>&1 >/dev/null | grep -v '^debugfs 1\.' || true)
	[[ -z $out ]] || { say "debugfs: $out" && return 1; }
}

# ask COMMAND: what debugfs answers
ask() { debugfs -R "$1" "$disk?offset=$part" 2>/dev/null; }

# cat_file PATH: the content of a file of the guest
cat_file() { ask "cat $1"; }

# put PATH MODE: a new file from stdin; one that is there is replaced
put() {
	cat >"$scratch/put"
	chmod 644 "$scratch/put"
	[[ $(ask "stat $1") != Inode:* ]] || fs "rm $1"
	fs "cd $(dirname "$1")" "write $scratch/put $(basename "$1")" "sif $(basename "$1") mode 0100$2"
}

# mode PATH: the permissions of a file, in four digits
mode() { ask "stat $1" | sed -n 's/.*Mode:  *\(0[0-7]*\).*/\1/p' | head -n 1; }

# edit PATH COMMAND...: a file's content as the command makes it from stdin
edit() {
	local path=$1 perm
	shift
	perm=$(mode "$path")
	cat_file "$path" >"$scratch/before"
	"$@" <"$scratch/before" >"$scratch/after"
	! cmp -s "$scratch/before" "$scratch/after" || { say "$path: nothing was changed" && return 1; }
	put "$path" "${perm#0}" <"$scratch/after"
}

remove() { fs "rm $1"; }

# forget PATH: takes away a directory's name, with everything below
forget() { fs "unlink $1"; }

zeros() { head -c "$1" /dev/zero; }

# zero FILE OFFSET BYTES
zero() { dd if=/dev/zero of="$1" bs=512 seek=$(($2 / 512)) count=$(($3 / 512)) conv=notrunc status=none; }

# garbage BYTES: the same every time
garbage() {
	(set +o pipefail && yes 'what the medium gave back instead' | head -c "$1")
}

# at PATH [BLOCK]: offset on the disk of a block of a file
at() {
	local n
	n=$(ask "bmap $1 ${2-0}")
	((n > 0)) || { say "$1: no block ${2-0}" && return 1; }
	echo $((part + n * block))
}

# zero_block PATH [BLOCK]: zeros over a block of a file or directory
zero_block() { zero "$disk" "$(at "$@")" $block; }

# flip FILE OFFSET: turns the bits of a byte around
flip() {
	local b
	b=$(od -An -tu1 -j "$2" -N 1 "$1")
	printf "\\x$(printf %02x $((b ^ 0xff)))" | poke "$1" "$2"
}

# inode PATH: where it lies on the disk
inode() {
	local located b o
	located=$(ask "imap $1")
	b=$(sed -n 's/.*located at block \([0-9]*\), offset.*/\1/p' <<<"$located")
	o=$(sed -n 's/.*offset \(0x[0-9a-f]*\).*/\1/p' <<<"$located")
	echo $((part + b * block + o))
}

# be FILE OFFSET BYTES: a big-endian number of a qcow2 image
be() { echo $((16#$(od -An -v -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'))); }

# put_be FILE OFFSET BYTES VALUE
put_be() {
	local i out=
	for ((i = $3 - 1; i >= 0; i--)); do
		out+="\\x$(printf %02x $((($4 >> (8 * i)) & 255)))"
	done
	printf "$out" | poke "$1" "$2"
}

# l2 FILE N: offset of the Nth L2 table
l2() {
	local l1
	l1=$(be "$1" 40 8)
	echo $(($(be "$1" $((l1 + 8 * $2)) 8) & 0x00fffffffffffe00))
}

# entry FILE OFFSET: where the L2 entry is that maps an offset of the guest's disk, in clusters of 64 KiB
entry() {
	local n=$(($2 >> 16))
	echo $(($(l2 "$1" $((n >> 13))) + 8 * (n & 8191)))
}

# cluster FILE OFFSET: where the compressed cluster lies that holds an offset of the guest's disk
cluster() { echo $(($(be "$1" "$(entry "$1" "$2")" 8) & ((1 << 54) - 1))); }
