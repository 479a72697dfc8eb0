#!/bin/sh
# Asks cvtsudoers for the rules of each tree, and visudo -c whether it takes them. Both run in a chroot that has the
# tree's /etc. Needs root, python3 and sudo; the answers here are of 1.9.13.
set -eu
cd "$(dirname "$0")"
tool=../../../../internal/factstest/trees.py
for run in "cvtsudoers -e -f json /etc/sudoers" "visudo -c -f /etc/sudoers"; do
	RUN=$run python3 $tool trees.txtar "${run%% *}.txtar" sh -c '
	p=$(command -v ${RUN%% *})
	for f in $(ldd $p | grep -o "/[^ ]*") $p; do
		mkdir -p "$ROOT/${f%/*}"
		cp "$f" "$ROOT/$f"
	done
	echo "root:x:0:0::/root:/bin/sh" >"$ROOT/etc/passwd"
	echo "root:x:0:" >"$ROOT/etc/group"
	chroot "$ROOT" $p ${RUN#* } 2>&1 || echo "exit $?"'
done
