# Damage to the kernel and its modules.
# shellcheck shell=bash disable=SC2154
kernel-missing() { remove "$kernel"; }
kernel-empty() { put "$kernel" 644 </dev/null; }
kernel-truncated() { edit "$kernel" head -c 9000000; }
kernel-last-block-lost() { edit "$kernel" head -c -4096; }
kernel-zeroed-start() { zero_block "$kernel"; }
kernel-zeroed-middle() { zero_block "$kernel" 1700; }
kernel-garbage-middle() { garbage 65536 | poke "$disk" "$(at "$kernel" 1600)"; }
kernel-zeroed-setup() { zero_block "$kernel" 2; }
kernel-flipped() { flip "$disk" $(($(at "$kernel" 2000) + 77)); }
kernel-longer() { edit "$kernel" sh -c 'cat && head -c 4096 /dev/zero'; }
kernel-inode-zeroed() { zeros 256 | poke "$disk" "$(inode "$kernel")"; }
kernel-is-initrd() { cat_file "$initrd" | put "$kernel" 644; }
kernel-config-missing() { remove "/boot/config-$release"; }
kernel-map-zeroed() { zeros 83 | put "/boot/System.map-$release" 644; }
modules-missing() { forget "/usr/lib/modules/$release"; }
modules-list-empty() { put "/usr/lib/modules/$release/modules.dep.bin" 644 </dev/null; }
module-of-sound-zeroed() { zero_block "/usr/lib/modules/$release/kernel/drivers/net/virtio_net.ko"; }
