#!/bin/bash
# Records how split (GNU coreutils) calls parts: names-*.txt has one series each, in the order of the parts. Sizes of split -n are in
# sizes.txt, as the number of bytes, the number of parts, and the size of each.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
head -c 950 /dev/zero >"$work/disk"
names() { # FILE ARGUMENT...
	rm -rf "$work/parts" && mkdir "$work/parts"
	(cd "$work/parts" && split -b 1 "${@:2}")
	# by age would be by part, were clocks fine enough; split writes its numbers so that they sort
	(cd "$work/parts" && LC_ALL=C ls) >"$1"
}
names names-letters.txt "$work/disk" disk.raw.part
names names-digits.txt -d "$work/disk" disk.
names names-letters3.txt -a 3 "$work/disk" disk-
names names-one.txt --numeric-suffixes=1 -a 3 "$work/disk" disk.
names names-default.txt "$work/disk"
for bytes in 950 953; do
	rm -rf "$work/parts" && mkdir "$work/parts"
	head -c $bytes /dev/zero >"$work/disk"
	(cd "$work/parts" && split -n 4 "$work/disk")
	echo "$bytes 4 $(cd "$work/parts" && stat -c %s ./* | tr '\n' ' ')"
done >sizes.txt
