#!/bin/bash
# Makes the images of this folder and their truth. It needs root: the truth is what the kernel says of a read-only mount
# (of the source tree for block sizes that it cannot mount), and some images are written by the kernel. The tests need
# only what is committed here.
#
#   make.sh [NAME...]    all images, or those named
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
truth=$here/../../../../internal/conformance/truth.py
work=$(mktemp -d /var/tmp/ext4-images.XXXXXX)
mnt=$work/mnt
mkdir "$mnt"
trap 'umount "$mnt" 2>/dev/null || true; rm -rf "$work"' EXIT
export E2FSPROGS_FAKE_TIME=1600000000 SOURCE_DATE_EPOCH=1600000000 TZ=UTC
uuid=6f6e6c79-6d61-6465-666f-727465737473
wanted=("$@")

want() { [[ ${#wanted[@]} -eq 0 || " ${wanted[*]} " == *" $1 "* ]]; }

tree() { # block size: the source tree, made once
    [[ -d $work/tree$1 ]] || { mkdir "$work/tree$1"; python3 "$here/tree.py" "$work/tree$1" "$1"; }
    echo "$work/tree$1"
}

format() { # name size mke2fs-options...
    local img=$work/$1.img size=$2
    shift 2
    rm -f "$img"
    truncate -s "$size" "$img"
    mke2fs -q -F -U $uuid -E "hash_seed=$uuid${extended:+,$extended}" -L "guestctl test" "$@" "$img"
}

listing() { # name: truth from the kernel
    mount -o ro,loop,noatime "$work/$1.img" "$mnt"
    # a replay of fast commits gives directories the time of the replay
    python3 "$truth" "$mnt" | if [[ $1 = fast_commit ]]; then sed '/"type":"dir"/s/"mtime":"[0-9.]*"/"mtime":""/'; else cat; fi | gzip -9n >"$here/$1.jsonl.gz"
    umount "$mnt"
}

pack() { zstd -q --ultra -22 --long=27 -f "$work/$1.img" -o "$here/$1.img.zst"; }

filled() { # name size block-size mke2fs-options...: the tree, put there by mke2fs
    want "$1" || return 0
    local name=$1 size=$2 block=$3
    shift 3
    format "$name" "$size" -b "$block" -d "$(tree "$([[ $block -lt 4096 ]] && echo "$block" || echo 4096)")" "$@"
    # -D makes the hash trees that mke2fs leaves out; 1 says that it did
    E2FSPROGS_FAKE_TIME= e2fsck -fyD "$work/$name.img" >/dev/null 2>&1 || [[ $? -le 1 ]]
    if [[ $block -le 4096 ]]; then
        listing "$name"
    else
        source_listing "$name" "$(tree 4096)"
    fi
    pack "$name"
}

source_listing() { # name tree: truth from the source. mke2fs keeps whole seconds, within 32 bits
    python3 "$truth" "$2" | python3 -c '
import json, sys
for line in sys.stdin:
    o = json.loads(line)
    o["mtime"] = o["mtime"].split(".")[0]
    if not -2**31 <= int(o["mtime"]) < 2**31 or o["path"] == "/":
        o["mtime"] = ""
    if o["path"] == "/":
        o["mode"] = ""
    print(json.dumps(o, separators=(",", ":")))
print(json.dumps({"path": "/lost+found", "type": "dir", "mode": "040700"}))' | gzip -9n >"$here/$1.jsonl.gz"
}

written() { # name size block-size mke2fs-options...: the tree, and what the function of that name adds, by the kernel
    want "$1" || return 0
    local name=$1 size=$2 block=$3
    shift 3
    format "$name" "$size" -b "$block" "$@"
    mount -o "loop,noatime${options:+,$options}" "$work/$name.img" "$mnt"
    [[ -n ${bare:-} ]] || cp -a "$(tree "$block")/." "$mnt/"
    (cd "$mnt" && "fill_$name")
    umount "$mnt"
    [[ -n ${bare:-} ]] || listing "$name"
    pack "$name"
}

fill_kernel() {
    python3 - <<'PY'
import os
data = b"".join(b"line %d\n" % i for i in range(60000))
def make(name, n):
    with open(name, "wb") as f:
        f.write(data[:n]); f.flush(); os.fsync(f.fileno())
os.mkdir("extents")
make("extents/pieces", 400 << 10)  # 200 extents, index blocks
PY
    for i in $(seq 1 2 399); do fallocate -p -o $((i * 1024)) -l 1024 extents/pieces; done
    sync
    fallocate -l 100000 extents/unwritten
    fallocate -l 50000 extents/partly
    printf 'written in the middle' | dd of=extents/partly bs=1 seek=20000 conv=notrunc status=none
    : >extents/beyond && fallocate -n -l 70000 extents/beyond # blocks behind the end of the file
    cp sizes/40967 extents/collapsed && sync && fallocate -c -o 4096 -l 8192 extents/collapsed
    cp sizes/40967 extents/inserted && sync && fallocate -i -o 4096 -l 8192 extents/inserted
    cp sizes/40967 extents/immutable && chattr +i extents/immutable
    cp sizes/40967 extents/append && chattr +a extents/append
    mkdir removed && for i in $(seq 300); do : >"removed/a file that will be gone $i"; done && sync
    for i in $(seq 2 300); do rm "removed/a file that will be gone $i"; done
}

fill_ea_inode() {
    python3 - <<'PY'
import os
for i, n in enumerate((200, 1000, 5000, 60000)):
    name = "attribute of %d" % n
    open(name, "w").close()
    os.setxattr(name, "user.large", (b"%d " % n) * (n // (len(str(n)) + 1)))
    os.setxattr(name, "user.small", b"small")
open("the same value", "w").close() # shared inode
os.setxattr("the same value", "user.large", (b"60000 " * 10000))
PY
}

fill_htree3() { # three levels of hash tree: 1 KiB blocks and names of 250 bytes
    python3 - <<'PY'
import os
open("one", "w").close()
os.mkdir("dir")
for i in range(21000):
    os.link("one", "dir/%0250d" % i)
PY
}

fill_mutant() { # a little of everything that has a checksum
    mkdir dir hashed inline
    for i in $(seq 80); do : >"hashed/an entry of the hash tree $i"; done
    echo short >inline/file
    seq 3000 >pieces && sync && for i in 1 3 5 7 9 11; do fallocate -p -o $((i * 1024)) -l 1024 pieces; done
    python3 - <<'PY'
import os
os.symlink("s" * 40, "dir/short link"); os.symlink("l" * 300, "dir/long link")
open("dir/attributes", "w").close()
os.setxattr("dir/attributes", "user.block", b"b" * 400)
os.setxattr("dir/attributes", "user.inode", b"i" * 3000)
os.setxattr("dir/attributes", "user.body", b"in the inode")
PY
}

fill_encrypted() { # a directory whose key is gone; names in it are any bytes
    python3 - <<'PY'
import fcntl, os, struct
root = os.open(".", os.O_RDONLY)
key = bytearray(struct.pack("<II32s", 2, 0, b"") + struct.pack("<II32s", 64, 0, b"") + bytes(range(64)))
fcntl.ioctl(root, 0xC0506617, key, True)  # FS_IOC_ADD_ENCRYPTION_KEY
os.mkdir("secret")
policy = struct.pack("<BBBBB3s16s", 2, 1, 4, 3, 0, b"", bytes(key[8:24]))
fcntl.ioctl(os.open("secret", os.O_RDONLY), 0x800C6613, policy)  # FS_IOC_SET_ENCRYPTION_POLICY
for i in range(80):
    open("secret/plan %d" % i, "w").write("x" * (i // 79))
os.mkdir("secret/dir")
os.symlink("target", "secret/link")
open("open", "w").write("not encrypted")
PY
}

crashed() { # name size block-size mke2fs-options...: copied while it was mounted, its truth from a copy that was mounted again
    want "$1" || return 0
    local name=$1 size=$2 block=$3
    shift 3
    format "$name" "$size" -b "$block" "$@"
    # nothing but what is asked for is written back
    mount -o "loop,noatime,commit=900${options:+,$options}" "$work/$name.img" "$mnt"
    (cd "$mnt" && "crash_$name")
    cp --sparse=always "$work/$name.img" "$work/$name.crash"
    umount "$mnt"
    cp "$work/$name.crash" "$work/$name.img"
    mount -o loop,noatime "$work/$name.img" "$mnt" && umount "$mnt"
    listing "$name"
    mv "$work/$name.crash" "$work/$name.img"
    pack "$name"
}

sync_file() { python3 -c 'import os, sys; os.fsync(os.open(sys.argv[1], os.O_RDONLY))' "$1"; }

crash_journal() {
    for i in $(seq 200); do mkdir -p d$((i % 5)); echo "hello $i" >"d$((i % 5))/f$i"; done
    sync
    # directory blocks of d3 are freed and used again as content: their older copies in the log are revoked
    rm -r d3
    sync_file d1/f1
    seq 50000 >d2/big
    printf '\xc0\x3b\x39\x98 the magic number of the journal' >magic
    for i in $(seq 300 400); do echo "x $i" >"g$i"; done
    ln -s target link
    mknod dev c 5 1
    rm g301 d1/f1
    mv g302 moved
    setfattr -n user.x -v y moved
    sync_file g400
    sync_file d2/big
    echo "never synced" >lost
}
crash_journal_ext3() { crash_journal; }
crash_journal_sum1() { crash_journal; }
crash_journal_data() { # content is in the log, some of it begins with the log's magic number
    crash_journal
    for i in $(seq 20); do printf '\xc0\x3b\x39\x98 content %d' "$i" >"magic$i"; sync_file "magic$i"; done
}
crash_journal_revoke() { # blocks of directories become content on a full disk: the log's older copies must not come back
    mkdir d && for i in $(seq 400); do echo "$i" >"d/a name that takes its place $i"; done
    cat /dev/zero >filler 2>/dev/null || true
    sync
    rm -r d
    sync
    seq 200000 >big 2>/dev/null || true
    sync_file big
}
crash_fast_commit() {
    for i in $(seq 60); do mkdir -p d$((i % 3)); echo "hello $i" >"d$((i % 3))/f$i"; done
    seq 20000 >large; seq 20000 >shrinks; seq 3000 >holed
    sync
    echo new >d1/new
    sync_file d1/new
    ln d1/f1 d1/linked; mv d1/f4 d2/moved; rm d1/f7
    sync_file d1/f1
    seq 20000 >>large
    sync_file large
    truncate -s 5000 shrinks
    sync_file shrinks
    fallocate -p -o 4096 -l 4096 holed
    fallocate -l 300000 allocated
    sync_file holed; sync_file allocated
    chmod 4755 d2/f2; chown 12:34 d2/f2; touch -d @5000000000 d2/f2
    sync_file d2/f2
    mkdir d1/fresh && echo inside >d1/fresh/inside
    sync_file d1/fresh/inside
    echo "never synced" >lost
}

filled ext2-1k 12M 1024 -t ext2 -I 128
filled ext2-4k 8M 4096 -t ext2 -O ^dir_index,^filetype
filled ext3-2k 8M 2048 -t ext3 -I 128
filled ext4-1k 8M 1024 -t ext4
filled ext4-4k 8M 4096 -t ext4 -O metadata_csum_seed,orphan_file,project,quota
filled ext4-64k 32M 65536 -t ext4
filled ext4-16k-nosum 16M 16384 -t ext4 -O ^metadata_csum
filled ext4-inode128 8M 1024 -t ext4 -I 128
filled ext4-inode1024 8M 4096 -t ext4 -I 1024
filled ext4-inline 8M 4096 -t ext4 -O inline_data -I 512
filled ext4-inline-nosum 8M 1024 -t ext4 -O inline_data,^metadata_csum -I 256
filled ext4-bigalloc 8M 1024 -t ext4 -O bigalloc -C 8192
filled ext4-meta_bg 8M 1024 -t ext4 -O meta_bg,^resize_inode -g 256
filled ext4-uninit_bg 8M 1024 -t ext4 -O ^metadata_csum,^64bit,uninit_bg
filled ext4-sparse_super2 20M 1024 -t ext4 -O sparse_super2
filled ext4-nojournal 12M 1024 -t ext4 -O ^has_journal,^flex_bg

written kernel 12M 1024 -t ext4 -O inline_data
written ea_inode 8M 1024 -t ext4 -O ea_inode
bare=1 written htree3 16M 1024 -t ext4 -O large_dir,^has_journal -N 64
bare=1 written mutant 2M 1024 -t ext4 -O inline_data,ea_inode,^has_journal -N 128 -I 256
bare=1 written encrypted 1M 1024 -t ext4 -O encrypt,^has_journal -N 128 -I 256

crashed journal 8M 1024 -t ext4
crashed journal_ext3 8M 1024 -t ext3
options=journal_checksum crashed journal_sum1 8M 1024 -t ext4 -O ^metadata_csum,^64bit
options=data=journal,nodelalloc crashed journal_data 12M 1024 -t ext4
crashed journal_revoke 4M 1024 -t ext4 -m 0
crashed fast_commit 12M 1024 -t ext4 -O fast_commit

# the kernel no longer writes version 2 of the journal's checksums: debugfs does
for bits in 64bit ^64bit; do
    name=journal_sum2${bits/^64bit/-32bit}
    name=${name/64bit/}
    want "$name" || continue
    mkdir -p "$work/logged"
    seq 3000 >"$work/logged/replaced"
    seq 2000 >"$work/logged/revoked"
    (printf '\xc0\x3b\x39\x98' && yes "replaced by the log") 2>/dev/null | head -c 2048 >"$work/blocks" || true
    format "$name" 4M -b 1024 -t ext4 -O "$bits" -d "$work/logged"
    block() { debugfs -R "bmap $1 1" "$work/$name.img" 2>/dev/null; }
    printf 'jo -c -v 2\njw -b %d,%d %s\njw -r %d\njc\n' "$(block replaced)" "$(block revoked)" "$work/blocks" "$(block revoked)" |
        debugfs -w -f - "$work/$name.img" >/dev/null 2>&1
    cp "$work/$name.img" "$work/$name.crash"
    mount -o loop,noatime "$work/$name.img" "$mnt" && umount "$mnt"
    listing "$name"
    mv "$work/$name.crash" "$work/$name.img"
    pack "$name"
done

# the kernel of a build machine may not know casefold: mke2fs, debugfs and e2fsck do
if want casefold; then
    mkdir -p "$work/fold/folded" "$work/fold/small" "$work/fold/plain"
    for i in $(seq 150); do echo "$i" >"$work/fold/folded/Mixed Case Name $i"; echo "$i" >"$work/fold/plain/Mixed Case Name $i"; done
    echo "content" >"$work/fold/small/Größe"
    extended=encoding=utf8 format casefold 2M -b 1024 -t ext4 -O casefold,^has_journal -N 512 -d "$work/fold"
    for dir in folded small; do debugfs -w -R "set_inode_field $dir flags 0x40080000" "$work/casefold.img" 2>/dev/null; done
    e2fsck -fyD "$work/casefold.img" >/dev/null 2>&1 || [[ $? -le 1 ]]
    source_listing casefold "$work/fold"
    pack casefold
fi

# one image for each hash of directories, with chars signed and unsigned
for hash in legacy half_md4 tea; do
    for sign in signed unsigned; do
        name=hash-$hash-$sign
        want "$name" || continue
        mkdir -p "$work/hash/dir"
        (cd "$work/hash/dir" && python3 -c 'for i in range(120): open(b"%d \xe9\xff " % i + b"\x80long"[:i % 6] * (i % 9), "w")')
        format "$name" 1M -b 1024 -t ext4 -O ^has_journal -N 256 -d "$work/hash"
        tune2fs -E hash_alg=$hash "$work/$name.img" >/dev/null
        debugfs -w -R "set_super_value flags $([[ $sign = signed ]] && echo 1 || echo 2)" "$work/$name.img" 2>/dev/null
        e2fsck -fyD "$work/$name.img" >/dev/null 2>&1 || [[ $? -le 1 ]]
        listing "$name"
        pack "$name"
    done
done
