#!/bin/bash
# Makes the committed images of testdata/images from the trees of testdata/guests, with the answers of the real tools
# beside them. Needs e2fsprogs, gdisk, fdisk, qemu-utils, dpkg and tzdata; no root, no network. The same tools give the
# same bytes: times and identifiers are fixed, files are written in sorted order with debugfs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C TZ=UTC
export SOURCE_DATE_EPOCH=1761955200 # 2025-11-01
export E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH
umask 022
for tool in mke2fs debugfs e2fsck sgdisk sfdisk qemu-img dpkg-query; do
	command -v "$tool" >/dev/null || {
		echo "build.sh: no $tool; apt-get install e2fsprogs gdisk fdisk qemu-utils dpkg" >&2
		exit 1
	}
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
images=$here/images
rm -rf "$images" && mkdir -p "$images"

uuid() { printf '1c0ffee0-0000-4000-%s-%012d' "$1" "$2"; } # 8000 file systems, 9000 partitions, a000 disks

# --- trees: what git cannot hold is added here

source "$here/stage.sh"

stage_rocky() {
	local t=$1
	cp -r "$here/guests/rocky9" "$t"
	mkdir -p "$t"/{tmp,dev,proc,sys,run,root,var/tmp,usr/sbin,usr/lib64} "$t"/usr/share/zoneinfo/Europe
	cp -L /usr/share/zoneinfo/Europe/Berlin "$t/usr/share/zoneinfo/Europe/Berlin"
	ln -s ../usr/lib/os-release "$t/etc/os-release"
	ln -s ../usr/share/zoneinfo/Europe/Berlin "$t/etc/localtime"
	ln -s rocky-release "$t/etc/redhat-release"
	for dir in bin sbin lib lib64; do ln -s "usr/$dir" "$t/$dir"; done
	ln -s ../boot/grub2/grubenv "$t/etc/grubenv"
}

# names that must not forge a report, for /srv
stage_odd() {
	mkdir "$1/odd"
	printf 'x' >"$1/odd/"$'red\e[31m'
	printf 'x' >"$1/odd/"$'latin-\xe9'
	printf 'x' >"$1/odd/naïve"
	printf 'x' >"$1/odd/<b>bold"
	printf 'x' >"$1/odd/$(printf 'n%.0s' {1..255})"
	truncate -s 5000000000 "$1/odd/sparse"
}

# --- file systems

# ext4 FILE SIZE UUID LABEL TREE MODES PREFIX: a file system that holds TREE, whose paths in MODES begin with PREFIX
ext4() {
	local file=$1 tree=$5 modes=$6 prefix=$7
	rm -f "$file" && truncate -s "$2" "$file"
	mke2fs -qF -t ext4 -b 1024 -I 256 -m 0 -J size=1 -O ^resize_inode -U "$3" -L "$4" \
		-E hash_seed="$3",root_owner=0:0 "$file"
	script "$tree" "$modes" "$prefix" | debugfs -w -f /dev/stdin "$file" >"$work/debugfs.log" 2>&1
	if grep -vE '^(debugfs|Allocated inode)' "$work/debugfs.log"; then
		echo "build.sh: debugfs complained about $file" >&2
		return 1
	fi
	# directories gained blocks and links: e2fsck has nothing else to say
	e2fsck -fn "$file" >"$work/fsck.log" 2>&1 || { cat "$work/fsck.log" && return 1; }
}

