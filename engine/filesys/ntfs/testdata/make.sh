#!/bin/bash
# Makes the images of this folder and their truth: mkntfs formats them, ntfs-3g fills them and says what it reads from them.
# What WOF compressed is laid out by wof.py, which knows what Windows would read; libwim makes its chunks.
# Needs ntfs-3g, libwim15, python3, zstd, and a root that may mount with FUSE. The tests need only what is committed here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../../..
work=$(mktemp -d /var/tmp/ntfs-images.XXXXXX)
trap 'umount "$work/mnt" 2>/dev/null || true; rm -rf "$work"' EXIT
export PATH=$PATH:/usr/sbin:/sbin
mkdir "$work/mnt"

for spec in "default 12M" "512 12M -c 512" "64k 24M -c 65536"; do
    read -r name size options <<<"$spec"
    truncate -s "$size" "$work/$name.img"
    # shellcheck disable=SC2086
    mkntfs -F -Q -q -L "NTFS TEST" $options "$work/$name.img" >/dev/null 2>&1
    ntfs-3g -o compression,special_files=wsl,streams_interface=xattr "$work/$name.img" "$work/mnt"
    python3 "$here/tree.py" "$work/mnt"
    umount "$work/mnt"
    ntfs-3g -o ro,special_files=wsl,streams_interface=xattr "$work/$name.img" "$work/mnt"
    python3 "$root/internal/conformance/truth.py" "$work/mnt" | gzip -9n >"$here/$name.jsonl.gz"
    umount "$work/mnt"
    zstd -q -19 -f "$work/$name.img" -o "$here/$name.img.zst"
done

fill() { # name size script, which may print the truth
    truncate -s "$2" "$work/$1.img"
    mkntfs -F -Q -q -L "NTFS TEST" "$work/$1.img" >/dev/null 2>&1
    ntfs-3g -o streams_interface=windows "$work/$1.img" "$work/mnt"
    python3 "$here/$3" "$work/mnt" >"$work/$1.jsonl"
    umount "$work/mnt"
    zstd -q -19 -f "$work/$1.img" -o "$here/$1.img.zst"
}

fill wof 8M wof.py
gzip -9nc "$work/wof.jsonl" >"$here/wof.jsonl.gz"
fill windows 8M windows.py
ntfssecaudit -r "$work/windows.img" / 2>/dev/null </dev/null | awk -f "$here/owners.awk" | LC_ALL=C sort | grep -v '^/\$' |
    gzip -9n >"$here/windows.owners.gz"
