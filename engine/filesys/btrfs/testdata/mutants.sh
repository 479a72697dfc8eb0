#!/bin/bash
# Says what `btrfs check` says of damaged file systems: mutants.sh IMAGE, an unpacked `checked.img`. The damage is that of
# TestMutantsAsBtrfsCheckJudgesThem, which lists it when it is asked to; the verdicts are in mutants.txt. Needs btrfs-progs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
image=$1
export PATH=$PATH:/usr/sbin:/sbin
list=$(mktemp -d)
trap 'rm -rf "$list"' EXIT
(cd "$here/.." && GUESTCTL_BTRFS_MUTANTS=$list go test -run TestMutantsAsBtrfsCheckJudgesThem . >/dev/null)
while read -r place off xor; do
    dd if="$image" of="$list/whole" bs=16384 skip=$((place / 16384)) count=1 status=none
    dd if="$list/$place-$off-$xor" of="$image" bs=16384 seek=$((place / 16384)) conv=notrunc status=none
    verdict=damaged
    if timeout 20 btrfs check --readonly "$image" >"$list/out" 2>&1; then verdict=clean; fi
    dd if="$list/whole" of="$image" bs=16384 seek=$((place / 16384)) conv=notrunc status=none
    echo "$place $off $xor $verdict"
done <"$list/list" >"$here/mutants.txt"
