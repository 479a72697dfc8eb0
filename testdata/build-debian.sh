#!/bin/bash
# Builds a real Debian 12 disk for `make images`, with the truth about it beside it (see README.md): build/images/.
# As root it installs the tools it lacks and says so. Without root it needs fakeroot and user namespaces. Nothing is
# mounted, and nothing is booted. A second run does nothing unless this file changed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(dirname "$here")/build
out=$build/images
tarball=$build/cache/debian12.tar
export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=1761955200 # 2025-11-01

root_uuid=1c0ffee0-0000-4000-8000-000000000012
packages=linux-image-cloud-amd64,openssh-server,nginx-light,postgresql,python3,systemd-sysv,grub-pc-bin,grub2-common
packages+=,cron,sudo,curl,dbus,debsums

say() { echo "build-debian.sh: $*" >&2; }

# customize ROOT: runs at the end of mmdebstrap, when everything is unpacked and configured
customize() {
	local root=$1
	echo "UUID=$root_uuid / ext4 errors=remount-ro 0 1" >"$root/etc/fstab"
	echo debian12 >"$root/etc/hostname"
	ln -sf /usr/share/zoneinfo/Etc/UTC "$root/etc/localtime"
	echo Etc/UTC >"$root/etc/timezone"
	rm -f "$root/etc/machine-id" # not writable
	echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
	# keys and certificates are made once per machine, not here
	rm -f "$root"/etc/ssh/ssh_host_*
	printf 'GRUB_DEFAULT=0\nGRUB_TIMEOUT=5\nGRUB_DISTRIBUTOR=Debian\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX="console=ttyS0"\n' \
		>"$root/etc/default/grub"
	# grub-mkconfig asks grub-probe about a disk that does not exist yet: answer for it
	local probe=$root/usr/sbin/grub-probe
	mv "$probe" "$probe.real"
	cat >"$probe" <<-END
		#!/bin/sh
		case "\$*" in
		*fs_uuid*) echo $root_uuid ;;
		*target=fs*) echo ext2 ;;
		*partmap*) echo gpt ;;
		*target=device*) echo /dev/vda2 ;;
		*target=disk*) echo /dev/vda ;;
		*target=drive*) echo '(hd0,gpt2)' ;;
		*compatibility_hint*) echo hd0,gpt2 ;;
		esac
	END
	chmod 755 "$probe"
	mkdir -p "$root/dev/disk/by-uuid" "$root/boot/grub/i386-pc"
	: >"$root/dev/disk/by-uuid/$root_uuid"
	chroot "$root" grub-editenv - create
	chroot "$root" grub-mkconfig -o /boot/grub/grub.cfg
	rm -r "$root/dev/disk"
	mv "$probe.real" "$probe"
	cp "$root"/usr/lib/grub/i386-pc/*.{mod,lst} "$root/usr/lib/grub/i386-pc/boot.img" "$root/boot/grub/i386-pc/"
	chroot "$root" grub-mkimage -O i386-pc -p '(hd0,gpt2)/boot/grub' -o /boot/grub/i386-pc/core.img \
		biosdisk part_gpt ext2 normal
}
if [[ ${1-} == customize ]]; then
	customize "$2"
	exit
fi

stamp=$(sha256sum "$here/build-debian.sh" | cut -d' ' -f1)
if [[ $(cat "$out/stamp" 2>/dev/null) == "$stamp" ]]; then
	say "$out is up to date"
	exit
fi

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

# assemble: the disk and the truth from the tarball. Runs as root, or under fakeroot.
assemble() {
	local work=$build/work tree=$build/work/tree disk=$out/debian12.raw
	rm -rf "$work" "$out" && mkdir -p "$tree" "$out"
	trap 'rm -rf "$build/work"' EXIT
	local xattrs=(--xattrs '--xattrs-include=*')
	if [[ -n ${FAKEROOTKEY-} ]]; then # it forgets the type of a file that gets an attribute
		say "not root: file capabilities are left out"
		xattrs=()
	fi
	say "unpacking"
	tar -C "$tree" --numeric-owner "${xattrs[@]}" -xpf "$tarball"
	say "making the file system"
	truncate -s 2G "$work/root.img"
	E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH mke2fs -qF -t ext4 -U "$root_uuid" -E hash_seed="$root_uuid" -L root \
		-d "$tree" "$work/root.img"
	truncate -s 2052M "$disk"
	sgdisk -U 1c0ffee0-0000-4000-a000-000000000012 \
		-n 1:2048:+1M -t 1:ef02 -u 1:1c0ffee0-0000-4000-9000-000000000121 \
		-n 2:4096:+2G -t 2:8304 -u 2:1c0ffee0-0000-4000-9000-000000000122 "$disk" >/dev/null
	dd if="$work/root.img" of="$disk" bs=1M seek=2 conv=notrunc,sparse status=none
	rm "$work/root.img"
	boot "$disk" "$tree"
	say "writing the truth"
	cd "$tree"
	find . -type f -print0 | xargs -0 sha256sum -z | sed -z 's|  \./|  /|' | sort -z -k2 | tr '\0' '\n' >"$out/sha256"
	# a directory's size and link count are the file system's own affair
	find . -mindepth 1 \( -type d -printf '%y\t%m\t%U\t%G\t-\t-\t%Ts\t/%P\t\n' \) -o \
		-printf '%y\t%m\t%U\t%G\t%s\t%n\t%Ts\t/%P\t%l\n' | sort -t $'\t' -k8 >"$out/objects"
	dpkg-query --admindir="$tree/var/lib/dpkg" -W \
		-f '${Package}\t${Version}\t${Architecture}\t${db:Status-Want} ${db:Status-Eflag} ${db:Status-Status}\t${Provides}\n' >"$out/packages"
	cd "$build"
	say "converting"
	qemu-img convert -O qcow2 "$disk" "$out/debian12.qcow2"
	qemu-img convert -O qcow2 -c "$disk" "$out/debian12-compressed.qcow2"
	echo "$stamp" >"$out/stamp"
}
if [[ ${1-} == assemble ]]; then
	assemble
	exit
fi

need
# the tarball depends on the packages and their setup only: what follows can change without another download
recipe=$({ echo "$packages $root_uuid" && declare -f customize; } | sha256sum)
if [[ ! -f $tarball || $(cat "$tarball.recipe" 2>/dev/null) != "$recipe" ]]; then
	say "downloading and unpacking Debian 12: about a minute"
	mkdir -p "$build/cache"
	rm -f "$tarball"
	mmdebstrap --quiet --format=tar --variant=important --include="$packages" \
		--customize-hook="'$here/build-debian.sh' customize \"\$1\"" bookworm "$tarball.part"
	mv "$tarball.part" "$tarball"
	echo "$recipe" >"$tarball.recipe"
fi
if [[ $(id -u) == 0 ]]; then
	"$here/build-debian.sh" assemble
else
	fakeroot "$here/build-debian.sh" assemble
fi
du -sh "$out"/debian12* >&2
