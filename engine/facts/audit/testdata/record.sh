#!/bin/sh
# Runs augenrules on each tree here and keeps the file it makes: NAME.rules. Needs auditd and python3.
set -eu
cd "$(dirname "$0")"
for tree in *.txtar; do
	root=$(mktemp -d)
	python3 ../../../../internal/factstest/unpack.py "$tree" "$root"
	sed "s|/etc/audit/|$root/etc/audit/|" "$(command -v augenrules)" >"$root/augenrules"
	sh "$root/augenrules" >/dev/null
	grep -v '^##' "$root/etc/audit/audit.rules" >"${tree%.txtar}.rules" || true
	rm -rf "$root"
done