script() {
	local tree=$1 modes=$2 prefix=$3 type path mode
	(cd "$tree" && find . -mindepth 1 -printf '%y %P\n' | sort -k2) | while read -r type path; do
		echo "cd \"/$(dirname "$path")\""
		local name=${path##*/}
		case $type in
		d) echo "mkdir \"$name\"" && mode=040755 ;;
		f)
			if [[ ${path##*/} == sparse ]]; then # debugfs would write its zeros
				: >"$work/empty"
				printf 'write "%s" "%s"\nsif "%s" size %d\n' "$work/empty" "$name" "$name" "$(stat -c %s "$tree/$path")"
			else
				echo "write \"$tree/$path\" \"$name\""
			fi
			mode=0100644
			[[ -x $tree/$path ]] && mode=0100755
			;;
		l) echo "symlink \"$name\" \"$(readlink "$tree/$path")\"" && mode=0120777 ;;
		*) echo "unknown type $type of $path" ;;
		esac
		printf 'sif "%s" mode %s\nsif "%s" uid 0\nsif "%s" gid 0\n' "$name" "$mode" "$name" "$name"
	done
	# what the tree cannot say: owners and modes
	local p m uid gid kind
	while read -r p m uid gid; do
		[[ $p == "$prefix"/* ]] || continue
		path=${p#"$prefix"}
		[[ -e $tree$path || -L $tree$path ]] || continue
		kind=010
		[[ -d $tree$path ]] && kind=04
		printf 'sif "%s" mode %s%s\nsif "%s" uid %d\nsif "%s" gid %d\n' "$path" "$kind" "$m" "$path" "$uid" "$path" "$gid"
	done <"$modes"
}

# specials FILE: a FIFO, device nodes, a hard link and a file capability
specials() {
	printf '\001\000\000\002\000\040\000\000\000\000\000\000\000\000\000\000\000\000\000\000' >"$work/cap_net_raw"
	debugfs -w -f /dev/stdin "$1" >/dev/null 2>&1 <<-END
		cd /dev
		mknod null c 1 3
		mknod vda b 254 0
		cd /run
		mknod initctl p
		ea_set -f $work/cap_net_raw /usr/bin/ping security.capability
		ln /usr/bin/sudo /usr/bin/sudoedit
		sif /usr/bin/sudo links_count 2
	END
	e2fsck -fn "$1" >"$work/fsck.log" 2>&1 || { cat "$work/fsck.log" && return 1; }
}

# --- disks

# put DISK SECTOR FILE
put() { dd if="$3" of="$1" bs=512 seek="$2" conv=notrunc,sparse status=none; }

# pack RAW NAME COMPRESSION
pack() {
	qemu-img convert -O qcow2 -c -o "cluster_size=16k,compat=1.1,compression_type=$3" "$1" "$images/$2.qcow2"
}

mib() { echo $(($1 * 2048)); }

# debian12-small: /, /var by label and /srv by PARTUUID on GPT
stage_debian "$work/debian"
stage_odd "$work/debian/srv"
mkdir "$work/root"
cp -a "$work/debian/." "$work/root"
mv "$work/root/var" "$work/var" && mkdir "$work/root/var"
mv "$work/root/srv" "$work/srv" && mkdir "$work/root/srv"
modes=$here/guests/debian12.modes
ext4 "$work/root.img" 12M "$(uuid 8000 2)" root "$work/root" "$modes" ""
specials "$work/root.img"
ext4 "$work/var.img" 6M "$(uuid 8000 3)" var "$work/var" "$modes" /var
ext4 "$work/srv.img" 4M "$(uuid 8000 4)" "" "$work/srv" "$modes" /srv

gpt() { # gpt DISK: the partitions of debian12-small
	sgdisk -U "$(uuid a000 1)" \
		-n "1:$(mib 1):+1M" -t 1:ef02 -u "1:$(uuid 9000 1)" -c 1:bios \
		-n "2:$(mib 2):+12M" -t 2:8304 -u "2:$(uuid 9000 2)" -c 2:root \
		-n "3:$(mib 14):+6M" -t 3:8310 -u "3:$(uuid 9000 3)" -c 3:var \
		-n "4:$(mib 20):+4M" -t 4:8300 -u "4:$(uuid 9000 4)" -c 4:srv "$1" >/dev/null
}
disk=$work/debian12-small.img
truncate -s 25M "$disk"
gpt "$disk"
put "$disk" "$(mib 2)" "$work/root.img"
put "$disk" "$(mib 14)" "$work/var.img"
put "$disk" "$(mib 20)" "$work/srv.img"
pack "$disk" debian12-small zlib

truth=$images/debian12-small.truth
mkdir "$truth"
(cd "$work/debian" && find . -type f ! -name sparse -print0 | sort -z | xargs -0 sha256sum -z | tr '\0\n' '\n?' |
	sed 's|  \./|  /|') >"$truth/sha256"
dpkg-query --admindir="$work/debian/var/lib/dpkg" -W \
	-f '${Package}\t${Version}\t${Architecture}\t${db:Status-Want} ${db:Status-Eflag} ${db:Status-Status}\t${Provides}\n' >"$truth/packages"
for part in root var srv; do
	(cd "$work/$part" && find . -type d -printf '/%P\n' | sort) | while read -r dir; do
		echo "$dir:"
		debugfs -R "ls -p \"$dir\"" "$work/$part.img" 2>/dev/null | grep -a . || true
	done >"$truth/ls-$part"
done
(cd "$images" && qemu-img info --output=json debian12-small.qcow2 | grep -v actual-size) >"$truth/qemu-img"
sfdisk -J "$disk" | grep -v '"device"' | sed "s|$work/||" >"$truth/sfdisk"

# the same disk with its primary table gone
cp "$disk" "$work/damaged.img"
dd if=/dev/zero of="$work/damaged.img" bs=512 seek=1 count=1 conv=notrunc status=none
pack "$work/damaged.img" gpt-damaged-primary zlib

# one file system on the bare disk, raw
sed 's|^LABEL=var|#&|;s|^PARTUUID|#&|' "$here/guests/debian12/etc/fstab" >"$work/debian/etc/fstab"
rm -r "$work/debian/srv/odd"
ext4 "$work/bare.img" 12M "$(uuid 8000 2)" bare "$work/debian" "$modes" ""
gzip -9nc "$work/bare.img" >"$images/bare-ext4.img.gz"

# MBR: the root on a logical partition, as /etc/fstab of an old installation names it
sed -i 's|^UUID=[^ ]*|/dev/vda5|' "$work/debian/etc/fstab"
ext4 "$work/logical.img" 12M "$(uuid 8000 5)" "" "$work/debian" "$modes" ""
truncate -s 20M "$work/mbr.img"
sfdisk -q --no-reread "$work/mbr.img" <<-END
	label: dos
	label-id: 0xc0ffee01
	start=$(mib 1), size=$(mib 1), type=82
	start=$(mib 2), size=$(mib 17), type=5
	start=$(mib 3), size=$(mib 12), type=83, bootable
	start=$(mib 16), size=$(mib 1), type=83
END
put "$work/mbr.img" "$(mib 3)" "$work/logical.img"
pack "$work/mbr.img" mbr-logical zstd

# rocky9-small: SELinux on in its file, off in the default boot entry; packages nobody can read
stage_rocky "$work/rocky"
ext4 "$work/rocky.img" 10M "$(uuid 8000 9)" rocky "$work/rocky" "$here/guests/rocky9.modes" ""
truncate -s 12M "$work/rocky-disk.img"
sgdisk -U "$(uuid a000 9)" -n "1:$(mib 1):+10M" -t 1:8300 -u "1:$(uuid 9000 9)" "$work/rocky-disk.img" >/dev/null
put "$work/rocky-disk.img" "$(mib 1)" "$work/rocky.img"
pack "$work/rocky-disk.img" rocky9-small zstd

# two-os: both on one disk
truncate -s 25M "$work/two.img"
sgdisk -U "$(uuid a000 2)" \
	-n "1:$(mib 1):+12M" -t 1:8304 -u "1:$(uuid 9000 21)" -c 1:debian \
	-n "2:$(mib 13):+10M" -t 2:8300 -u "2:$(uuid 9000 22)" -c 2:rocky "$work/two.img" >/dev/null
put "$work/two.img" "$(mib 1)" "$work/bare.img"
put "$work/two.img" "$(mib 13)" "$work/rocky.img"
pack "$work/two.img" two-os zlib

# no-os: a data disk
mkdir -p "$work/data/photos" && echo 'a picture' >"$work/data/photos/1.txt"
ext4 "$work/data.img" 4M "$(uuid 8000 7)" data "$work/data" "$modes" /none
gzip -9nc "$work/data.img" >"$images/no-os.img.gz"

# encrypted: qcow2's own LUKS, its key material blanked: random bytes do not compress, and nobody has the key
printf 'secret' >"$work/key"
truncate -s 1M "$work/small.img"
qemu-img convert -O qcow2 --object "secret,id=key,file=$work/key" \
	-o encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10 "$work/small.img" "$work/encrypted.qcow2"
luks=$(grep -abo LUKS "$work/encrypted.qcow2" | head -1 | cut -d: -f1)
blank() { printf "$3" | dd of="$work/encrypted.qcow2" bs=1 seek=$((luks + $1)) count="$2" conv=notrunc status=none; }
zeros=$(printf '\\0%.0s' {1..40})
blank 112 52 "$zeros$zeros"          # digest and salt of the master key
blank 164 4 '\0\0\003\350'           # its iterations
blank 168 40 "00000000-0000-0000-0000-000000000001\\0\\0\\0\\0"
blank 212 4 '\0\0\003\350'           # key slot 0: iterations and salt
blank 216 32 "$zeros"
dd if=/dev/zero of="$work/encrypted.qcow2" bs=4096 seek=$((luks / 4096 + 1)) count=128 conv=notrunc status=none
gzip -9nc "$work/encrypted.qcow2" >"$images/encrypted.qcow2.gz"

# overlay: nothing of its own over debian12-small.qcow2, which must lie beside it
qemu-img create -q -f qcow2 -F qcow2 -b debian12-small.qcow2 -o cluster_size=4k "$images/overlay.qcow2"
gzip -9nc "$images/overlay.qcow2" >"$images/overlay.qcow2.gz"
rm "$images/overlay.qcow2"

# debian12-small.vmdk: the same disk as an OVA has it. Its content id is not that of the minute.
qemu-img convert -O vmdk -o subformat=streamOptimized "$images/debian12-small.qcow2" "$work/debian12-small.vmdk"
LC_ALL=C sed -i 's/^CID=.*/CID=c0ffee00/' "$work/debian12-small.vmdk"
gzip -9nc "$work/debian12-small.vmdk" >"$images/debian12-small.vmdk.gz"

du -ab "$images" | sort -k2
