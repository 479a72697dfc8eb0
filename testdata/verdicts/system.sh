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

services-no-avahi() { unused avahi-daemon avahi-daemon.service avahi-daemon.socket; }
services-no-cups() { unused 'cups cups-daemon' cups.service cups.socket cups.path cups-browsed.service; }
services-no-rpcbind() { unused rpcbind rpcbind.service rpcbind.socket; }
services-no-nfs-server() { unused nfs-kernel-server nfs-server.service nfs-kernel-server.service; }

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

# journald KEY: the last value in the order of systemd-analyze cat-config, in the right section
journald() {
	section "$truth/systemd.txtar" journald | awk -v key="$1" '
		/^# \// || /^\[/ { on = $0 == "[Journal]"; next }
		{ split($0, kv, /[ \t]*=[ \t]*/) }
		on && kv[1] == key { value = kv[2] } END { print value }'
}

logs-journald-persistent() {
	local storage compress
	storage=$(journald Storage)
	compress=$(journald Compress)
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
