#!/bin/bash
# Makes the live images of testdata/live from the tree of guests/debian12, as the tools of the distributions lay them out. Needs root (for
# owners), squashfs-tools, erofs-utils, xorriso, isolinux (for its boot sector), e2fsprogs, dosfstools, mtools, fdisk, libcap2-bin and tzdata, and
# a kernel with overlayfs, which writes what the system with persistence wrote; no network. The tests need only what is committed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C TZ=UTC
export SOURCE_DATE_EPOCH=1761955200 # 2025-11-01
export E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH
umask 022
work=$(mktemp -d /var/tmp/live-images.XXXXXX)
clean() {
	for dir in merged medium low; do
		while mountpoint -q "$work/$dir"; do umount "$work/$dir"; done
	done
	rm -rf "$work"
}
trap clean EXIT
live=$here/live
mkdir -p "$live"
source "$here/stage.sh"

# --- the tree of a live system

tree=$work/tree
stage_debian "$tree"
printf 'overlay / overlay rw 0 0\ntmpfs /tmp tmpfs nosuid,nodev 0 0\n' >"$tree/etc/fstab"
while read -r path mode uid gid; do
	[[ $path == /* && -e $tree$path ]] || continue
	chown -h "$uid:$gid" "$tree$path"
	chmod "$mode" "$tree$path"
done <"$here/guests/debian12.modes"
mknod "$tree/dev/null" c 1 3
mkfifo "$tree/run/initctl"
setcap cap_net_raw+ep "$tree/usr/bin/ping"
old() { find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +; }
old "$tree"

squash() { # DIR FILE options...
	mkdir -p "$(dirname "$2")"
	mksquashfs "$1" "$2" -noappend -quiet -no-progress -processors 1 -comp xz "${@:3}"
}

disc() { # NAME DIR LABEL options...
	old "$2"
	xorriso -no_rc -as mkisofs -quiet -R -J -joliet-long -V "$3" -o "$work/$1.iso" "${@:4}" "$2"
	gzip -9nc "$work/$1.iso" >"$live/$1.iso.gz"
}

ext4() { # FILE SIZE LABEL DIR
	rm -f "$1" && truncate -s "$2" "$1"
	mke2fs -qF -t ext4 -b 1024 -I 256 -m 0 -O ^has_journal,^resize_inode -U 1c0ffee0-0000-4000-8000-000000000030 -L "$3" \
		-E hash_seed=1c0ffee0-0000-4000-8000-000000000030,root_owner=0:0 -d "$4" "$1"
}

# --- Debian: one squashfs, on a disc that is a disk with partitions, too

debian=$work/debian
squash "$tree" "$debian/live/filesystem.squashfs"
cp /usr/lib/ISOLINUX/isolinux.bin "$debian/boot.bin"
echo kernel >"$debian/live/vmlinuz"
disc debian "$debian" d-live -isohybrid-mbr /usr/lib/ISOLINUX/isohdpfx.bin -partition_offset 16 -c boot.cat -b boot.bin -no-emul-boot \
	-boot-load-size 4 -boot-info-table

# --- Ubuntu: three layers, the upper two with what changes, and one that is not of the live system

layer() { # NAME: what the layer holds over those below
	local dir=$work/layer-$1
	mkdir -p "$dir/etc" && cat >"$dir/etc/$1"
	rm -f "$dir/etc/$1.removed"
	echo "$dir"
}
ubuntu=$work/ubuntu/casper
squash "$tree" "$ubuntu/minimal.squashfs"
standard=$(echo standard | layer standard)
mknod "$standard/etc/motd" c 0 0
mkdir "$standard/etc/cron.d" && setfattr -n trusted.overlay.opaque -v y "$standard/etc/cron.d"
echo 'standard' >"$standard/etc/issue"
old "$standard"
squash "$standard" "$ubuntu/minimal.standard.squashfs"
session=$(echo live | layer live)
echo 'live' >"$session/etc/issue"
echo 'ubuntu-live' >"$session/etc/hostname"
old "$session"
squash "$session" "$ubuntu/minimal.standard.live.squashfs"
other=$(echo german | layer german)
squash "$other" "$ubuntu/minimal.de.squashfs"
disc ubuntu "$work/ubuntu" UBUNTU

# --- Fedora: ext4 in squashfs, and newer, the tree itself

ext4 "$work/rootfs.img" 12M "" "$tree"
mkdir -p "$work/nested/LiveOS"
cp --sparse=always "$work/rootfs.img" "$work/nested/LiveOS/rootfs.img"
squash "$work/nested" "$work/fedora/LiveOS/squashfs.img"
disc fedora "$work/fedora" Fedora-WS-Live

# --- Arch Linux: the tree as EROFS

mkdir -p "$work/arch/arch/x86_64"
mkfs.erofs --quiet -zlz4hc -T"$SOURCE_DATE_EPOCH" -U 1c0ffee0-0000-4000-8000-000000000032 "$work/arch/arch/x86_64/airootfs.erofs" "$tree"
disc arch "$work/arch" ARCH_202511

# --- Debian on a stick, with what it wrote

stick=$work/stick.img
truncate -s 24M "$stick"
sfdisk -q --no-reread "$stick" <<-END
	label: dos
	label-id: 0xc0ffee30
	start=2048, size=16384, type=c, bootable
	start=20480, size=12288, type=83
END
mkfs.vfat -i c0ffee30 -n DEBIAN -C "$work/fat.img" 8192 >/dev/null
mmd -i "$work/fat.img" ::/live
mcopy -i "$work/fat.img" "$debian/live/filesystem.squashfs" ::/live/filesystem.squashfs
mkdir "$work/wrote" "$work/low" "$work/medium" "$work/merged"
printf '# kept\n/ union\n/home bind\n/srv union,source=data\n/opt link\n/nowhere bind\n' >"$work/wrote/persistence.conf"
mkdir -p "$work"/wrote/{rw,work,home/eve,data/rw,opt}
echo eve >"$work/wrote/home/eve/hello"
echo kept >"$work/wrote/data/rw/kept"
ext4 "$work/persistence.img" 6M persistence "$work/wrote"
mount -o loop,ro "$debian/live/filesystem.squashfs" "$work/low"
mount -o loop "$work/persistence.img" "$work/medium"
mount -t overlay overlay -o "lowerdir=$work/low,upperdir=$work/medium/rw,workdir=$work/medium/work,redirect_dir=on" "$work/merged"
echo stick >"$work/merged/etc/hostname"
rm "$work/merged/etc/motd"
mv "$work/merged/var/www" "$work/merged/var/web" 2>/dev/null || mv "$work/merged/usr/share/zoneinfo/Europe" "$work/merged/usr/share/zoneinfo/Kept"
umount "$work/merged" "$work/medium" "$work/low"
dd if="$work/fat.img" of="$stick" bs=512 seek=2048 conv=notrunc,sparse status=none
dd if="$work/persistence.img" of="$stick" bs=512 seek=20480 conv=notrunc,sparse status=none
gzip -9nc "$stick" >"$live/stick.img.gz"

# --- OpenWrt: what it writes lies behind its squashfs, on the same partition

wrt=$work/wrt
mkdir -p "$wrt"/{etc/config,overlay,rom,tmp,usr/lib}
printf "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='23.05.5'\n" >"$wrt/etc/openwrt_release"
printf 'NAME="OpenWrt"\nVERSION="23.05.5"\nID="openwrt"\nPRETTY_NAME="OpenWrt 23.05.5"\n' >"$wrt/usr/lib/os-release"
ln -s ../usr/lib/os-release "$wrt/etc/os-release"
echo "config system" >"$wrt/etc/config/system"
echo 'root:x:0:0:root:/root:/bin/ash' >"$wrt/etc/passwd"
mkdir -p "$work"/wrote-wrt/{upper/etc/config,work}
echo "config system changed" >"$work/wrote-wrt/upper/etc/config/system"
old "$wrt" && old "$work/wrote-wrt"
squash "$wrt" "$work/wrt.squashfs"
ext4 "$work/wrt.ext4" 1M rootfs_data "$work/wrote-wrt"
router=$work/openwrt.img
truncate -s 3M "$router"
sfdisk -q --no-reread "$router" <<-END
	label: dos
	label-id: 0xc0ffee31
	start=512, size=512, type=83, bootable
	start=2048, size=4096, type=83
END
dd if="$work/wrt.squashfs" of="$router" bs=512 seek=2048 conv=notrunc status=none
dd if="$work/wrt.ext4" of="$router" bs=512 seek=$((2048 + 128)) conv=notrunc,sparse status=none # 64 KiB behind its begin
gzip -9nc "$router" >"$live/openwrt.img.gz"
ls -l "$live"
