# Damage to the userland: programs, libraries, units, accounts, mounts.
# shellcheck shell=bash disable=SC2154
lib=/usr/lib/x86_64-linux-gnu
sd=/usr/lib/systemd
units=/etc/systemd/system
missing=UUID=deadbeef-0000-4000-8000-000000000099

libc-missing() { remove $lib/libc.so.6; }
libc-zeroed-page() { zero_block $lib/libc.so.6 100; }
libc-truncated() { edit $lib/libc.so.6 head -c 900000; }
loader-of-libraries-missing() { remove $lib/ld-linux-x86-64.so.2; }
link-lib64-missing() { remove /lib64; }
link-bin-missing() { remove /bin; }
link-sbin-missing() { remove /sbin; }
libmount-missing() { remove "$(library libmount.so.1)"; }
libpam-missing() { remove "$(library libpam.so.0)"; }
systemd-missing() { remove $sd/systemd; }
systemd-truncated() { edit $sd/systemd head -c 60000; }
systemd-zeroed-page() { zero_block $sd/systemd 6; }
systemd-not-executable() { fs "sif $sd/systemd mode 0100644"; }
shared-of-systemd-zeroed-page() { zero_block $lib/systemd/libsystemd-shared-252.so 120; }
init-leads-nowhere() { link /usr/sbin/init /lib/systemd/gone; }
shell-missing() { remove /usr/bin/dash; }
shell-not-executable() { fs 'sif /usr/bin/dash mode 0100644'; }
mount-missing() { remove /usr/bin/mount; }
mount-zeroed() { zero_block /usr/bin/mount; }
udevadm-missing() { remove /usr/bin/udevadm; }
udev-rules-of-systemd-missing() { remove /usr/lib/udev/rules.d/99-systemd.rules; }
udev-rules-of-systemd-zeroed() { zero_block /usr/lib/udev/rules.d/99-systemd.rules; }
journald-missing() { remove $sd/systemd-journald; }
logind-missing() { remove $sd/systemd-logind; }
dbus-missing() { remove /usr/bin/dbus-daemon; }
agetty-missing() { remove /usr/sbin/agetty; }
login-missing() { remove /usr/bin/login; }
bash-zeroed() { zero_block /usr/bin/bash; }
pam-unix-missing() { remove $lib/security/pam_unix.so; }
pam-login-missing() { remove /etc/pam.d/login; }
generators-missing() { forget $sd/system-generators; }
sysv-generator-zeroed() { zero_block $sd/system-generators/systemd-sysv-generator; }
tmpfiles-missing() { remove /usr/bin/systemd-tmpfiles; }

default-target-masked() { link $units/default.target /dev/null; }
default-target-leads-nowhere() { link $units/default.target /usr/lib/systemd/system/gone.target; }
default-target-is-rescue() { link $units/default.target /usr/lib/systemd/system/rescue.target; }
multi-user-zeroed() { zero_block $sd/system/multi-user.target; }
multi-user-missing() { remove $sd/system/multi-user.target; }
sysinit-masked() { link $units/sysinit.target /dev/null; }
basic-zeroed() { zero_block $sd/system/basic.target; }
getty-target-masked() { link $units/getty.target /dev/null; }
serial-getty-missing() { remove $sd/system/serial-getty@.service; }
udevd-masked() { link $units/systemd-udevd.service /dev/null; }
remount-masked() { link $units/systemd-remount-fs.service /dev/null; }
remount-zeroed() { zero_block $sd/system/systemd-remount-fs.service; }
journald-socket-missing() { remove $sd/system/systemd-journald.socket; }
target-requires-what-is-missing() {
	fs "mkdir $units/multi-user.target.d"
	printf '[Unit]\nRequires=gone.service\n' | put $units/multi-user.target.d/more.conf 644
}
basic-requires-what-fails() {
	fs "mkdir $units/sysinit.target.requires"
	printf '[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nExecStart=/bin/false\n' | put $units/broken.service 644
	fs "symlink $units/sysinit.target.requires/broken.service $units/broken.service"
}
getty-runs-false() {
	fs "mkdir $units/serial-getty@.service.d" "mkdir $units/getty@.service.d"
	printf '[Service]\nExecStart=\nExecStart=-/bin/gone\n' | put $units/serial-getty@.service.d/more.conf 644
	printf '[Service]\nExecStart=\nExecStart=-/bin/gone\n' | put $units/getty@.service.d/more.conf 644
}
remount-runs-false() {
	fs "mkdir $units/systemd-remount-fs.service.d"
	printf '[Service]\nExecStart=\nExecStart=/bin/false\n' | put $units/systemd-remount-fs.service.d/more.conf 644
}
cron-masked() { link $units/cron.service /dev/null; }
nginx-truncated() { edit /usr/sbin/nginx head -c 100000; }
document-flipped() { flip "$disk" "$(at "$document")"; }
message-of-the-day-missing() { remove /etc/motd; }
cache-of-libraries-missing() { remove /etc/ld.so.cache; }
cache-of-libraries-zeroed() { edit /etc/ld.so.cache sh -c 'wc -c | { read -r n; head -c "$n" /dev/zero; }'; }
preload-names-no-library() { echo /usr/lib/gone.so | put /etc/ld.so.preload 644; }

