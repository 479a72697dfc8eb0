# Damage to the configuration: the boot menu, and what the kernel is told in it.
# shellcheck shell=bash disable=SC2154
menu=/boot/grub/grub.cfg
other=deadbeef-0000-4000-8000-000000000012

# tell WORDS: the kernel's arguments end with them
tell() { edit $menu sed "s|console=ttyS0|console=ttyS0 $1|"; }

menu-missing() { remove $menu; }
menu-empty() { put $menu 600 </dev/null; }
menu-zeroed() { zeros 5006 | put $menu 600; }
menu-first-block-zeroed() { zero_block $menu; }
menu-last-block-zeroed() { zero_block $menu 1; }
menu-ends-in-entry() { edit $menu sed '/Loading Linux/,$d'; }
menu-brace-lost() { edit $menu sed '/^menuentry/,/^}/{s/^}//}'; }
menu-fi-lost() { edit $menu sed '0,/^fi$/{s/^fi$//}'; }
menu-linux-misspelt() { edit $menu sed 's/^\(\t*\)linux\t/\1linuy\t/'; }
menu-initrd-lost() { edit $menu sed '/^\t*initrd\t/d'; }
menu-names-no-kernel() { edit $menu sed 's|/boot/vmlinuz-|/boot/vmlinux-|'; }
menu-names-no-initrd() { edit $menu sed 's|/boot/initrd.img-|/boot/initrd-|'; }
menu-searches-another() { edit $menu sed "s/--set=root $root_uuid/--set=root $other/"; }
menu-searches-another-partition() { edit $menu sed "s/--set=root $root_uuid/--set=root $other/; s/hd0,gpt2/hd0,gpt1/"; }
menu-default-beyond-end() { edit $menu sed 's/set default="0"/set default="7"/'; }
menu-default-is-recovery() { edit $menu sed 's/set default="0"/set default="1>1"/'; }
menu-waits-for-ever() { edit $menu sed 's/set timeout=5/set timeout=-1/'; }
menu-waits-for-ever-quoted() { edit $menu sed 's/set timeout=5/set timeout="-1"/'; }
menu-terminal-not-there() { edit $menu sed 's/terminal_output gfxterm/terminal_output gone/'; }
environment-zeroed() { zeros 1024 | put /boot/grub/grubenv 644; }
environment-names-no-entry() {
	{ printf '# GRUB Environment Block\nnext_entry=gone\n' && head -c 1024 /dev/zero | tr '\0' '#'; } | head -c 1024 | put /boot/grub/grubenv 644
}
root-is-loop-device() { edit $menu sed "s|root=UUID=$root_uuid|root=/dev/loop0p2|"; }
root-is-another-uuid() { edit $menu sed "s/root=UUID=$root_uuid/root=UUID=$other/"; }
root-is-another-disk() { edit $menu sed "s|root=UUID=$root_uuid|root=/dev/vdb2|"; }
root-is-another-partition() { edit $menu sed "s|root=UUID=$root_uuid|root=/dev/vda1|"; }
root-is-partuuid() { edit $menu sed 's|root=UUID=[^ ]*|root=PARTUUID=1c0ffee0-0000-4000-9000-000000000122|'; }
root-by-name-of-disk() { edit $menu sed "s|root=UUID=$root_uuid|root=/dev/vda2|"; }
root-not-told() { edit $menu sed "s/root=UUID=$root_uuid //"; }
root-misspelt() { edit $menu sed "s/root=UUID=$root_uuid/roof=UUID=$root_uuid/"; }
told-wrong-type() { tell rootfstype=xfs; }
told-unknown-mount-option() { tell rootflags=gone; }
told-emergency() { tell emergency; }
told-unit-not-there() { tell systemd.unit=gone.target; }
told-init-not-there() { tell init=/sbin/gone; }
told-init-false() { tell init=/bin/false; }
told-first-init-not-there() { tell rdinit=/gone; }
told-no-virtio() { tell modprobe.blacklist=virtio_blk; }
told-little-memory() { tell mem=24M; }
told-no-initrd() { tell noinitrd; }
told-boot-from-network() { tell boot=nfs; }
told-no-mount-of-root() { tell break=mount; }
told-nothing-known() { tell gone=1; }
