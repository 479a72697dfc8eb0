# Damage to the initrd. One that was packed again is whole to its last checksum, and lacks something.
# shellcheck shell=bash disable=SC2154
# repack EXPRESSION: changes names and bytes in the archive, which must keep their length
repack() {
	cat_file "$initrd" | gzip -d >"$scratch/cpio"
	sed "$1" <"$scratch/cpio" >"$scratch/changed"
	! cmp -s "$scratch/cpio" "$scratch/changed" || { say "nothing was changed" && return 1; }
	[[ $(stat -c %s "$scratch/cpio") == $(stat -c %s "$scratch/changed") ]] || { say "another length" && return 1; }
	gzip -1n <"$scratch/changed" | put "$initrd" 644
}

initrd-missing() { remove "$initrd"; }
initrd-without-run-init() { repack 's/usr\/bin\/run-init\x00/usr\/bin\/run-inix\x00/'; }
initrd-with-broken-init() { repack 's/^mountroot$/mountroox/'; }
