#!/bin/bash
# Builds a real Debian 12 disk for `make images`, with the truth about it beside it (see README.md): build/images/.
# As root it installs the tools it lacks and says so. Without root it needs fakeroot and user namespaces. Nothing is
# mounted, and nothing is booted. A second run does nothing unless this file changed.
set -euo pipefail
. "$(dirname "$0")/debian.sh"

wanted=linux-image-cloud-amd64,openssh-server,nginx-light,postgresql,python3,systemd-sysv,grub-pc-bin,grub2-common
wanted+=,cron,sudo,curl,dbus,debsums

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

stamp=$(cat "$here/build-debian.sh" "$here/debian.sh" | sha256sum | cut -d' ' -f1)
if [[ $(cat "$out/stamp" 2>/dev/null) == "$stamp" ]]; then
	say "$out is up to date"
	exit
fi

# assemble: the disk and the truth from the tarball. Runs as root, or under fakeroot.
assemble() {
	local work=$build/work tree=$build/work/tree disk=$out/debian12.raw
	rm -rf "$work" "$out" && mkdir -p "$out"
	trap 'rm -rf "$build/work"' EXIT
	unpack "$tree"
	disk "$tree" "$disk"
	say "writing the truth"
	cd "$tree"
	find . -type f -print0 | xargs -0 sha256sum -z | sed -z 's|  \./|  /|' | sort -z -k2 | tr '\0' '\n' >"$out/sha256"
	# a directory's size and link count are the file system's own affair
	find . -mindepth 1 \( -type d -printf '%y\t%m\t%U\t%G\t-\t-\t%Ts\t/%P\t\n' \) -o \
		-printf '%y\t%m\t%U\t%G\t%s\t%n\t%Ts\t/%P\t%l\n' | sort -t $'\t' -k8 >"$out/objects"
	packages "$tree" >"$out/packages"
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
recipe=$({ echo "$wanted $root_uuid" && declare -f customize; } | sha256sum)
if [[ ! -f $tarball || $(cat "$tarball.recipe" 2>/dev/null) != "$recipe" ]]; then
	say "downloading and unpacking Debian 12: about a minute"
	mkdir -p "$build/cache"
	rm -f "$tarball"
	mmdebstrap --quiet --format=tar --variant=important --include="$wanted" \
		--customize-hook="'$here/build-debian.sh' customize \"\$1\"" bookworm "$tarball.part"
	mv "$tarball.part" "$tarball"
	echo "$recipe" >"$tarball.recipe"
fi
root "$here/build-debian.sh" assemble
du -sh "$out"/debian12* >&2
