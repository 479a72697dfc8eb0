# Sourced by record-verdicts.sh: sysctl, modules, boot entries.
# shellcheck shell=bash disable=SC2154

# sysctl_are REGEXP KEY...: boot writes such a value into every key; a key that no file sets fails
sysctl_are() {
	local key value wrong=() good=()
	for key in "${@:2}"; do
		value=$(awk -F'\t' -v key="${key//.//}" '$1 == key { print $2 }' "$truth/sysctl")
		if [[ $value =~ ^($1)$ ]]; then
			good+=("$key = $value")
		elif [[ $value ]]; then
			wrong+=("$key = $value")
		else
			wrong+=("$key not set by any file")
		fi
	done
	if ((${#wrong[@]})); then
		fail "systemd-sysctl: $(printf '%s\n' "${wrong[@]}" | listed)"
	else
		pass "systemd-sysctl: $(printf '%s\n' "${good[@]}" | listed)"
	fi
}

# both KEY: of all interfaces and of those to come
both() { echo "net.$1.conf.all.$2 net.$1.conf.default.$2"; }

sysctl-address-randomization() { sysctl_are 2 kernel.randomize_va_space; }
sysctl-ptrace-scope() { sysctl_are '[1-3]' kernel.yama.ptrace_scope; }
sysctl-suid-dumpable() { sysctl_are 0 fs.suid_dumpable; }
sysctl-kernel-pointers() { sysctl_are '[12]' kernel.kptr_restrict; }
sysctl-kernel-log() { sysctl_are 1 kernel.dmesg_restrict; }
sysctl-protected-links() { sysctl_are 1 fs.protected_symlinks fs.protected_hardlinks; }
sysctl-ip-forwarding() { sysctl_are 0 net.ipv4.ip_forward net.ipv6.conf.all.forwarding; }
# shellcheck disable=SC2046 # several keys
sysctl-send-redirects() { sysctl_are 0 $(both ipv4 send_redirects); }
# shellcheck disable=SC2046
sysctl-accept-redirects() { sysctl_are 0 $(both ipv4 accept_redirects) $(both ipv6 accept_redirects); }
# shellcheck disable=SC2046
sysctl-source-routing() { sysctl_are 0 $(both ipv4 accept_source_route) $(both ipv6 accept_source_route); }
# shellcheck disable=SC2046
sysctl-reverse-path-filter() { sysctl_are '[12]' $(both ipv4 rp_filter); }
sysctl-unprivileged-bpf() { sysctl_are '[12]' kernel.unprivileged_bpf_disabled; }
sysctl-bpf-jit-hardening() { sysctl_are 2 net.core.bpf_jit_harden; }
sysctl-perf-events() { sysctl_are '[23]' kernel.perf_event_paranoid; }
sysctl-magic-sysrq() { sysctl_are 0 kernel.sysrq; }
sysctl-protected-fifos() { sysctl_are '[12]' fs.protected_fifos fs.protected_regular; }
# shellcheck disable=SC2046
sysctl-secure-redirects() { sysctl_are 0 $(both ipv4 secure_redirects); }
# shellcheck disable=SC2046
sysctl-log-martians() { sysctl_are 1 $(both ipv4 log_martians); }
sysctl-icmp-broadcasts() { sysctl_are 1 net.ipv4.icmp_echo_ignore_broadcasts net.ipv4.icmp_ignore_bogus_error_responses; }
# shellcheck disable=SC2046
sysctl-router-advertisements() { sysctl_are 0 $(both ipv6 accept_ra); }
sysctl-syn-cookies() { sysctl_are 1 net.ipv4.tcp_syncookies; }

# blocked MODULE...: modprobe would load none of them: it runs true, false or nologin instead, or there is no such module, not even one
# that is built in
blocked() {
	local module answer release loads=() not=()
	release=$(basename "$tree"/usr/lib/modules/*)
	for module in "$@"; do
		answer=$(line "$({ in_tree modprobe -S "$release" -n -v "$module" 2>/dev/null || true; } | tail -n 1)")
		if [[ $answer =~ ^install\ +(/usr)?/s?bin/(true|false|nologin)$ ]]; then
			not+=("$module: $answer")
		elif [[ ! $answer ]] && ! grep -q "/${module//[-_]/[-_]}\.ko" "$tree/usr/lib/modules/$release/modules.builtin"; then
			not+=("$module: no such module, nor built in")
		else
			loads+=("$module: ${answer//\/lib\/modules\/$release\/kernel\//}")
		fi
	done
	if ((${#loads[@]})); then
		fail "modprobe -n -v: $(printf '%s\n' "${loads[@]}" | listed)"
	else
		pass "modprobe -n -v: $(printf '%s\n' "${not[@]}" | listed)"
	fi
}

modules-unused-filesystems() { blocked cramfs freevxfs hfs hfsplus jffs2; }
modules-udf-overlayfs() { blocked udf overlay; }
modules-usb-storage() { blocked usb-storage; }
modules-unused-protocols() { blocked dccp tipc rds sctp; }

# entries: the arguments that each entry of the boot menu gives to the kernel
entries() { sed -n 's/^\s*linux\s\+\S\+\s\+//p' "$tree/boot/grub/grub.cfg"; }

# last_words: of each entry, the last value of each argument that has one, and the words without
last_words() {
	entries | awk '{ for (i = 1; i <= NF; i++) { n = $i; sub(/=.*/, "", n); last[n] = $i } for (n in last) print NR " " last[n]; delete last }' | sort -u
}

boot-grub-password() {
	local users words
	in_tree grub-script-check /boot/grub/grub.cfg
	users=$(sed -n 's/^\s*set superusers="\?\([^"]*\)"\?$/\1/p' "$tree/boot/grub/grub.cfg")
	words=$(sed -n 's/^\s*\(password_pbkdf2 \S\+ grub\.pbkdf2\.sha512\)\..*/\1/p' "$tree/boot/grub/grub.cfg")
	if [[ ! $users ]]; then
		fail "grub.cfg: no superusers"
	else
		holds "grub.cfg: superusers $users; ${words:-no password_pbkdf2}" grep -q "^password_pbkdf2 $users " <<<"$words"
	fi
}

boot-grub-config-permissions() { looser 600 0 0 /boot/grub/grub.cfg | clean stat 'not 0600 root' "$(stat -c '%a %u:%g' "$tree/boot/grub/grub.cfg") /boot/grub/grub.cfg"; }

boot-no-weakening-arguments() {
	last_words | cut -d' ' -f2 | sort -u | { grep -Ex 'mitigations=off|nosmep|nosmap|apparmor=0|selinux=0|nokaslr|nopti|nospectre_v[12]|pti=off' || true; } |
		clean "grub.cfg, $(entries | wc -l) entries" 'last word of an argument' "$(entries | sed 's/^root=\S* //' | head -n 1)"
}

boot-audit-arguments() {
	local number=0 entry audit backlog
	while read -r entry; do
		number=$((number + 1))
		audit=$(grep -Eo '(^| )audit=[^ ]*' <<<"$entry" | tail -n 1) || true
		backlog=$(grep -Eo '(^| )audit_backlog_limit=[0-9]*' <<<"$entry" | tail -n 1) || true
		[[ ${audit# } == audit=1 && ${backlog##*=} -ge 8192 ]] || echo "entry $number:${audit:- no audit}${backlog:-, no audit_backlog_limit}"
	done < <(entries) | clean grub.cfg 'not audit=1 and audit_backlog_limit of 8192' "$(entries | wc -l) entries, $(last_words | sed -n 's/.* \(audit.*\)/\1/p' | sort -u | listed)"
}

boot-core-dumps() {
	local hard storage size
	hard=$(in_tree su -s /bin/sh nobody -c 'ulimit -Hc')
	storage=$(configured coredump Coredump Storage)
	size=$(configured coredump Coredump ProcessSizeMax)
	holds "su nobody -c 'ulimit -Hc': $hard; systemd-analyze cat-config: Storage=${storage:-(unset, external)}, ProcessSizeMax=${size:-(unset, 32G)}" \
		test "$hard $storage $size" == '0 none 0'
}
