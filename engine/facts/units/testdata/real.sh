#!/bin/sh
# Packs the unit files of a real system, and what systemctl (systemd 252) says about all of them.
# Usage: ./real.sh ROOT, the root of a Debian 12 that was unpacked from an image
set -eu
cd "$(dirname "$0")"
python3 - "$1" <<'PY' | gzip -9n > real.txtar.gz
import os
import subprocess
import sys

root = sys.argv[1].rstrip("/")


def walk(top):
    for entry in sorted(os.scandir(top), key=lambda e: e.name):
        name = "real" + entry.path[len(root):]
        if entry.is_symlink():
            print(f"-- {name} -> {os.readlink(entry.path)} --")
        elif entry.is_dir():
            walk(entry.path)
        elif entry.is_file() and entry.stat().st_size < 65536:
            executable = " +x" if entry.stat().st_mode & 0o100 else ""
            with open(entry.path, "rb") as f:
                data = f.read()
            if "/init.d/" in name:
                print(f"-- {name}{executable} --\n#!/bin/sh")
            elif b"\0" not in data:
                text = "\n".join(l for l in data.decode("utf-8", "replace").splitlines() if l and l[0] not in "#;")
                print(f"-- {name}{executable} --\n{text}")


print("Unit files of a Debian 12, without their comments.")
for top in ("/etc/systemd/system", "/usr/lib/systemd/system", "/usr/lib/systemd/system-preset", "/etc/init.d", "/etc/rc1.d", "/etc/rc2.d",
            "/etc/rc3.d", "/etc/rc4.d", "/etc/rc5.d", "/usr/share/dbus-1/system-services"):
    if os.path.isdir(root + top):
        walk(root + top)
print("-- real/lib -> usr/lib --")
PY
systemctl --root="$1" list-unit-files --no-legend | tr -s ' ' | sed 's/ $//' > real.systemctl
