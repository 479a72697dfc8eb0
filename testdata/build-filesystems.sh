#!/bin/bash
# Builds debian12-xfs.raw and debian12-btrfs.raw for `make images`, after build-debian.sh: the Debian system of debian12.raw, on another
# file system, written by the kernel. The file system has the identifier that the guest's fstab names. This one script mounts: it
# needs root, loop devices and a kernel with both file systems. Where these are missing it makes nothing, says so, and leaves the reason
# in filesystems-left-out, so that tests know. A second run does nothing unless something changed.
set -euo pipefail
. "$(dirname "$0")/debian.sh"

[[ -f $tarball ]] || { say "no $tarball: run build-debian.sh first" && exit 1; }
stamp=$(cat "$here/build-filesystems.sh" "$here/debian.sh" "$tarball.recipe" | sha256sum | cut -d' ' -f1)
if [[ $(cat "$out/stamp-filesystems" 2>/dev/null) == "$stamp" ]]; then
	say "the disks with other file systems in $out are up to date"
	exit
fi

# format FILE TYPE: makes the file system in it
format() {
	case $2 in
	xfs) mkfs.xfs -q -m "uuid=$root_uuid" -L root "$1" ;;
	btrfs) mkfs.btrfs -q -U "$root_uuid" -L root "$1" >&2 ;;
	esac
}

# options TYPE: of its mount
options() {
	case $1 in
	btrfs) echo loop,compress=zstd ;;
	*) echo loop ;;
	esac
}

# fill FILE TYPE DIR: unpacks the tree into the file system, in a mount namespace of its own, so that nothing stays mounted
fill() {
	unshare -m bash -euc '
		mount -t "$2" -o "$4" "$1" "$3"
		tar -C "$3" --numeric-owner --xattrs "--xattrs-include=*" -xpf "$5"
		umount "$3"' fill "$1" "$2" "$3" "$(options "$2")" "$tarball"
}

# assemble TYPE: a raw disk that has it as its second partition, as that of debian.sh
assemble() {
	local disk=$out/debian12-$1.raw root=$work/$1
	say "making $disk"
	truncate -s 2G "$root"
	format "$root" "$1"
	fill "$root" "$1" "$work/mount"
	rm -f "$disk" && truncate -s 2052M "$disk"
	sgdisk -U 1c0ffee0-0000-4000-a000-000000000012 \
		-n 1:2048:+1M -t 1:ef02 -u 1:1c0ffee0-0000-4000-9000-000000000121 \
		-n 2:4096:+2G -t 2:8304 -u 2:1c0ffee0-0000-4000-9000-000000000122 "$disk" >/dev/null
	dd if="$root" of="$disk" bs=1M seek=2 conv=notrunc,sparse status=none
	rm "$root"
}

# leave_out REASON: ends the script
leave_out() {
	say "$1: the disks with other file systems are left out"
	echo "$1" >"$out/filesystems-left-out"
	exit
}

need
rm -f "$out"/{stamp-filesystems,filesystems-left-out,debian12-xfs.raw,debian12-btrfs.raw}
[[ $(id -u) == 0 ]] || leave_out "not root"
missing=()
for pair in mkfs.xfs:xfsprogs mkfs.btrfs:btrfs-progs; do
	command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}")
done
if ((${#missing[@]})); then
	say "installing ${missing[*]}"
	apt-get -qq update
	DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "${missing[@]}" >/dev/null
fi
work=$build/work-filesystems
rm -rf "$work" && mkdir -p "$work/mount"
trap 'rm -rf "$work"' EXIT
for type in xfs btrfs; do
	modprobe -q "$type" 2>/dev/null || true
	grep -qw "$type" /proc/filesystems && losetup -f >/dev/null 2>&1 || leave_out "this kernel mounts no $type from a file"
done
for type in xfs btrfs; do assemble "$type"; done
echo "$stamp" >"$out/stamp-filesystems"
