# Shared by the scripts that build disks from the Debian tree: source it. Paths, identifiers, and the making of a disk.
# shellcheck shell=bash
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(dirname "$here")/build
out=$build/images
tarball=$build/cache/debian12.tar
export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=1761955200 # 2025-11-01

root_uuid=1c0ffee0-0000-4000-8000-000000000012

say() { echo "${0##*/}: $*" >&2; }

# root COMMAND...: runs it as root, or as what looks like root to it
root() {
	if [[ $(id -u) == 0 ]]; then "$@"; else fakeroot "$@"; fi
}

# need: the tools of the scripts; as root it installs what is missing and says so
need() {
	local missing=()
	local pair
	for pair in mmdebstrap:mmdebstrap mke2fs:e2fsprogs sgdisk:gdisk qemu-img:qemu-utils dpkg-query:dpkg fakeroot:fakeroot; do
		command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}")
	done
	((${#missing[@]})) || return 0
	if [[ $(id -u) != 0 ]]; then
		say "missing: apt-get install ${missing[*]}"
		exit 1
	fi
	say "installing ${missing[*]}"
	apt-get -qq update
	DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "${missing[@]}" >/dev/null
}

# unpack TREE: the Debian tree, as mmdebstrap made it
unpack() {
	local xattrs=(--xattrs '--xattrs-include=*')
	if [[ -n ${FAKEROOTKEY-} ]]; then # it forgets the type of a file that gets an attribute
		say "not root: file capabilities are left out"
		xattrs=()
	fi
	say "unpacking $1"
	mkdir -p "$1"
	tar -C "$1" --numeric-owner "${xattrs[@]}" -xpf "$tarball"
}

# le N BYTES: N as little-endian bytes
le() {
	local n=$1 i
	for ((i = 0; i < $2; i++)); do
		printf "\\x$(printf %02x $((n & 255)))"
		n=$((n >> 8))
	done
}

# poke FILE OFFSET: writes stdin there
poke() { dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

# boot DISK TREE: GRUB for BIOS, as grub-install leaves it: boot.img in the MBR, core.img in the bios_boot partition
boot() {
	local disk=$1 grub=$2/boot/grub/i386-pc first=2048 sectors
	head -c 440 "$grub/boot.img" | poke "$disk" 0
	le $first 8 | poke "$disk" $((0x5c))
	printf '\x90\x90' | poke "$disk" $((0x66)) # believe the BIOS about the drive number
	sectors=$((($(stat -c %s "$grub/core.img") + 511) / 512))
	dd if="$grub/core.img" of="$disk" bs=512 seek=$first conv=notrunc status=none
	{ le $((first + 1)) 8 && le $((sectors - 1)) 2 && le $((0x820)) 2; } | poke "$disk" $((first * 512 + 0x1f4))
}

# disk TREE FILE: a raw disk that starts and has the tree as its root, on GPT
disk() {
	local tree=$1 disk=$2
	say "making $disk"
	rm -f "$disk" "$disk.root" && truncate -s 2G "$disk.root"
	E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH mke2fs -qF -t ext4 -U "$root_uuid" -E hash_seed="$root_uuid" -L root \
		-d "$tree" "$disk.root"
	truncate -s 2052M "$disk"
	sgdisk -U 1c0ffee0-0000-4000-a000-000000000012 \
		-n 1:2048:+1M -t 1:ef02 -u 1:1c0ffee0-0000-4000-9000-000000000121 \
		-n 2:4096:+2G -t 2:8304 -u 2:1c0ffee0-0000-4000-9000-000000000122 "$disk" >/dev/null
	dd if="$disk.root" of="$disk" bs=1M seek=2 conv=notrunc,sparse status=none
	rm "$disk.root"
	boot "$disk" "$tree"
}

# packages TREE: what dpkg-query says of every package, one a line
packages() {
	dpkg-query --admindir="$1/var/lib/dpkg" -W \
		-f '${Package}\t${Version}\t${Architecture}\t${db:Status-Want} ${db:Status-Eflag} ${db:Status-Status}\t${Provides}\n'
}
