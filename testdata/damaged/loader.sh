# Damage to the boot loader: GRUB in the first sector, its core image, and its modules in /boot/grub/i386-pc.
# shellcheck shell=bash disable=SC2154
mods=/boot/grub/i386-pc

boot-code-zeroed() { zeros 440 | poke "$disk" 0; }
boot-signature-lost() { zeros 2 | poke "$disk" 510; }
boot-code-loads-another-sector() { le 2304 8 | poke "$disk" $((0x5c)); }
core-first-sector-zeroed() { zero "$disk" $core 512; }
core-zeroed() { zero "$disk" $core $((205 * 512)); }
core-byte-flipped() { flip "$disk" $((core + 60000)); }
core-list-too-short() { le 20 2 | poke "$disk" $((core + 0x1fc)); }
grub-directory-missing() { forget /boot/grub; }
grub-modules-missing() { forget $mods; }
grub-linux-missing() { remove $mods/linux.mod; }
grub-linux-zeroed() { zero_block $mods/linux.mod; }
grub-command-list-missing() { remove $mods/command.lst; }
grub-dependencies-missing() { remove $mods/moddep.lst; }
