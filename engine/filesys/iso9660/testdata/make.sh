#!/bin/bash
# Makes the images of this folder, by xorriso and genisoimage, and their truth: what the trees hold that they were made from.
# Linux 6.1 reads the same from all of them, but for what it cannot show: names of more than 254 bytes, times after 2038, and numbers of
# devices over 255 that libisofs wrote.
# Needs root, xorriso, genisoimage, isolinux (for its boot sectors) and zstd. The tests need only what is committed here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
truth=$here/../../../../internal/conformance/truth.py
work=$(mktemp -d /var/tmp/iso-images.XXXXXX)
trap 'rm -rf "$work"' EXIT
export TZ=UTC SOURCE_DATE_EPOCH=1700000000 LC_ALL=C.UTF-8
umask 022
python3 "$here/tree.py" "$work"
cd "$work"

image() { # name tree sed-script command...
    "${@:4}" -o "$1.iso" "$2" 2>"$1.log" || { cat "$1.log"; exit 1; }
    # directory records keep whole seconds
    python3 "$truth" "$2" | sed -e 's/\("mtime":"-\?[0-9]*\)\.[0-9]*"/\1"/' -e "$3" >"$1.jsonl"
    gzip -9nc "$1.jsonl" >"$here/$1.jsonl.gz"
    zstd -q --ultra -22 -f "$1.iso" -o "$here/$1.iso.zst"
}

xorriso() { command xorriso -no_rc -as mkisofs -quiet -V XORRISO "$@"; }
genisoimage() { command genisoimage -quiet -V GENISOIMAGE -input-charset utf-8 "$@"; }
# what Linux makes of files without Rock Ridge
bare='s/"mode":"04[0-7]*"/"mode":"040555"/; s/"mode":"10[0-7]*"/"mode":"100555"/'

image rock-xorriso features '' xorriso -R
image rock-joliet features '' xorriso -R -J -joliet-long
# genisoimage writes targets of links wrongly where a field that goes on has more than 255 bytes
image rock-genisoimage features '/links.\(kind-10\|900\|10..\)"/d' genisoimage -R -input-charset iso8859-1 -output-charset iso8859-1 \
    -m kind-10 -m 900 -m 1000 -m 1023
image deep-xorriso deep '' xorriso -R
moved='$a{"path":"/rr_moved","type":"dir","mode":"040555","uid":0,"gid":0,"mtime":""}'
image deep-genisoimage deep "$moved" genisoimage -R
image many many '' genisoimage -R
image joliet many "$bare" genisoimage -J
image plain plain "$bare" genisoimage -iso-level 1
image plain-joliet plain "$bare" xorriso -J --norock
mkdir boot
cp /usr/lib/ISOLINUX/isolinux.bin plain/one/two/three/boot.bin
head -c 40000 /dev/zero >plain/one/efi.img
# the boot loader is patched, and the catalogue is a file
hybrid='/boot.bin/s/"sha256":"[0-9a-f]*"/"sha256":""/; $a{"path":"/one/boot.cat","type":"file","mode":"","uid":0,"gid":0,"mtime":""}'
image hybrid plain "$hybrid" xorriso -R -isohybrid-mbr /usr/lib/ISOLINUX/isohdpfx.bin -c one/boot.cat -b one/two/three/boot.bin -no-emul-boot \
    -boot-load-size 4 -boot-info-table -eltorito-alt-boot -e one/efi.img -no-emul-boot -isohybrid-gpt-basdat

# a file of two extents: all behind the first MiB is zeros
mkdir big
printf 'the first bytes' >big/big
truncate -s 4300M big/big
printf 'behind it' >big/small
command xorriso -no_rc -as mkisofs -quiet -R -iso-level 3 -V BIG -o big.iso big
head -c 1M big.iso | zstd -q --ultra -22 -f -o "$here/big.head.zst"
ls -l big.iso
