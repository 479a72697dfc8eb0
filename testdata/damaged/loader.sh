# Damage to the boot loader: GRUB in the first sector, its core image, and its modules in /boot/grub/i386-pc.
# shellcheck shell=bash disable=SC2154
mods=/boot/grub/i386-pc

boot-code-zeroed() { zeros 440 | poke "$disk" 0; }
boot-code-flipped() { flip "$disk" $((0x70)); }
boot-signature-lost() { zeros 2 | poke "$disk" 510; }
boot-code-loads-another-sector() { le 2304 8 | poke "$disk" $((0x5c)); }
boot-code-loads-beyond-disk() { le 999999999 8 | poke "$disk" $((0x5c)); }
core-first-sector-zeroed() { zero "$disk" $core 512; }
core-second-sector-zeroed() { zero "$disk" $((core + 512)) 512; }
core-zeroed() { zero "$disk" $core $((205 * 512)); }
core-tail-zeroed() { zero "$disk" $((core + 150 * 512)) $((55 * 512)); }
core-byte-flipped() { flip "$disk" $((core + 60000)); }
core-list-too-short() { le 20 2 | poke "$disk" $((core + 0x1fc)); }
core-file-missing() { remove $mods/core.img; }
boot-image-file-missing() { remove $mods/boot.img; }
grub-directory-missing() { forget /boot/grub; }
grub-modules-missing() { forget $mods; }
grub-linux-missing() { remove $mods/linux.mod; }
grub-linux-zeroed() { zero_block $mods/linux.mod; }
grub-linux-flipped() { flip "$disk" $(($(at $mods/linux.mod) + 0x800)); }
grub-relocator-missing() { remove $mods/relocator.mod; }
grub-normal-zeroed() { zero_block $mods/normal.mod; }
grub-ext2-missing() { remove $mods/ext2.mod; }
grub-gzio-missing() { remove $mods/gzio.mod; }
grub-command-list-missing() { remove $mods/command.lst; }
grub-dependencies-missing() { remove $mods/moddep.lst; }
grub-tga-missing() { remove $mods/tga.mod; }
