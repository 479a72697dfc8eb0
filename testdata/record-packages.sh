#!/bin/bash
# Records in truth/packages.txtar what dpkg --verify, run in the real Debian 12, and debsums say of it: as it is, and after the changes
# of truth/packages.changes. Needs root and build-debian.sh's tarball. The tests plant the same changes into the disk and compare.
set -euo pipefail
. "$(dirname "$0")/debian.sh"
. "$here/chroot.sh"

[[ $(id -u) == 0 ]] || { say "a chroot needs root" && exit 1; }
[[ -f $tarball ]] || { say "no $tarball: run build-debian.sh first" && exit 1; }
command -v debsums >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends debsums >/dev/null

# change WORDS...: one line of packages.changes
change() {
	case $1 in
	append) echo changed >>"$tree$2" ;;
	remove) rm "$tree$2" ;;
	link) ln -sf "$3" "$tree$2" ;;
	chmod) chmod "$2" "$tree$3" ;;
	new) echo new >"$tree$3" && chmod "$2" "$tree$3" ;;
	forge)
		echo changed >>"$tree$3"
		sed -i "s|^[0-9a-f]*  ${3#/}\$|$(md5sum <"$tree$3" | cut -d' ' -f1)  ${3#/}|" "$tree/var/lib/dpkg/info/$2.md5sums"
		;;
	*) say "unknown change: $*" && exit 1 ;;
	esac
}

# ask NAME: what both say, without the files that are right
ask() {
	echo "-- $1/dpkg --"
	in_tree dpkg --verify || true
	echo "-- $1/debsums --"
	{ debsums --all --root="$tree" 2>"$tree.errors" || true; } | cat - "$tree.errors" | sed "/ OK\$/d; s|$tree||g; s/ \+/ /g" | sort
}

tree=$build/work-packages
trap 'rm -rf "$tree" "$tree.errors"' EXIT
rm -rf "$tree"
unpack "$tree"
{
	ask clean
	while read -r -a words; do change "${words[@]}"; done <"$here/truth/packages.changes"
	ask planted
} >"$here/truth/packages.txtar"
