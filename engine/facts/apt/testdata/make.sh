#!/bin/sh
# Records what apt-config(8) and apt-get(8) make of the files in tree.txtar: conf.dump, one setting a line, and
# sources.dump, what it would fetch first from the
# enabled sources. Needs apt and python3.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 - "$tmp" <<-'END'
	import os, re, sys
	parts = re.split(r"(?m)^-- (.*) --\n", open("tree.txtar").read())
	for name, data in zip(parts[1::2], parts[2::2]):
	    path = sys.argv[1] + name
	    os.makedirs(os.path.dirname(path), exist_ok=True)
	    open(path, "w").write(data)
END
mkdir -p "$tmp/var/lib/apt/lists/partial" "$tmp/var/lib/dpkg" "$tmp/var/cache/apt/archives/partial" "$tmp/etc/apt/preferences.d"
touch "$tmp/var/lib/dpkg/status"
printf 'Dir "%s/";\nDir::State::status "%s/var/lib/dpkg/status";\nDir::Bin::Methods "/usr/lib/apt/methods";\n' "$tmp" "$tmp" > "$tmp/first"
APT_CONFIG="$tmp/first" apt-config dump | grep -E '^(Test|APT::Get|Acquire::https|DPkg::(Pre|Post)|Unattended)' > conf.dump
APT_CONFIG="$tmp/first" apt-get update --print-uris | sed -n "s/^'\([^']*InRelease\)'.*/\1/p" | LC_ALL=C sort > sources.dump
