#!/bin/bash
# Builds two variants of the real Debian 12 disk for `make images`, after build-debian.sh: debian12-hardened.qcow2, with
# the settings of a hardening guide, and debian12-broken.qcow2, with traps for those who read configuration naively. What
# they change lies in variants/. A second run does nothing unless something changed. Root or fakeroot, as build-debian.sh.
set -euo pipefail
. "$(dirname "$0")/debian.sh"
. "$here/variants.sh"

[[ -f $tarball ]] || { say "no $tarball: run build-debian.sh first" && exit 1; }
stamp=$({ cat "$here/"{build-variants,variants,debian}.sh "$tarball.recipe" && cd "$here" &&
	tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -c variants; } | sha256sum | cut -d' ' -f1)
if [[ $(cat "$out/stamp-variants" 2>/dev/null) == "$stamp" ]]; then
	say "the variants in $out are up to date"
	exit
fi

assemble() {
	local work=$build/work-variants variant
	rm -rf "$work" "$out/stamp-variants" && mkdir -p "$work" "$out"
	trap 'rm -rf "$build/work-variants"' EXIT
	for variant in "${variants[@]}"; do
		unpack "$work/tree"
		apply "$work/tree" "$variant"
		disk "$work/tree" "$work/disk.raw"
		packages "$work/tree" >"$out/packages-$variant"
		say "converting"
		qemu-img convert -O qcow2 "$work/disk.raw" "$out/debian12-$variant.qcow2"
		rm -rf "$work/tree" "$work/disk.raw"
	done
	echo "$stamp" >"$out/stamp-variants"
}
if [[ ${1-} == assemble ]]; then
	assemble
	exit
fi

need
root "$here/build-variants.sh" assemble
