#!/bin/bash
# Makes the layers of this folder and the truth about them: what Linux shows where they are mounted over each other. The layer in the
# middle is what Linux wrote when it was the upper one, with what no tool writes added by hand; the upper layer is what it wrote then. Needs
# root, a kernel with overlayfs and squashfs, squashfs-tools, e2fsprogs, attr and zstd. The tests need only what is committed here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
truth=$here/../../../../internal/conformance/truth.py
work=$(mktemp -d /var/tmp/overlay-images.XXXXXX)
clean() {
	for dir in merged upper middle low; do
		while mountpoint -q "$work/$dir"; do umount "$work/$dir"; done
	done
	rm -rf "$work"
}
trap clean EXIT
export TZ=UTC LC_ALL=C.UTF-8
umask 022
cd "$work"
mkdir low middle upper merged

squash() { # NAME DIR
	mksquashfs "$2" "$1.img" -noappend -quiet -no-progress -processors 1 -comp gzip
	zstd -q --ultra -22 -f "$1.img" -o "$here/$1.img.zst"
}

over() { # lower, options...
	mount -t overlay overlay -o "lowerdir=$1,redirect_dir=on,metacopy=on${2:+,$2}" merged
}

record() { # NAME
	python3 "$truth" merged >"$1.jsonl"
	gzip -9nc "$1.jsonl" >"$here/$1.jsonl.gz"
	umount merged
}

# --- the lower layer

mkdir -p tree/{etc/conf.d,gone,replaced,moved/deep,renamed,data,links,plain/empty,case/inner,twice,marked}
for f in etc/hosts etc/passwd etc/conf.d/a etc/conf.d/b gone/x replaced/old moved/deep/file moved/other renamed/r data/big data/meta data/linked \
	data/renamed links/target plain/file case/inner/low twice/t marked/hidden; do
	echo "low $f" >"tree/$f"
done
head -c 30000 /dev/urandom >tree/data/big
ln tree/data/linked tree/data/linked-too
ln -s ../etc/hosts tree/links/hosts
ln -s dangling tree/links/becomes-dir
mkfifo tree/links/fifo
mknod tree/links/null c 1 3
mknod tree/links/block b 7 0
chown 3000:4000 tree/plain/file
chmod 4755 tree/data/meta
setfattr -n user.colour -v red tree/plain/file
setfattr -n trusted.mine -v yes tree/plain/file
printf 'x' >"tree/plain/$(printf 'n%.0s' {1..255})"
printf 'x' >"tree/plain/"$'latin-\xe9'
find tree -exec touch -h -d '2020-02-03 04:05:06.789' {} +
squash low tree
mount -o loop,ro low.img low

# --- the layer in the middle, written by Linux

truncate -s 16M middle.ext4
mkfs.ext4 -q -O ^has_journal middle.ext4
mount -o loop middle.ext4 middle
mkdir middle/{upper,work}
over low upperdir=middle/upper,workdir=middle/work
rm merged/etc/hosts
rm -r merged/gone merged/replaced
mkdir merged/replaced
echo middle >merged/replaced/new
mv merged/renamed merged/renamed-once
mv merged/moved merged/plain/moved
chmod 600 merged/data/big
rm merged/links/becomes-dir && mkdir merged/links/becomes-dir && echo m >merged/links/becomes-dir/m
echo middle >merged/etc/added
setfattr -n user.colour -v green merged/etc/conf.d
umount merged
mkdir middle/upper/marked
: >middle/upper/marked/hidden
: >middle/upper/marked/shown
setfattr -n trusted.overlay.opaque -v x middle/upper middle/upper/marked middle/upper/etc
setfattr -n trusted.overlay.whiteout -v y middle/upper/marked/hidden
: >middle/upper/etc/passwd
setfattr -n trusted.overlay.whiteout -v '' middle/upper/etc/passwd
setfattr -n trusted.overlay.overlay.opaque -v y middle/upper/marked
setfattr -n user.overlay.opaque -v y middle/upper/marked
squash middle middle/upper
umount middle
mount -o loop,ro middle.img middle

over middle:low
record two

# --- the upper layer, written by Linux

truncate -s 4M upper.ext4
mkfs.ext4 -q -O ^has_journal -N 256 upper.ext4
mount -o loop upper.ext4 upper
mkdir upper/{upper,work}
over middle:low upperdir=upper/upper,workdir=upper/work
echo upper >merged/etc/hosts
rm merged/etc/conf.d/a
mv merged/renamed-once merged/renamed-twice
mv merged/plain/moved/deep merged/deep
mkdir merged/deep/new && echo u >merged/deep/new/u
chmod 755 merged/data/meta
chown 5:6 merged/data/big
mv merged/data/renamed merged/plain/from-data
chmod 640 merged/plain/from-data
mv merged/plain/from-data merged/links/from-plain
echo more >>merged/data/linked
rm -r merged/case && echo now-a-file >merged/case
rm merged/links/target && mkdir merged/links/target
rm -r merged/plain/empty
mv merged/twice merged/once && mkdir merged/twice && echo new >merged/twice/t2
setfattr -n user.colour -v blue merged/plain/file
rm merged/links/fifo
touch -h -d '1969-12-31 23:59:58.5' merged/links/hosts
umount merged
umount upper
e2fsck -fy upper.ext4 >e2fsck.log 2>&1 || true
zstd -q --ultra -22 -f upper.ext4 -o "$here/upper.img.zst"
mount -o loop,ro upper.ext4 upper
over upper/upper:middle:low
record three
umount upper middle low
