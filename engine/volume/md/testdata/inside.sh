#!/bin/bash
# Makes the arrays of make.sh with mdadm and the kernel, fills them, and says what the kernel reads from them. It runs in a virtual
# machine, as make.sh starts it, in an empty folder beside which mdadm is.
set -euo pipefail
mdadm=$1
for m in loop linear raid0 raid1 raid10 raid456; do modprobe "$m"; done
truth=truth.tsv

fill() { # of a device: every 512 bytes say where they are
    python3 -c '
import os, sys
size = int(sys.argv[2])
with open(sys.argv[1], "r+b", buffering=0) as f:
    f.write(b"".join((b"%015d\n" % (i * 7 + int(sys.argv[3]))) * 32 for i in range(size // 512)))
    os.fsync(f.fileno())
' "$1" "$(blockdev --getsize64 "$1")" "${2:-0}"
}

array() { # name sizes-in-KiB mdadm-options...
    local name=$1 sizes=$2 i=0 loops=()
    for size in $sizes; do
        truncate -s "${size}K" "$name.$i"
        loops+=("$(losetup --show -f "$name.$i")")
        i=$((i + 1))
    done
    "$mdadm" --create /dev/md9 --run --assume-clean --homehost=box --raid-devices=$i "${@:3}" "${loops[@]}"
    fill /dev/md9
    [[ $(type -t "change_$name") != function ]] || "change_$name" "${loops[@]}"
    sync
    echo 3 >/proc/sys/vm/drop_caches
    printf '%s\t%s\t%s\t%s\n' "$name" "$(blockdev --getsize64 /dev/md9)" "$(sha256sum </dev/md9 | cut -d' ' -f1)" \
        "$("$mdadm" --detail /dev/md9 | sed -n 's/^ *UUID : //p')" >>$truth
    "$mdadm" --stop --quiet /dev/md9
    losetup -d "${loops[@]}"
}

change_stale5() { # the second member misses what is written last
    "$mdadm" /dev/md9 --fail "$2" --quiet
    fill /dev/md9 3
}
change_stale1() {
    "$mdadm" /dev/md9 --fail "$1" --quiet
    fill /dev/md9 3
}
change_bad1() { # sectors of the first member are not to be read
    echo "2056 8" >/sys/block/md9/md/rd0/bad_blocks || echo "no bad blocks"
}

array mirror12 "1280 1280" --level=1 --metadata=1.2 --name=root
array mirror11 "1280 1280" --level=1 --metadata=1.1 --name=3
array mirror10 "1280 1280" --level=1 --metadata=1.0 --name=boot
array mirror090 "1280 1280 1280" --level=1 --metadata=0.90
array stripe "1280 1280 1280" --level=0 --chunk=16
array zones "1280 2304 3328" --level=0 --chunk=16 --layout=alternate
array original "1280 1280 2304 3328" --level=0 --chunk=16 --layout=original
array linear090 "1280 2304" --level=linear --metadata=0.90
array linear "1280 2304" --level=linear
array level4 "1280 1280 1280" --level=4 --chunk=16
for layout in ls la rs ra parity-first parity-last; do
    array "five-$layout" "1280 1280 1280 1280" --level=5 --chunk=16 --layout=$layout
done
for layout in ls la rs ra; do
    array "six-$layout" "1280 1280 1280 1280 1280" --level=6 --chunk=16 --layout=$layout
done
array five090 "1280 1280 1280" --level=5 --chunk=16 --metadata=0.90
array near2 "1280 1280 1280 1280" --level=10 --chunk=16 --layout=n2
array near2odd "1280 1280 1280" --level=10 --chunk=16 --layout=n2
array near3 "1280 1280 1280 1280" --level=10 --chunk=16 --layout=n3
array far2 "1280 1280 1280" --level=10 --chunk=16 --layout=f2
array far2even "1280 1280 1280 1280" --level=10 --chunk=16 --layout=f2
array offset2 "1280 1280 1280" --level=10 --chunk=16 --layout=o2
array stale5 "1280 1280 1280" --level=5 --chunk=16
array stale1 "1280 1280" --level=1
array bad1 "2304 2304" --level=1
