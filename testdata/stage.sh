# Sourced by the scripts that make images of the trees in guests/, with $here set to the folder of this file.

# stage_debian DIR: the tree of guests/debian12 with what git cannot hold
stage_debian() {
	local t=$1
	cp -r "$here/guests/debian12" "$t"
	mkdir -p "$t"/{tmp,dev,proc,sys,run,mnt,var/tmp,var/lib/postgresql/15,usr/lib64,var/log/nginx}
	mkdir -p "$t"/usr/share/zoneinfo/{Etc,Europe,America}
	for zone in Etc/UTC Europe/Berlin America/New_York; do
		cp -L "/usr/share/zoneinfo/$zone" "$t/usr/share/zoneinfo/$zone"
	done
	ln -s Etc/UTC "$t/usr/share/zoneinfo/UTC"
	ln -s ../usr/lib/os-release "$t/etc/os-release"
	ln -s /usr/share/zoneinfo/Etc/UTC "$t/etc/localtime"
	ln -s /etc/machine-id "$t/var/lib/dbus-machine-id"
	ln -s ../run "$t/var/run"
	for dir in bin sbin lib lib64; do ln -s "usr/$dir" "$t/$dir"; done
	ln -s bash "$t/usr/bin/sh"
	ln -s boot/vmlinuz-6.1.0-40-amd64 "$t/vmlinuz"
	ln -s /nowhere/at/all "$t/etc/dangling"
	ln -s loop "$t/etc/loop"
	ln -s ../../../../../../etc/passwd "$t/etc/climbs"
	: >"$t/etc/motd"
}
