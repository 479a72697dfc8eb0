#!/bin/sh
# Asks the C library (getent) and the shadow tools (pwck) what they make of each tree. Needs root, python3, libc-bin and
# passwd.
set -eu
cd "$(dirname "$0")"
tool=../../../../internal/factstest/trees.py
python3 $tool trees.txtar pwck.txtar sh -c 'yes no | pwck -R "$ROOT" -r 2>&1; true'
python3 $tool trees.txtar getent.txtar sh -c '
	for f in $(ldd /usr/bin/getent | grep -o "/[^ ]*") /usr/bin/getent; do
		mkdir -p "$ROOT/${f%/*}"
		cp "$f" "$ROOT/$f"
	done
	for db in passwd group shadow; do
		chroot "$ROOT" /usr/bin/getent -s files $db | sed "s/^/$db /"
	done'
