#!/bin/bash
# Builds debian12-uefi.qcow2 for `make images`, after build-debian.sh: the Debian system as its installer leaves it on a machine whose
# firmware is UEFI, with shim and the signed GRUB on an EFI system partition, and again where firmware looks that knows nothing of the
# disk. It is without PostgreSQL, to be small. Packages come from the archive that build-debian.sh asks. A second run does nothing unless
# something changed. Root, or fakeroot and user namespaces, as build-debian.sh; nothing is mounted.
set -euo pipefail
. "$(dirname "$0")/debian.sh"

esp_mib=64 esp_id=1C0FFEE1 # the serial number of the FAT
root_mib=1280
grub_dir=boot/grub/x86_64-efi

# customize ROOT: runs at the end of mmdebstrap, in the tree that the disk was made of
customize() {
	local root=$1
	export DEBIAN_FRONTEND=noninteractive
	chroot "$root" apt-get -qq update
	chroot "$root" apt-get -qq purge 'postgresql*' libllvm14 grub-pc-bin
	mv "$root/boot/grub/grub.cfg" "$root/boot/grub.cfg" # with a menu, the package asks for disks that do not exist yet
	chroot "$root" apt-get -qq install --no-install-recommends grub-efi-amd64 grub-efi-amd64-signed shim-signed
	mv "$root/boot/grub.cfg" "$root/boot/grub/grub.cfg"
	chroot "$root" apt-get -qq autoremove --purge
	rm -rf "$root/boot/grub/i386-pc" "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb
	find "$root/var/lib/apt/lists" -type f -delete
	# what grub-install writes to /boot/grub; it cannot run here, since it asks for the disks, too
	mkdir -p "$root/$grub_dir" "$root/boot/grub/fonts" "$root/boot/efi"
	cp "$root"/usr/lib/grub/x86_64-efi/*.{mod,lst} "$root/$grub_dir/"
	cp "$root/usr/share/grub/unicode.pf2" "$root/boot/grub/fonts/"
	printf "search.fs_uuid %s root hd0,gpt2 \nset prefix=(\$root)'/boot/grub'\n" "$root_uuid" >"$root/$grub_dir/load.cfg"
	chroot "$root" grub-mkimage -O x86_64-efi -p /boot/grub -c "/$grub_dir/load.cfg" -o "/$grub_dir/core.efi" ext2 part_gpt search_fs_uuid
	cp "$root/$grub_dir/core.efi" "$root/$grub_dir/grub.efi"
	echo "UUID=${esp_id::4}-${esp_id:4} /boot/efi vfat umask=0077 0 1" >>"$root/etc/fstab"
}
if [[ ${1-} == customize ]]; then
	customize "$2"
	exit
fi

[[ -f $tarball ]] || { say "no $tarball: run build-debian.sh first" && exit 1; }
stamp=$(cat "$here/build-uefi.sh" "$here/debian.sh" "$tarball.recipe" | sha256sum | cut -d' ' -f1)
if [[ $(cat "$out/stamp-uefi" 2>/dev/null) == "$stamp" ]]; then
	say "the UEFI disk in $out is up to date"
	exit
fi

# esp TREE DIR: what grub-install --uefi-secure-boot --force-extra-removable writes to the EFI system partition and, since it also tells
# the firmware, beside it: shim then starts fbx64.efi first, which reads BOOTX64.CSV
esp() {
	local tree=$1 debian=$2/EFI/debian removable=$2/EFI/BOOT shim=$1/usr/lib/shim
	mkdir -p "$debian" "$removable"
	cp "$shim/shimx64.efi.signed" "$debian/shimx64.efi"
	cp "$tree/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" "$debian/grubx64.efi"
	cp "$shim/mmx64.efi.signed" "$debian/mmx64.efi"
	cp "$shim/fbx64.efi.signed" "$debian/fbx64.efi"
	cp "$shim/BOOTX64.CSV" "$debian/"
	cp "$debian"/{grub,mm,fb}x64.efi "$removable/"
	cp "$debian/shimx64.efi" "$removable/BOOTX64.EFI"
	{ cat "$tree/$grub_dir/load.cfg" && echo 'configfile $prefix/grub.cfg'; } >"$debian/grub.cfg"
	find "$2" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
}

# fat_tools: what makes a FAT without a mount; as root it installs them
fat_tools() {
	[[ $(type -P mkfs.vfat mcopy | wc -l) == 2 ]] && return
	say "missing: apt-get install dosfstools mtools"
	[[ $(id -u) == 0 ]] || exit 1
	DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends dosfstools mtools >/dev/null
}

# uefi_disk TREE FILE: a raw disk with an EFI system partition and the tree as its root, on GPT
uefi_disk() {
	local tree=$1 disk=$2
	say "making $disk"
	esp "$tree" "$disk.efi"
	truncate -s "${esp_mib}M" "$disk.esp"
	mkfs.vfat -F 32 -i "$esp_id" "$disk.esp" >/dev/null
	mmd -i "$disk.esp" ::EFI ::EFI/BOOT ::EFI/debian
	mcopy -i "$disk.esp" -m "$disk.efi/EFI/BOOT"/* ::EFI/BOOT
	mcopy -i "$disk.esp" -m "$disk.efi/EFI/debian"/* ::EFI/debian
	truncate -s "${root_mib}M" "$disk.root"
	E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH mke2fs -qF -t ext4 -U "$root_uuid" -E hash_seed="$root_uuid" -L root -d "$tree" "$disk.root"
	truncate -s "$((1 + esp_mib + root_mib + 1))M" "$disk"
	sgdisk -U 1c0ffee0-0000-4000-a000-000000000013 \
		-n "1:2048:+${esp_mib}M" -t 1:ef00 -u 1:1c0ffee0-0000-4000-9000-000000000131 \
		-n "2:0:+${root_mib}M" -t 2:8304 -u 2:1c0ffee0-0000-4000-9000-000000000132 "$disk" >/dev/null
	dd if="$disk.esp" of="$disk" bs=1M seek=1 conv=notrunc,sparse status=none
	dd if="$disk.root" of="$disk" bs=1M seek=$((1 + esp_mib)) conv=notrunc,sparse status=none
}

assemble() {
	local work=$build/work-uefi
	trap 'rm -rf "$build/work-uefi"' EXIT
	tarball=$work/uefi.tar unpack "$work/tree"
	uefi_disk "$work/tree" "$work/disk.raw"
	say "converting"
	qemu-img convert -O qcow2 "$work/disk.raw" "$out/debian12-uefi.qcow2"
	echo "$stamp" >"$out/stamp-uefi"
}
if [[ ${1-} == assemble ]]; then
	assemble
	exit
fi

need
fat_tools
rm -rf "$build/work-uefi" "$out/stamp-uefi" && mkdir -p "$build/work-uefi" "$out"
say "installing shim and GRUB for UEFI into the tree of debian12"
mmdebstrap --quiet --format=tar --variant=custom --skip=setup,update,cleanup \
	--setup-hook="tar -C \"\$1\" --numeric-owner --xattrs '--xattrs-include=*' -xpf '$tarball'" \
	--customize-hook="'$here/build-uefi.sh' customize \"\$1\"" bookworm "$build/work-uefi/uefi.tar"
root "$here/build-uefi.sh" assemble
