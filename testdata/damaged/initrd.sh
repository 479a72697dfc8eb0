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
initrd-empty() { put "$initrd" 644 </dev/null; }
initrd-truncated() { edit "$initrd" head -c 8000000; }
initrd-last-bytes-lost() { edit "$initrd" head -c -64; }
initrd-checksum-flipped() { edit "$initrd" sh -c 'head -c -8 && printf "\1\2\3\4\5\6\7\10"'; }
initrd-zeroed-start() { zero_block "$initrd"; }
initrd-zeroed-middle() { zero_block "$initrd" 1900; }
initrd-zeroed() { zeros 15000000 | put "$initrd" 644; }
initrd-longer() { edit "$initrd" sh -c 'cat && yes garbage | head -c 4096'; }
initrd-not-compressed() { edit "$initrd" gzip -d; }
initrd-is-kernel() { cat_file "$kernel" | put "$initrd" 644; }
initrd-of-another-kernel() { repack "s/modules\/$release/modules\/${release/6./5.}/g"; }
initrd-without-init() { repack 's/00000000init\x00/00000000inix\x00/'; }
initrd-without-shell() { repack 's/usr\/bin\/sh\x00/usr\/bin\/sx\x00/'; }
initrd-without-run-init() { repack 's/usr\/bin\/run-init\x00/usr\/bin\/run-inix\x00/'; }
initrd-without-klibc() { repack 's/usr\/lib\/klibc-/usr\/lib\/klibx-/'; }
initrd-without-mount() { repack 's/usr\/bin\/mount\x00/usr\/bin\/mounx\x00/'; }
initrd-without-udev() { repack 's/usr\/bin\/udevadm\x00/usr\/bin\/udevadx\x00/'; }
initrd-without-start-of-udev() { repack 's/scripts\/init-top\/udev\x00/scripts\/init-top\/udex\x00/'; }
initrd-without-virtio-blk() { repack 's/virtio_blk\.ko\x00/virtio_blx.ko\x00/'; }
initrd-without-virtio-ring() { repack 's/virtio_ring\.ko\x00/virtio_rinx.ko\x00/'; }
initrd-without-local() { repack 's/scripts\/local\x00/scripts\/locax\x00/'; }
initrd-without-functions() { repack 's/scripts\/functions\x00/scripts\/functionx\x00/'; }
initrd-without-udev-rules() { repack 's/rules\.d\/80-drivers\.rules\x00/rules.d\/80-drivers.rulex\x00/'; }
initrd-with-broken-init() { repack 's/^mountroot$/mountroox/'; }
initrd-without-nfs() { repack 's/scripts\/nfs\x00/scripts\/nfx\x00/'; }
