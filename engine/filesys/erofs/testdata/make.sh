#!/bin/bash
# Makes the images of this folder, by mkfs.erofs, and their truth: what the kernel reads from them where they are mounted. That is what the
# tree holds that they were made from, in features.jsonl.gz; an image of which the kernel says something else has a truth of its own.
# Needs root, erofs-utils 1.9 or later, zstd, and a kernel with EROFS and all its codecs, of 6.17 or later for packed metadata. The tests
# need only what is committed here.
#
#   make.sh [NAME...]    all images, or those named; MKFS is the program, and MKFS_OLD one of erofs-utils 1.5, which made `old`
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
truth=$here/../../../../internal/conformance/truth.py
work=$(mktemp -d /var/tmp/erofs-images.XXXXXX)
trap 'cd /; umount "$work/mnt" 2>/dev/null; umount "$work"; rmdir "$work"' EXIT
mount -t tmpfs none "$work"
export TZ=UTC LC_ALL=C.UTF-8
umask 022
wanted=("$@")
cd "$work"
mkdir mnt
python3 "$here/../../../../internal/conformance/tree.py" features
rm -r features/dirs/many # `large` has more than that
python3 "$here/more.py" features
python3 "$truth" features >features.jsonl
gzip -9nc features.jsonl >"$here/features.jsonl.gz"

wanted() { [[ ${#wanted[@]} -eq 0 || " ${wanted[*]} " == *" $1 "* ]]; }

pack() { zstd -q --ultra -22 --long=27 -f "$1.img" -o "$here/$1.img.zst"; }

check() { # name: what the kernel says
    mount -t erofs -o loop,ro "$1.img" mnt
    python3 "$truth" mnt >"$1.jsonl"
    umount mnt
    rm -f "$here/$1.jsonl.gz"
    if ! cmp -s "$1.jsonl" features.jsonl; then
        echo "$1 differs from the tree: $(diff "$1.jsonl" features.jsonl | grep -c '^<') objects"
        gzip -9nc "$1.jsonl" >"$here/$1.jsonl.gz"
    fi
}

make() { # name tree mkfs.erofs-options...
    echo "== $1"
    rm -f "$1.img"
    ${mkfs:-${MKFS:-mkfs.erofs} -T 1700000000 --mkfs-time} --quiet -U 6a5c1d1e-9f3b-4d0a-8a2e-0123456789ab "${@:3}" "$1.img" "$2" >log 2>&1 || { cat log; exit 1; }
}

image() { # name mkfs.erofs-options...
    wanted "$1" || return 0
    make "$1" features "${@:2}"
    check "$1"
    pack "$1"
}

image plain -L "EROFS test"
if wanted compact; then # such inodes have owners below 65536, and one time for all
    cp -a features small
    rm small/modes/owner
    make compact small -E force-inode-compact --ignore-mtime
    check compact
    pack compact
fi
image 512 -b 512 -z lz4 -x 1
image 1k -b 1024 -z lz4hc -C 8192
image chunks --chunksize 4096
image chunk-48bit --chunksize 4096 -E 48bit
image lz4 -z lz4
image legacy -z lz4 -E legacy-compress
image lzma -z lzma -C 131072 -E ztailpacking
image deflate -z deflate,level=9 -C 16384
image zstd -z zstd,level=19 -C 1048576
image fragments -z lz4hc -C 16384 -E fragments,ztailpacking
image all-fragments -z lzma -C 65536 -E all-fragments,fragdedupe=full
image dedupe -z lz4hc -C 8192 -E dedupe
image dedupe-lzma -z lzma -C 16384 -E dedupe
image dedupe-deflate -z deflate -C 16384 -E dedupe
image dedupe-zstd -z zstd -C 65536 -E dedupe
image 48bit -z lz4hc -C 16384 -E 48bit,dedupe
image 48bit-zstd -z zstd -C 262144 -E 48bit,fragments
image dirs -z lz4hc -C 8192 --zD=1
image metabox -z zstd -C 65536 -m 4096 --MZ=i
image prefixes -z lz4 -x 1 --xattr-prefix=trusted.overlay. --xattr-prefix="user.a long prefix." -E fragments
image plain-prefixes --xattr-prefix=trusted.overlay. --xattr-prefix="user.a long prefix." -E plain-xattr-prefixes
if wanted metabox-dirs; then # of directories with several blocks this mkfs.erofs loses some, as the kernel says
    mkdir without
    cp -a features/{attributes,links,modes,names,packed,times} without
    make metabox-dirs without -z zstd -C 65536 -m 4096 --MZ=id -E ztailpacking
    check metabox-dirs
    pack metabox-dirs
fi
mkdir -p tiny/packed # what is soon read, for what is read often
cp -a features/{attributes,links} tiny
cp -a features/packed/{"text of 65537","shared 0","shared 1","small "[0-9],noise} tiny/packed
tiny() { # name mkfs.erofs-options...
    wanted "tiny-$1" || return 0
    make "tiny-$1" tiny "${@:2}"
    check "tiny-$1"
    pack "tiny-$1"
}
tiny plain -E noinline_data
tiny chunks --chunksize 4096 -E force-chunk-indexes
tiny legacy -z lz4 -E legacy-compress
tiny lz4 -z lz4hc -C 8192 -E ztailpacking
tiny lzma -z lzma -C 16384 -E dedupe,fragments
tiny deflate -z deflate -C 8192 -E dedupe
tiny zstd -z zstd -C 8192 -E 48bit,dedupe,ztailpacking
tiny metabox -z zstd -C 65536 -m 4096 --MZ=id
if wanted old; then # it has no zeros in front of what is packed, and no more than some of the tree is made by this mkfs.erofs
    mkdir some
    cp -a features/packed features/sizes features/sparse some
    mkfs="${MKFS_OLD:-mkfs.erofs} -T 1000000000" make old some -z lz4 -E legacy-compress
    check old
    pack old
fi
if wanted device; then # what its files hold is on another device, which is not here
    make device features/sizes --chunksize 4096 --blobdev=blob
    zstd -q --ultra -22 -f device.img -o "$here/device.raw.zst"
fi
if wanted large; then
    mkdir -p large/many
    echo "one inode" >large/many/0
    for i in {1..49999}; do ln large/many/0 "large/many/$i"; done
    touch -d @1000000000 large large/many large/many/0
    make large large
    check large
    pack large
fi
