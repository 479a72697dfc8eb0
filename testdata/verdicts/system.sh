# Sourced by record-verdicts.sh: mounts, packages, services, logs, firewall, updates.
# shellcheck shell=bash disable=SC2154

mounts-tmp-separate() {
	local options
	options=$(loaded tmp.mount Options)
	if [[ $(started tmp.mount) ]]; then
		pass "systemd --test: boot mounts /tmp: $options"
	elif [[ $options ]]; then
		fail "systemd --test: default.target is $(started rescue.target multi-user.target graphical.target | head -n 1), and boot does not start tmp.mount"
	else
		fail "systemd --test: there is no tmp.mount"
	fi
}

# options_of MOUNT-UNIT OPTION...: what boot mounts there has all of them; what it does not mount has none
options_of() {
	local unit=$1 options
	options=$(loaded "$unit" Options)
	shift
	if [[ ! $(started "$unit") ]]; then
		fail "systemd --test: boot does not start $unit"
		return
	fi
	printf '%s\n' "$@" | { grep -vFxf <(tr , '\n' <<<"$options") || true; } | clean 'systemd --test' "$unit has $options, without" "$unit has $options"
}

mounts-tmp-options() { options_of tmp.mount nodev nosuid noexec; }

# shm: the options of /dev/shm: systemd mounts it with nosuid and nodev, then systemd-remount-fs remounts it with those of fstab
shm() {
	# shellcheck disable=SC2016 # the inner shell expands
	unshare --mount sh -euc '
		mkdir -p "$1/dev/shm"
		mount -t proc proc "$1/proc"
		mount -t tmpfs -o nosuid,nodev,strictatime tmpfs "$1/dev/shm"
		! chroot "$1" findmnt --fstab /dev/shm >/dev/null || chroot "$1" mount -o remount /dev/shm
		chroot "$1" findmnt --noheadings --output OPTIONS /dev/shm' sh "$tree" 2>/dev/null
}

mounts-dev-shm-options() {
	local options
	options=$(shm)
	printf '%s\n' nodev nosuid noexec | { grep -vFxf <(tr , '\n' <<<"$options") || true; } |
		clean 'mount -o remount /dev/shm' "$options, without" "$options"
}

mounts-home() { options_of home.mount nodev nosuid; }
mounts-var-tmp() { options_of var-tmp.mount nodev nosuid noexec; }

# absent PACKAGE...: neither there nor provided
absent() { { present "$@" && provided "$@"; } | clean dpkg-query there "none of $*"; }

packages-no-telnet() { absent telnet telnetd telnet-ssl telnetd-ssl inetutils-telnet inetutils-telnetd telnet-client telnet-server; }
packages-no-rsh-nis() { absent rsh-client rsh-server rsh-redone-client rsh-redone-server nis ypbind-mt ypserv yp-tools; }
packages-no-ftp-server() { unused 'vsftpd proftpd-basic proftpd-core pure-ftpd ftpd ftpd-ssl inetutils-ftpd twoftpd tftpd tftpd-hpa atftpd' \
	vsftpd.service proftpd.service pure-ftpd.service tftpd-hpa.service atftpd.service atftpd.socket; }
packages-no-xinetd() { unused xinetd xinetd.service; }

# unused PACKAGES UNIT...: no such package, or boot starts none of the units
unused() {
	local there on
	# shellcheck disable=SC2086 # a list
	there=$(present $1 | listed)
	on=$(started "${@:2}" | listed)
	if [[ ! $there ]]; then
		pass "dpkg-query: none of $1"
	else
		holds "dpkg-query: $there; systemd --test: boot starts ${on:-none of ${*:2}}" test ! "$on"
	fi
}

packages-no-talk-ftp() { absent talk ytalk inetutils-talk ftp ftp-ssl inetutils-ftp tnftp; }
packages-no-graphical-desktop() { absent xserver-xorg xserver-xorg-core xserver-common gdm3; }

services-no-avahi() { unused avahi-daemon avahi-daemon.service avahi-daemon.socket; }
services-no-cups() { unused 'cups cups-daemon' cups.service cups.socket cups.path cups-browsed.service; }
services-no-rpcbind() { unused rpcbind rpcbind.service rpcbind.socket; }
services-no-nfs-server() { unused nfs-kernel-server nfs-server.service nfs-kernel-server.service; }
services-no-dhcp-dns-server() { unused 'isc-dhcp-server kea-dhcp4-server bind9 dnsmasq' isc-dhcp-server.service isc-dhcp-server6.service \
	kea-dhcp4-server.service named.service dnsmasq.service; }
services-no-file-mail-directory-servers() { unused 'samba slapd dovecot-core squid snmpd' smbd.service nmbd.service slapd.service \
	dovecot.service dovecot.socket squid.service snmpd.service; }
services-no-web-server() { unused 'apache2 nginx' apache2.service apache2.socket nginx.service; }
services-no-rsync-daemon() { unused rsync rsync.service rsync.socket; }
services-no-autofs-bluetooth() { unused 'autofs bluez' autofs.service bluetooth.service; }

