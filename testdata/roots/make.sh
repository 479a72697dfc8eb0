#!/bin/bash
# Makes the images of this folder, on each of which one file system holds several roots, from the trees of testdata/guests: formatted by
# mkfs.btrfs and mkfs.ext4, filled by the kernel, with the metadata that snapper and timeshift write, and by ostree itself. Beside them
# stands what `btrfs subvolume list` and `ostree admin status` say. Times are those of the making: Btrfs takes no others.
#
#   ubuntu        @ and @home, mounted by subvol=; two snapshots of timeshift
#   suse          the default subvolume is one below @/.snapshots; three snapshots of snapper
#   fedora        root and home, /boot on ext4 with entries that name root; an older root that can be written to
#   arch          mounted by subvolid=, the top at /mnt/top; a subvolume in @; damaged lines of fstab
#   booted        the menu of @, which is the default subvolume, starts @new, a snapshot of it
#   received      snapshots alone, as a disk for backups has them
#   timeshift     ext4, with a snapshot of timeshift that rsync made
#   ostree        ext4, with two deployments
#
# Needs root, btrfs-progs, e2fsprogs, gdisk, qemu-utils, ostree, and a kernel with Btrfs. The tests need only what is committed here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
guests=$here/../guests
export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C TZ=UTC
umask 022
work=$(mktemp -d /var/tmp/roots.XXXXXX)
mnt=$work/mnt
trap 'umount "$mnt" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir "$mnt"
wanted=("$@")

