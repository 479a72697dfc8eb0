# Sourced in the tree of the broken variant: what files cannot say. See apply in variants.sh.
mkdir -p home/ana home/bob opt/drop
echo nobody >var/orphan
cp usr/bin/true usr/local/bin/suid
# localtime is a copy of a zone, and not of the one that timezone names
rm etc/localtime
cp -L usr/share/zoneinfo/Asia/Kolkata etc/localtime
# packages: held, removed with their configuration left, half-way, and meant to go
sed -i '/^Package: \(openssh-server\|nginx-light\)$/,/^Status:/s/^Status: .*/Status: hold ok installed/' var/lib/dpkg/status
sed -i '/^Package: debsums$/,/^Status:/s/^Status: .*/Status: deinstall ok installed/' var/lib/dpkg/status
sed -i '/^Package: vim-tiny$/,/^Status:/s/^Status: .*/Status: install ok half-configured/' var/lib/dpkg/status
sed -i '/^Package: nano$/,/^Status:/s/^Status: .*/Status: install ok unpacked/' var/lib/dpkg/status
cat >>var/lib/dpkg/status <<-'END'
	Package: snmpd
	Status: deinstall ok config-files
	Priority: optional
	Section: net
	Installed-Size: 100
	Maintainer: Somebody <somebody@example.org>
	Architecture: amd64
	Source: net-snmp
	Version: 5.9.3+dfsg-2+deb12u1
	Config-Version: 5.9.3+dfsg-2+deb12u1
	Description: removed, its configuration left

	Package: telnet
	Status: install ok installed
	Priority: optional
	Section: oldlibs
	Installed-Size: 20
	Maintainer: Somebody <somebody@example.org>
	Architecture: all
	Source: netkit-telnet
	Version: 0.17+2.4-2
	Depends: inetutils-telnet
	Provides: telnet-client, rsh-client (= 1:0.17)
	Description: a dummy

	Package: libtwice
	Status: install ok installed
	Priority: optional
	Section: libs
	Installed-Size: 20
	Maintainer: Somebody <somebody@example.org>
	Architecture: amd64
	Multi-Arch: same
	Version: 1.0~rc1-1
	Description: there for two architectures

	Package: libtwice
	Status: install ok installed
	Priority: optional
	Section: libs
	Installed-Size: 20
	Maintainer: Somebody <somebody@example.org>
	Architecture: i386
	Multi-Arch: same
	Version: 1.0~rc1-1
	Description: there for two architectures

END
echo i386 >>var/lib/dpkg/arch
grep -qx amd64 var/lib/dpkg/arch || sed -i '1i amd64' var/lib/dpkg/arch
for name in snmpd telnet; do : >"var/lib/dpkg/info/$name.list"; done
for arch in amd64 i386; do : >"var/lib/dpkg/info/libtwice:$arch.list"; done
# what boots is not what etc/default/grub asks for, and the last word of a kind wins
sed -i 's|console=ttyS0|console=ttyS0 apparmor=1 apparmor=0 audit=0|' boot/grub/grub.cfg
