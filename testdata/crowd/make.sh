#!/bin/bash
# Makes file systems with one directory of 50,000 files, crowd/f00000 to crowd/f49999, of which every five hundredth holds its own name
# and the others nothing. They are kept beside the tests of their readers. FAT and exFAT are written by crowd.py into what mkfs made,
# since their drivers would take minutes; fsck.vfat and fsck.exfat have nothing to say of them.
# Needs root, ntfs-3g, dosfstools, exfatprogs, xorriso, squashfs-tools, python3 and zstd.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
filesys=$here/../../engine/filesys
work=$(mktemp -d /var/tmp/crowd.XXXXXX)
trap 'umount "$work/mnt" 2>/dev/null || true; rm -rf "$work"' EXIT
export PATH=$PATH:/usr/sbin:/sbin TZ=UTC
mkdir "$work/mnt" "$work/tree"
cd "$work"

keep() { zstd -q -19 -f "$2" -o "$filesys/$1/testdata/crowd.$3.zst"; }

python3 "$here/crowd.py" tree tree
SOURCE_DATE_EPOCH=1700000000 xorriso -no_rc -as mkisofs -quiet -R -V CROWD -o crowd.iso tree
keep iso9660 crowd.iso iso
mksquashfs tree crowd.squashfs -noappend -quiet -no-progress -processors 1 -comp gzip -mkfs-time 1700000000
keep squashfs crowd.squashfs squashfs

truncate -s 72M ntfs.img
mkntfs -F -Q -q -L CROWD ntfs.img >/dev/null 2>&1
ntfs-3g ntfs.img mnt
python3 "$here/crowd.py" tree mnt
umount mnt
keep ntfs ntfs.img img

truncate -s 16M fat.img
mkfs.vfat -F 16 -s 8 -n CROWD --invariant fat.img >/dev/null
python3 "$here/crowd.py" fat fat.img
fsck.vfat -n fat.img
keep fat fat.img img

truncate -s 16M exfat.img
mkfs.exfat -L CROWD -c 4K exfat.img >/dev/null
python3 "$here/crowd.py" exfat exfat.img
fsck.exfat -n exfat.img
keep exfat exfat.img img
