#!/bin/bash
# The rows of testdata/bench.sh about file systems, which runs it with what it defines: images, cpu, row, ratio, mounted. The
# disks are those of build-filesystems.sh, the system of debian12.raw on other file systems.
# shellcheck disable=SC2154 # of bench.sh

ext4=$(cpu "$guestctl" find "$images/debian12.raw" / --long)
for type in xfs btrfs; do
	disk=$images/debian12-$type.raw
	[[ -f $disk && -n $mounted ]] || continue
	list=$(cpu "$guestctl" find "$disk" / --long)
	row "list and stat all, $type, against our ext4" "$list s" "$ext4 s" "$(ratio "$list" "$ext4")" '<= 1.50'
	hash=$(cpu "$guestctl" find "$disk" / --sha256)
	kernel=$(cpu unshare -m sh -c "mount -o ro,loop,offset=$((4096 * 512)) $disk /mnt &&
		cd /mnt && find . -xdev -type f -print0 | xargs -0 sha256sum; cd / && umount /mnt")
	want='<= 0.50'
	[[ $type == btrfs ]] && want='<= 1.20'
	row "SHA-256 of all files, $type, against a mount" "$hash s" "$kernel s" "$(ratio "$hash" "$kernel")" "$want"
done

# many TYPE FILE DIR: a file system with the files of a directory
many() {
	case $1 in
	ext4 | xfs | btrfs | vfat)
		truncate -s 2G "$2" && "mkfs.$1" "$2" &&
			unshare -m sh -ec "mount -o loop '$2' /mnt && cp -r '$3'/. /mnt && umount /mnt"
		;;
	iso9660) xorriso -as mkisofs -R -o "$2" "$3" ;;
	squashfs) mksquashfs "$3" "$2" ;;
	erofs) mkfs.erofs "$2" "$3" ;;
	esac >/dev/null 2>&1
}

made=$(mktemp -d /var/tmp/guestctl-bench.XXXXXX)
trap 'rm -rf "$made"' EXIT
for count in 10000 50000; do
	mkdir -p "$made/$count/files"
	(cd "$made/$count/files" && seq "$count" | split -l 1 -a 4 - entry-)
done
for type in ext4 xfs btrfs vfat iso9660 squashfs erofs; do
	if many $type "$made/few" "$made/10000" && many $type "$made/many" "$made/50000"; then
		few=$(RUNS=3 cpu "$guestctl" find "$made/few" /files --sha256)
		lot=$(RUNS=3 cpu "$guestctl" find "$made/many" /files --sha256)
		row "50,000 files of one directory, $type, against 5 x 10,000" "$lot s" "$(awk "BEGIN { printf \"%.3f\", 5 * $few }") s" \
			"$(ratio "$lot" "(5 * $few)")" '<= 1.10'
	fi
	rm -f "$made/few" "$made/many"
done
rm -rf "$made"
trap - EXIT
