#!/bin/sh
# Takes grub.cfg and grubenv, as grub-mkconfig wrote them, off the Debian disk that `make images` builds.
# Needs sfdisk and debugfs. Usage: ./make.sh DISK.raw
set -eu
cd "$(dirname "$0")"
start=$(sfdisk -d "$1" | sed -n 's/.*start= *\([0-9]*\),.*/\1/p' | tail -n 1)
for file in grub.cfg grubenv; do
	debugfs -R "cat /boot/grub/$file" "$1?offset=$((start * 512))" > "$file"
done