services-mail-loopback-only() {
	[[ ! $(present exim4-daemon-light exim4-daemon-heavy postfix sendmail-bin opensmtpd) ]] # nobody has written that one yet
	not_applicable 'dpkg-query: no exim4, postfix, sendmail or opensmtpd'
}

mac-apparmor-enabled() {
	local off
	off=$(last_words | { grep -Eo 'apparmor=0|security=(selinux|none)' || true; } | sort -u | listed)
	if [[ ! $(present apparmor) ]]; then
		fail "dpkg-query: apparmor is not installed${off:+; grub.cfg: $off}"
	else
		holds "systemd --test: boot starts $(started apparmor.service); grub.cfg: ${off:-nothing turns it off}" test "$(started apparmor.service)" -a ! "$off"
	fi
}

time-one-daemon() {
	local on
	on=$(started chrony.service systemd-timesyncd.service ntp.service ntpsec.service openntpd.service)
	holds "dpkg-query: $(present chrony systemd-timesyncd ntp ntpsec openntpd | listed | sed 's/^$/no time daemon/'); systemd --test: boot starts ${on:-none}" \
		test "$(wc -w <<<"$on")" == 1
}

# firewalls: the units of firewalls that boot starts and that are on
firewalls() {
	started nftables.service netfilter-persistent.service firewalld.service
	[[ ! $(started ufw.service) ]] || ! grep -qs '^ENABLED=yes' "$tree/etc/ufw/ufw.conf" || echo ufw.service
}

firewall-one-enabled() {
	local on
	on=$(firewalls | listed)
	holds "systemd --test: boot starts ${on:-no firewall}" test "$(firewalls | wc -l)" == 1
}

# rule_set: what nft has after it loaded the stored rules, in a network of its own
rule_set() { unshare --net chroot "$tree" /usr/bin/env -i PATH=/usr/sbin:/usr/bin sh -c 'nft -f /etc/nftables.conf && nft list ruleset'; }

firewall-default-deny() {
	local input
	if [[ $(firewalls) != nftables.service ]]; then
		fail "systemd --test: boot starts no firewall; nft -f /etc/nftables.conf would give: $(rule_set | grep -o 'hook input.*')"
		return
	fi
	input=$(rule_set | grep -o 'hook input.*')
	holds "systemd --test: boot starts nftables.service; nft -f /etc/nftables.conf: $input" grep -q 'policy drop' <<<"$input"
}

logs-service-enabled() {
	local on
	on=$(started rsyslog.service systemd-journald.service | listed)
	holds "systemd --test: boot starts ${on:-neither rsyslog.service nor systemd-journald.service}" test "$on"
}

logs-journald-persistent() {
	local storage compress
	storage=$(configured journald Journal Storage)
	compress=$(configured journald Journal Compress)
	holds "systemd-analyze cat-config: Storage=${storage:-(unset, auto)}, Compress=${compress:-(unset, yes)}" \
		grep -Eq '^persistent (|yes|1|true|on)$' <<<"$storage $compress"
}

audit-enabled() {
	if [[ ! $(present auditd) ]]; then
		fail "dpkg-query: auditd is not installed"
	else
		holds "systemd --test: boot starts $(started auditd.service)" test "$(started auditd.service)"
	fi
}

# trusted: the sources that apt trusts without a signature. It only lists those of which it has an index: give it empty ones
trusted() {
	local lists=$tree/var/lib/apt/lists index
	# shellcheck disable=SC2016 # apt expands
	{
		in_tree apt-get update --print-uris | awk '$2 ~ /_Packages$/ { print $2 }' | while read -r index; do : >"$lists/$index"; done
		in_tree apt-get indextargets --format '$(SOURCESENTRY): $(REPO_URI) $(RELEASE) trusted=$(TRUSTED)'
		rm -f "$lists"/*_Packages
	} 2>/dev/null | sed -n 's/ trusted=yes$/ is trusted/p' | sort -u
}

updates-apt-signed() {
	{
		in_tree apt-config dump 2>/dev/null |
			grep -Ei '^(APT::Get::AllowUnauthenticated|Acquire::AllowInsecureRepositories) "(true|yes|1|on)"' || true
		trusted
	} | clean 'apt-get indextargets, apt-config dump' unsigned 'no trusted source, nothing unauthenticated allowed'
}

# without PACKAGE...: what is said of the settings of what is not there
without() {
	[[ ! $(present "$@") ]]
	not_applicable "dpkg-query: $(tr ' ' , <<<"$*" | sed 's/,/, /g') not installed"
}

mac-apparmor-profiles() { without apparmor; }
time-servers() { without chrony systemd-timesyncd ntp ntpsec openntpd; }
logs-rsyslog-file-mode() { without rsyslog; }
logs-rsyslog-no-remote-input() { without rsyslog; }
audit-retention() { without auditd; }
audit-identity-files() { without auditd; }
audit-privilege-escalation() { without auditd; }
audit-time-changes() { without auditd; }
audit-immutable() { without auditd; }
audit-permissions() { without auditd; }

# needed PACKAGE: fails without
needed() {
	[[ ! $(present "$1") ]]
	fail "dpkg-query: $1 is not installed"
}

integrity-aide() { needed aide; }
updates-unattended() { needed unattended-upgrades; }
