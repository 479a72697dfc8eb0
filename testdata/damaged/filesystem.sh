# Damage to the file system.
# shellcheck shell=bash disable=SC2154
superblock-zeroed() { zero "$disk" $((part + 1024)) 1024; }
superblock-flipped() { flip "$disk" $((part + 1024 + 4)); }
superblock-backup-zeroed() { zero "$disk" $((part + 32768 * block)) $block; }
uuid-changed() { tune2fs -f -U deadbeef-0000-4000-8000-000000000012 "$disk?offset=$part" >/dev/null 2>&1; }
descriptors-zeroed() { zero "$disk" $((part + block)) $block; }
root-inode-zeroed() { zeros 256 | poke "$disk" "$(inode '<2>')"; }
inodes-of-boot-zeroed() { zero "$disk" "$(($(inode /boot/grub) / block * block))" $block; }
inodes-of-systemd-zeroed() { zero "$disk" "$(($(inode $sd/systemd) / block * block))" $block; }
inodes-of-documents-zeroed() { zero "$disk" "$(($(inode "$document") / block * block))" $block; }
directory-root-zeroed() { zero_block /; }
directory-etc-zeroed() { zero_block /etc; }
directory-of-libraries-zeroed() { zero_block /usr/lib/x86_64-linux-gnu 1; }
directory-of-document-zeroed() { zero_block "$(dirname "$document")"; }
directory-flipped() { flip "$disk" $(($(at /usr/lib/systemd) + 8)); }
journal-zeroed() { zero_block '<8>'; }
journal-missing() { zeros 256 | poke "$disk" "$(inode '<8>')"; }
journal-to-be-replayed() { fs 'feature needs_recovery'; }
journal-lost-before-replay() {
	fs 'feature needs_recovery'
	zero_block '<8>'
}
blocks-all-used() {
	put /fill 600 </dev/null
	fs "fallocate /fill 0 $(($(field 'Free blocks') - 200))" "sif /fill size $((4 << 30))"
}
inodes-all-used() { fs 'seti <1> 131072' 'ssv free_inodes_count 0' && all_groups free_inodes_count 0; }
block-bitmap-zeroed() { zero "$disk" $((part + 257 * block)) $block; }
inode-bitmap-garbage() { garbage $block | poke "$disk" $((part + 273 * block)); }
error-recorded() { fs 'ssv state 2' 'ssv error_count 3' 'ssv first_error_time 20251101' 'ssv last_error_time 20251101'; }
feature-of-kernels-to-come() { fs 'ssv feature_incompat 0x800002c2'; }
feature-read-only() { tune2fs -O read-only "$disk?offset=$part" >/dev/null 2>&1; }
feature-read-only-unknown() { fs "ssv feature_ro_compat $(printf 0x%x $((0x46b | 0x40000000)))"; }
feature-that-grub-lacks() { tune2fs -O large_dir "$disk?offset=$part" >/dev/null 2>&1; }
mount-options-unknown() { tune2fs -E mount_opts=gone "$disk?offset=$part" >/dev/null 2>&1; }
extents-of-libc-flipped() { flip "$disk" $(($(inode $lib/libc.so.6) + 0x28 + 12 + 8)); }
free-space-garbage() { garbage 65536 | poke "$disk" $((part + 500000 * block)); }
document-zeroed() { zero_block "$document"; }

# all_groups FIELD VALUE: the same in every group's descriptor
all_groups() {
	local g
	for g in {0..15}; do fs "set_bg $g $1 $2" "set_bg $g checksum calc"; done
}
