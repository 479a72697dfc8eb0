#!/bin/sh
# Asks systemd-sysctl and sysctl --system what they write for each tree here: in a chroot whose /proc/sys is made of plain
# files. Needs root, python3, systemd and procps. Writes NAME.systemd-sysctl and NAME.procps.
set -eu
cd "$(dirname "$0")"
for tree in *.txtar; do
	root=$(mktemp -d)
	python3 ../../../../internal/factstest/unpack.py "$tree" "$root"
	for program in /lib/systemd/systemd-sysctl /usr/sbin/sysctl; do
		mkdir -p "$root${program%/*}"
		cp "$program" "$root$program"
		ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
			mkdir -p "$root${library%/*}"
			cp "$library" "$root$library"
		done
	done
	mkdir -p "$root/dev"
	mknod -m 666 "$root/dev/null" c 1 3
	for run in systemd-sysctl procps; do
		rm -rf "$root/proc.$run"
		while read -r key; do
			mkdir -p "$root/proc.$run/sys/${key%/*}"
			: >"$root/proc.$run/sys/$key"
		done <"$root/proc"
	done
	mv "$root/proc" "$root/keys"
	for run in systemd-sysctl procps; do
		mv "$root/proc.$run" "$root/proc"
		case $run in
		systemd-sysctl) chroot "$root" /lib/systemd/systemd-sysctl 2>/dev/null || true ;;
		procps) chroot "$root" /usr/sbin/sysctl --system >/dev/null 2>&1 || true ;;
		esac
		while read -r key; do
			printf '%s\t%s\n' "$key" "$(tr -d '\n' <"$root/proc/sys/$key")"
		done <"$root/keys" >"${tree%.txtar}.$run"
		mv "$root/proc" "$root/proc.$run"
	done
	rm -rf "$root"
done
