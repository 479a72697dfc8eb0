# Damage to the kernel and its modules.
# shellcheck shell=bash disable=SC2154
kernel-missing() { remove "$kernel"; }
kernel-truncated() { edit "$kernel" head -c 9000000; }
kernel-zeroed-middle() { zero_block "$kernel" 1700; }
kernel-zeroed-setup() { zero_block "$kernel" 2; }
kernel-is-initrd() { cat_file "$initrd" | put "$kernel" 644; }
