#!/bin/sh
# Records what findmnt (util-linux) and systemd-fstab-generator (systemd 252) make of the fstabs in trees.txtar, and, as
# root, which flags the kernel has after mount(8) was given each line of options.list.
set -eu
cd "$(dirname "$0")"
trees=../../../../internal/factstest/trees.py
$trees trees.txtar findmnt.txtar sh -c 'findmnt --fstab --tab-file "$ROOT/etc/fstab" --noheadings --raw -o SOURCE,TARGET,FSTYPE,OPTIONS 2>/dev/null'
$trees trees.txtar generator.txtar sh -c '
	mkdir out && SYSTEMD_LOG_LEVEL=emerg SYSTEMD_FSTAB="$ROOT/etc/fstab" /lib/systemd/system-generators/systemd-fstab-generator out out out
	for unit in $(find out -name "*.mount" -type f | sort); do echo "$(basename "$unit") $(sed -n "s/^What=//p" "$unit") $(sed -n "s/^Options=//p" "$unit")"; done'
export dir="$(mktemp -d)"
trap 'rmdir "$dir"' EXIT
unshare --mount sh -c '
	while read -r options; do
		printf "none %s tmpfs %s 0 0\n" "$dir" "$options" > "$dir.fstab"
		mount --fstab "$dir.fstab" "$dir"
		echo "$options $(awk -v dir="$dir" "\$5 == dir { print \$6 }" /proc/self/mountinfo)"
		umount "$dir"
	done' < options.list > options.flags
rm -f "$dir.fstab"
