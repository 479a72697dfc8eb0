# Sourced in the tree of the hardened variant: what files cannot say. See apply in variants.sh.
mkdir -p home/ana home/ops var/log/audit
# accounts that nobody logs in with
sed -i 's|^sync:\(.*\):/bin/sync$|sync:\1:/usr/sbin/nologin|' etc/passwd
sed -i 's|^postgres:\(.*\):/bin/bash$|postgres:\1:/usr/sbin/nologin|' etc/passwd
# root has no password and cannot have one by accident
sed -i 's|^root:[^:]*:|root:!*:|' etc/shadow
# services that a guide turns off
rm etc/systemd/system/multi-user.target.wants/e2scrub_reap.service
rm etc/systemd/system/timers.target.wants/e2scrub_all.timer
rm etc/systemd/system/multi-user.target.wants/remote-fs.target
# what boots: as grub-mkconfig would write it from etc/default/grub
sed -i 's|console=ttyS0|console=ttyS0 apparmor=1 security=apparmor audit=1 audit_backlog_limit=8192 slab_nomerge init_on_alloc=1|' \
	boot/grub/grub.cfg
cat >>boot/grub/grub.cfg <<-'END'
	set superusers="admin"
	password_pbkdf2 admin grub.pbkdf2.sha512.10000.0000.0000
END