want() { [[ ${#wanted[@]} -eq 0 || " ${wanted[*]} " == *" $1 "* ]] || return 1; echo "== $1"; }
uuid() { printf '1c0ffee0-0000-4000-%s-%012d' "$1" "$2"; }

format() { # NAME NUMBER
	truncate -s 112M "$work/$1.fs"
	mkfs.btrfs -q -K -m single -U "$(uuid b000 "$2")" -L "$1" "$work/$1.fs"
	mount -o loop,noatime,compress=zstd "$work/$1.fs" "$mnt"
}

# finish NAME [BOOT]: the truth, and the file system as the second partition of a disk whose first is BOOT
finish() {
	btrfs subvolume list -apuq --sort=rootid "$mnt" | sed 's|<FS_TREE>/||' >"$here/$1.truth"
	btrfs subvolume get-default "$mnt" >>"$here/$1.truth"
	sync -f "$mnt"
	umount "$mnt"
	disk "$@"
}

disk() {
	local disk=$work/$1.img size
	size=$(stat -c %s "$work/$1.fs")
	truncate -s $((size + (34 << 20))) "$disk"
	sgdisk -U "$(uuid a000 0)" -n 1:2048:+16M -u "1:$(uuid 9000 1)" -n "2:40960:+$((size / 1024))K" -u "2:$(uuid 9000 2)" "$disk" >/dev/null
	dd if="$work/$1.fs" of="$disk" bs=1M seek=20 conv=notrunc,sparse status=none
	[[ -z ${2-} ]] || dd if="$2" of="$disk" bs=1M seek=1 conv=notrunc,sparse status=none
	qemu-img convert -O qcow2 -c -o cluster_size=16k,compat=1.1,compression_type=zstd "$disk" "$here/$1.qcow2"
	rm "$disk" "$work/$1.fs"
}

# debian TREE FSTAB OPTIONS: the sample guest with a menu that tells its kernel OPTIONS
debian() {
	cp -r "$guests/debian12/." "$1"
	mkdir -p "$1"/{dev,proc,sys,run,tmp,mnt}
	ln -s ../usr/lib/os-release "$1/etc/os-release"
	printf '%s\n' "$2" >"$1/etc/fstab"
	sed -i "s|root=UUID=[^ ]*|$3|" "$1/boot/grub/grub.cfg"
}

rocky() {
	cp -r "$guests/rocky9/." "$1"
	mkdir -p "$1"/{dev,proc,sys,run,tmp,home}
	ln -s ../usr/lib/os-release "$1/etc/os-release"
	printf '%s\n' "$2" >"$1/etc/fstab"
}

permit() { sed -i "s|^PermitRootLogin.*|PermitRootLogin $2|" "$1/etc/ssh/sshd_config"; }

if want ubuntu; then
	format ubuntu 1
	id=UUID=$(uuid b000 1)
	btrfs -q subvolume create "$mnt/@"
	btrfs -q subvolume create "$mnt/@home"
	debian "$mnt/@" "$id / btrfs defaults,subvol=@ 0 1
$id /home btrfs defaults,subvol=@home 0 2" "root=$id ro rootflags=subvol=@"
	mv "$mnt/@/home/ana" "$mnt/@home/"
	mkdir -p "$mnt"/timeshift-btrfs/snapshots/2025-10-0{1,2}_10-00-01 "$mnt/@/run/timeshift"
	shot() { # DATE SECONDS TAGS COMMENT
		local dir=$mnt/timeshift-btrfs/snapshots/$1
		btrfs -q subvolume snapshot "$mnt/@" "$dir/@"
		btrfs -q subvolume snapshot "$mnt/@home" "$dir/@home"
		cat >"$dir/info.json" <<-END
			{
			  "created" : "$2",
			  "sys-uuid" : "$(uuid b000 1)",
			  "sys-distro" : "Debian GNU/Linux 12 (bookworm)",
			  "app-version" : "22.11.2",
			  "file_count" : "0",
			  "tags" : "$3",
			  "comments" : "$4",
			  "live" : "false",
			  "type" : "btrfs",
			  "cryptdevice" : "",
			  "subvolumes" : [
			    {"name" : "@", "subvolume_name" : "timeshift-btrfs/snapshots/$1/@"},
			    {"name" : "@home", "subvolume_name" : "timeshift-btrfs/snapshots/$1/@home"}
			  ]
			}
		END
	}
	shot 2025-10-01_10-00-01 1759312801 daily ""
	permit "$mnt/@" yes
	shot 2025-10-02_10-00-01 1759399201 "ondemand " "before the upgrade"
	echo later >"$mnt/@home/ana/later"
	finish ubuntu
fi

if want suse; then
	format suse 2
	id=UUID=$(uuid b000 2)
	for v in @ @/.snapshots @/home @/var; do btrfs -q subvolume create "$mnt/$v"; done
	mkdir "$mnt/@/.snapshots/1"
	btrfs -q subvolume create "$mnt/@/.snapshots/1/snapshot"
	root=$mnt/@/.snapshots/1/snapshot
	debian "$root" "$id / btrfs defaults 0 0
$id /var btrfs subvol=/@/var 0 0
$id /home btrfs subvol=/@/home 0 0
$id /.snapshots btrfs subvol=/@/.snapshots 0 0" "root=$id ro"
	cp -r "$root/var/." "$mnt/@/var" && rm -r "$root/var" && mkdir "$root/var" "$root/.snapshots"
	mv "$root/home/ana" "$mnt/@/home/"
	info() { # NUMBER TYPE DATE DESCRIPTION MORE
		mkdir -p "$mnt/@/.snapshots/$1"
		cat >"$mnt/@/.snapshots/$1/info.xml" <<-END
			<?xml version="1.0"?>
			<snapshot>
			  <type>$2</type>
			  <num>$1</num>
			  <date>$3</date>
			  <description>$4</description>
			  $5
			</snapshot>
		END
	}
	info 1 single "2025-09-30 08:00:00" "first root filesystem" ""
	info 2 pre "2025-10-01 09:00:00" "zypp(zypper)" "<cleanup>number</cleanup>"
	btrfs -q subvolume snapshot -r "$root" "$mnt/@/.snapshots/2/snapshot"
	permit "$root" yes
	info 3 post "2025-10-01 09:05:00" "" "<pre_num>2</pre_num>"
	btrfs -q subvolume snapshot -r "$root" "$mnt/@/.snapshots/3/snapshot"
	info 4 single "2025-10-02 09:00:00" "a &lt;b&gt; &amp;&#10;line two" ""
	btrfs -q subvolume snapshot -r "$root" "$mnt/@/.snapshots/4/snapshot"
	btrfs subvolume set-default "$root"
	finish suse
fi

if want fedora; then
	format fedora 3
	id=UUID=$(uuid b000 3) boot=$(uuid 8000 20)
	for v in old root home; do btrfs -q subvolume create "$mnt/$v"; done
	table="$id / btrfs subvol=root,compress=zstd:1 0 0
UUID=$boot /boot ext4 defaults 1 2
$id /home btrfs subvol=home,compress=zstd:1 0 0"
	rocky "$mnt/root" "$table"
	rocky "$mnt/old" "$table"
	sed -i 's/9\.[0-9]/9.1/' "$mnt/old/usr/lib/os-release"
	mv "$mnt/root/boot" "$work/boot" && mkdir "$mnt/root/boot"
	sed -i "s|^linux /boot/|linux /|;s|^initrd /boot/|initrd /|;s|root=UUID=[^ ]*|root=$id rootflags=subvol=root|" "$work"/boot/loader/entries/*
	mke2fs -q -t ext4 -O ^has_journal -U "$boot" -L boot -E root_owner=0:0 -d "$work/boot" "$work/boot.img" 16M
	finish fedora "$work/boot.img"
fi

if want arch; then
	format arch 4
	id=UUID=$(uuid b000 4)
	btrfs -q subvolume create "$mnt/@"
	btrfs -q subvolume create "$mnt/@home"
	btrfs -q subvolume create "$mnt/@logs"
	number() { btrfs inspect-internal rootid "$mnt/$1"; }
	debian "$mnt/@" "$id / btrfs rw,subvolid=$(number @),subvol=/@ 0 0
$id /home btrfs rw,subvolid=$(number @home) 0 0
$id /var/log btrfs rw,subvolid=$(number @logs),subvol=@logs 0 0
$id /mnt/top btrfs rw,subvolid=5 0 0
$id /mnt/climbs btrfs subvol=../../@logs 0 0
$id /mnt/other btrfs subvolid=$(number @home),subvol=@logs 0 0
$id /mnt/gone btrfs subvol=@gone 0 0
$id /mnt/number btrfs subvolid=4711 0 0
$id /mnt/word btrfs subvolid=many 0 0
$id /mnt/directory btrfs subvol=@/etc 0 0" "root=$id ro rootflags=subvol=@"
	mkdir -p "$mnt/@/mnt"/{top,climbs,other,gone,number,word,directory} "$mnt/@/var/log" "$mnt/@/srv"
	btrfs -q subvolume create "$mnt/@/srv/nested"
	echo nested >"$mnt/@/srv/nested/file"
	echo log >"$mnt/@logs/file"
	mv "$mnt/@/home/ana" "$mnt/@home/"
	btrfs -q subvolume snapshot -r "$mnt/@home" "$mnt/@home/kept"
	btrfs -q subvolume create "$mnt/line
break"
	finish arch
fi

if want booted; then
	format booted 6
	id=UUID=$(uuid b000 6)
	btrfs -q subvolume create "$mnt/@"
	debian "$mnt/@" "$id / btrfs defaults 0 0" "root=$id ro rootflags=noatime,subvol=@new"
	btrfs -q subvolume snapshot "$mnt/@" "$mnt/@new"
	permit "$mnt/@new" yes
	btrfs subvolume set-default "$mnt/@"
	finish booted
fi

if want received; then
	format received 5
	btrfs -q subvolume create "$mnt/work"
	debian "$mnt/work" "" "root=/dev/vda1 ro"
	btrfs -q subvolume snapshot -r "$mnt/work" "$mnt/monday"
	permit "$mnt/work" yes
	btrfs -q subvolume snapshot -r "$mnt/work" "$mnt/tuesday"
	btrfs -q subvolume delete -c "$mnt/work" >/dev/null
	btrfs subvolume sync "$mnt"
	finish received
fi

if want timeshift; then
	tree=$work/timeshift
	mkdir "$tree"
	debian "$tree" "UUID=$(uuid 8000 21) / ext4 defaults 0 1" "root=UUID=$(uuid 8000 21) ro"
	dir=$tree/timeshift/snapshots/2025-10-01_10-00-01
	mkdir -p "$dir/localhost"
	(cd "$tree" && cp -a boot etc home root usr var "$dir/localhost/")
	printf '{\n  "created" : "1759312801",\n  "tags" : "boot",\n  "comments" : "weekly, by hand",\n  "type" : "rsync"\n}\n' >"$dir/info.json"
	permit "$tree" yes
	mke2fs -q -t ext4 -O ^has_journal -U "$(uuid 8000 21)" -L timeshift -E root_owner=0:0 -d "$tree" "$work/timeshift.fs" 12M
	disk timeshift
fi

if want ostree; then
	export OSTREE_SYSROOT_DEBUG=mutable-deployments,no-dtb,no-xattrs
	sys=$work/sysroot tree=$work/ostree id=UUID=$(uuid 8000 22)
	mkdir "$sys" "$tree"
	ostree admin init-fs "$sys"
	ostree admin os-init --sysroot="$sys" debian
	commit() { # VERSION SUBJECT
		ostree --repo="$sys/ostree/repo" commit --branch=debian/stable --tree=dir="$tree" --owner-uid=0 --owner-gid=0 \
			--add-metadata-string="version=$1" --timestamp="$2" --no-xattrs >/dev/null
		ostree admin deploy --sysroot="$sys" --os=debian --karg=root="$id" --karg=rw --retain debian/stable >/dev/null
	}
	debian "$tree" "" ""
	rm "$tree"/boot/{vmlinuz,initrd}* && rm -r "$tree/boot/grub" "$tree/home" "$tree/var"
	mkdir -p "$tree/usr/lib/modules/6.1.0-40-amd64" "$tree/sysroot" "$tree/var" "$tree/boot"
	cp "$guests/debian12/boot/vmlinuz-6.1.0-40-amd64" "$tree/usr/lib/modules/6.1.0-40-amd64/vmlinuz"
	cp "$guests/debian12/boot/initrd.img-6.1.0-40-amd64" "$tree/usr/lib/modules/6.1.0-40-amd64/initramfs.img"
	mkdir -p "$tree/usr/share" && mv "$tree/etc" "$tree/usr/etc"
	ln -s sysroot/ostree "$tree/ostree"
	ln -s var/home "$tree/home"
	permit_ostree() { sed -i "s|^PermitRootLogin.*|PermitRootLogin $1|" "$tree/usr/etc/ssh/sshd_config"; }
	permit_ostree no
	commit 12.1 2025-10-01T10:00:00Z
	permit_ostree yes
	commit 12.2 2025-10-02T10:00:00Z
	mkdir -p "$sys/ostree/deploy/debian/var/lib" "$sys/ostree/deploy/debian/var/home"
	cp -r "$guests/debian12/home/ana" "$sys/ostree/deploy/debian/var/home/"
	cp -r "$guests/debian12/var/lib/." "$sys/ostree/deploy/debian/var/lib/"
	ostree admin status --sysroot="$sys" >"$here/ostree.truth"
	(cd "$sys" && find boot ostree/boot* ostree/deploy -maxdepth 4 \( -name '*.conf' -o -type l \) -printf '%P %l\n' | sort) >>"$here/ostree.truth"
	mke2fs -q -t ext4 -O ^has_journal -U "$(uuid 8000 22)" -L ostree -E root_owner=0:0 -d "$sys" "$work/ostree.fs" 24M
	chattr -R -i "$sys" 2>/dev/null || true
	disk ostree
fi