passwd-missing() { remove /etc/passwd; }
passwd-zeroed() { zero_block /etc/passwd; }
passwd-without-root() { edit /etc/passwd sed '/^root:/d'; }
root-shell-not-there() { edit /etc/passwd sed 's|^\(root:.*\):/bin/bash|\1:/bin/gone|'; }
group-missing() { remove /etc/group; }
nsswitch-missing() { remove /etc/nsswitch.conf; }
machine-id-garbage() { echo 'not a machine id' | put /etc/machine-id 444; }
proc-missing() { forget /proc; }
dev-missing() { forget /dev; }
run-missing() { forget /run; }
sys-missing() { forget /sys; }
tmp-missing() { forget /tmp; }
etc-missing() { forget /etc; }
usr-missing() { forget /usr; }

mounts-missing() { remove /etc/fstab; }
mounts-zeroed() { zero_block /etc/fstab; }
mount-of-root-another-uuid() { edit /etc/fstab sed "s/$root_uuid/deadbeef-0000-4000-8000-000000000012/"; }
mount-of-root-unknown-option() { edit /etc/fstab sed 's/errors=remount-ro/errors=remount-ro,gone/'; }
mount-of-root-read-only() { edit /etc/fstab sed 's/errors=remount-ro/ro/'; }
mount-of-root-another-type() { edit /etc/fstab sed 's/ext4/xfs/'; }
mount-of-data-missing() { mounts "$missing /srv ext4 defaults 0 2"; }
mount-of-data-nofail() { mounts "$missing /srv ext4 defaults,nofail 0 2"; }
mount-of-data-noauto() { mounts "$missing /srv ext4 defaults,noauto 0 2"; }
mount-of-swap-missing() { mounts "$missing none swap sw 0 0"; }
mount-of-memory-unknown-option() { mounts 'tmpfs /srv tmpfs defaults,gone=1 0 0'; }
mount-of-unknown-type() { mounts 'data /srv gonefs defaults 0 0'; }
mount-of-memory() { mounts 'tmpfs /srv tmpfs defaults,size=1M 0 0'; }
mount-bound-to-nothing() { mounts '/gone /srv none bind 0 0'; }
mount-on-a-file() { mounts 'tmpfs /etc/hostname tmpfs defaults 0 0'; }
mount-line-garbage() { mounts '%%% broken line'; }

# mounts LINE: fstab has one more
mounts() { edit /etc/fstab sed "\$a $1"; }

# library NAME: the file that the name leads to
library() {
	local target
	target=$(ask "stat $lib/$1" | sed -n 's/^Fast link dest: "\(.*\)"/\1/p')
	echo "$lib/${target:-$1}"
}
