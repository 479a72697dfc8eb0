# Damage to the file system.
# shellcheck shell=bash disable=SC2154
superblock-zeroed() { zero "$disk" $((part + 1024)) 1024; }
descriptors-zeroed() { zero "$disk" $((part + block)) $block; }
root-inode-zeroed() { zeros 256 | poke "$disk" "$(inode '<2>')"; }
directory-root-zeroed() { zero_block /; }
feature-read-only() { tune2fs -O read-only "$disk?offset=$part" >/dev/null 2>&1; }
