#!/bin/sh
# Records what dpkg-query -S says about the paths of dpkg.paths, with the lists and diversions of dpkg.txtar. Needs dpkg,
# python3.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 - "$tmp" <<-'END'
	import os, re, sys
	parts = re.split(r"(?m)^-- (.*) --\n", open("dpkg.txtar").read())
	for name, data in zip(parts[1::2], parts[2::2]):
	    path = sys.argv[1] + name
	    os.makedirs(os.path.dirname(path), exist_ok=True)
	    open(path, "w").write(data)
	admin = sys.argv[1] + "/var/lib/dpkg"
	with open(admin + "/status", "w") as f:
	    for name in sorted(os.listdir(admin + "/info")):
	        pkg, arch = (name[:-5].split(":") + ["amd64"])[:2]
	        same = "Multi-Arch: same\n" if ":" in name else ""
	        f.write("Package: %s\nStatus: install ok installed\nMaintainer: x\nArchitecture: %s\n%sVersion: 1\nDescription: x\n\n" % (pkg, arch, same))
	open(admin + "/info/format", "w").write("1\n")
END
dpkg-query --admindir="$tmp/var/lib/dpkg" -S $(cat dpkg.paths) 2> /dev/null > dpkg.query || true
