#!/bin/sh
# Records what postconf makes of inet_interfaces in each configuration of main.txtar. POSTCONF is the program to ask.
set -eu
cd "$(dirname "$0")"
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
: >recorded
for name in $(sed -n 's/^-- \(.*\) --$/\1/p' main.txtar); do
	awk -v want="-- $name --" '/^-- .* --$/ { on = $0 == want; next } on' main.txtar >"$dir/main.cf"
	: >"$dir/master.cf"
	echo "$name|$(${POSTCONF:-postconf} -x -h -c "$dir" inet_interfaces 2>/dev/null)" >>recorded
done
