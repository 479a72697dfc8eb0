# Damage to the userland: programs, libraries, units, accounts, mounts.
# shellcheck shell=bash disable=SC2154
sd=/usr/lib/systemd
units=/etc/systemd/system
missing=UUID=deadbeef-0000-4000-8000-000000000099

multi-user-zeroed() { zero_block $sd/system/multi-user.target; }
remount-zeroed() { zero_block $sd/system/systemd-remount-fs.service; }
target-requires-what-is-missing() {
	fs "mkdir $units/multi-user.target.d"
	printf '[Unit]\nRequires=gone.service\n' | put $units/multi-user.target.d/more.conf 644
}
document-flipped() { flip "$disk" "$(at "$document")"; }
mount-of-data-nofail() { mounts "$missing /srv ext4 defaults,nofail 0 2"; }

# mounts LINE: fstab has one more
mounts() { edit /etc/fstab sed "\$a $1"; }
