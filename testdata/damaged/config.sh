# Damage to the configuration: the boot menu, and what the kernel is told in it.
# shellcheck shell=bash disable=SC2154
menu=/boot/grub/grub.cfg
other=deadbeef-0000-4000-8000-000000000012

# tell WORDS: the kernel's arguments end with them
tell() { edit $menu sed "s|console=ttyS0|console=ttyS0 $1|"; }

menu-missing() { remove $menu; }
menu-empty() { put $menu 600 </dev/null; }
menu-first-block-zeroed() { zero_block $menu; }
menu-brace-lost() { edit $menu sed '/^menuentry/,/^}/{s/^}//}'; }
menu-linux-misspelt() { edit $menu sed 's/^\(\t*\)linux\t/\1linuy\t/'; }
menu-names-no-kernel() { edit $menu sed 's|/boot/vmlinuz-|/boot/vmlinux-|'; }
menu-names-no-initrd() { edit $menu sed 's|/boot/initrd.img-|/boot/initrd-|'; }
menu-searches-another-partition() { edit $menu sed "s/--set=root $root_uuid/--set=root $other/; s/hd0,gpt2/hd0,gpt1/"; }
menu-waits-for-ever-quoted() { edit $menu sed 's/set timeout=5/set timeout="-1"/'; }
root-is-loop-device() { edit $menu sed "s|root=UUID=$root_uuid|root=/dev/loop0p2|"; }
root-is-another-uuid() { edit $menu sed "s/root=UUID=$root_uuid/root=UUID=$other/"; }
told-unknown-mount-option() { tell rootflags=gone; }
told-init-not-there() { tell init=/sbin/gone; }
told-first-init-not-there() { tell rdinit=/gone; }
told-no-virtio() { tell modprobe.blacklist=virtio_blk; }
told-little-memory() { tell mem=24M; }
told-no-initrd() { tell noinitrd; }
told-boot-from-network() { tell boot=nfs; }
