#!/bin/sh
# Asks modprobe (kmod) what it would do for each tree here, in a chroot where every module of the list is there. Needs root,
# python3, kmod and an assembler. Writes NAME.config (modprobe --showconfig) and NAME.dry (module, then what modprobe -n -v
# says).
set -eu
cd "$(dirname "$0")"
for tree in *.txtar; do
	root=$(mktemp -d)
	python3 ../../../../internal/factstest/unpack.py "$tree" "$root"
	mkdir -p "$root/usr/lib/modules/6.1/kernel" "$root/sbin" "$root/dev"
	[ -e "$root/lib" ] || ln -s usr/lib "$root/lib"
	cp /usr/bin/kmod "$root/sbin/modprobe"
	ldd /usr/bin/kmod | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$root${library%/*}"
		cp "$library" "$root$library"
	done
	mknod -m 666 "$root/dev/null" c 1 3
	while read -r module; do
		echo '.section .modinfo,"a"; .asciz "license=GPL"' | as -o "$root/usr/lib/modules/6.1/kernel/$module.ko" -
	done <"$root/modules"
	depmod -b "$root" 6.1 2>/dev/null
	chroot "$root" /sbin/modprobe --showconfig 2>/dev/null | grep -E '^(blacklist|install|alias|options) ' >"${tree%.txtar}.config" || true
	while read -r module; do
		printf '%s\t%s\n' "$module" "$(chroot "$root" /sbin/modprobe -S 6.1 -n -v "$module" 2>/dev/null | tr '\n' ' ')"
	done <"$root/modules" >"${tree%.txtar}.dry"
	rm -rf "$root"
done
