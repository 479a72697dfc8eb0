# Sourced by record-verdicts.sh: PAM and sudo.
# shellcheck shell=bash disable=SC2154

# rules SERVICE TYPE MODULE: the rules of the module that can run, as libpam found in truth/pam.txtar
rules() {
	local file number
	section "$truth/pam.txtar" "$1 $2" | while IFS=: read -r file number; do
		sed -n "$number"'{ :more; /\\$/ { N; s/\\\n//; b more }; p }' "$tree$file" | grep -w "$3" | sed "s|^|${file##*/}:$number |" || true
	done | tr -s '\t ' ' '
}

# in_services TYPE MODULE: the same of all services that people come through
in_services() { for service in login sshd su; do rules "$service" "$1" "$2"; done | sort -u; }

pam-no-nullok() {
	for type in auth account password session; do in_services "$type" pam_unix.so; done | { grep -w nullok || true; } |
		clean 'libpam' 'runs' "runs no pam_unix.so with nullok: $(in_services auth pam_unix.so | listed)"
}

pam-faillock-enabled() {
	local service missing=()
	for service in login sshd; do
		grep -qw preauth <<<"$(rules "$service" auth pam_faillock.so)" || missing+=("$service auth preauth")
		grep -qw authfail <<<"$(rules "$service" auth pam_faillock.so)" || missing+=("$service auth authfail")
		[[ $(rules "$service" account pam_faillock.so) ]] || missing+=("$service account")
	done
	printf '%s\n' "${missing[@]}" | sed '/^$/d' | clean libpam 'never runs pam_faillock.so' "runs $({ in_services account pam_faillock.so; in_services auth pam_faillock.so; } | listed)"
}

# faillock KEY DEFAULT: the argument of a rule that can run beats the file, which beats the default
faillock() {
	local value
	value=$(in_services auth pam_faillock.so | sed -n "s/.*\b$1=\([0-9]*\).*/\1/p" | tail -n 1)
	[[ $value ]] || value=$(sed -n "s/^\s*$1\s*=\s*\([0-9]*\).*/\1/p" "$tree/etc/security/faillock.conf" | tail -n 1)
	echo "${value:-$2}"
}

pam-faillock-limits() {
	local deny unlock
	deny=$(faillock deny 3)
	unlock=$(faillock unlock_time 600)
	holds "faillock.conf(5): deny $deny, unlock_time $unlock" test "$deny" -ge 1 -a "$deny" -le 5 -a \( "$unlock" -eq 0 -o "$unlock" -ge 900 \)
}

pam-pwquality-enabled() {
	local rule says
	rule=$(in_services password pam_pwquality.so | listed)
	says=$(line "$(sed -n 's/^chpasswd says //p' "$answers/new-account" | head -n 2)")
	if [[ ! $rule ]]; then
		fail 'libpam runs no pam_pwquality.so'
	elif [[ $says == *'Module is unknown'* ]]; then
		fail "libpam runs $rule, but there is no such module: $says"
	else
		holds "libpam runs $rule; modules of that name: $(find "$tree/usr/lib" -name pam_pwquality.so | wc -l)" \
			test -e "$tree/usr/lib/x86_64-linux-gnu/security/pam_pwquality.so"
	fi
}

# pwquality KEY: its value: the argument of a rule beats the files, of which pwquality.conf is the last
pwquality() {
	local value
	value=$(in_services password pam_pwquality.so | sed -n "s/.*\b$1=\([0-9]*\).*/the rule: \1/p" | tail -n 1)
	[[ $value ]] || value=$({ cat "$tree"/etc/security/pwquality.conf{.d/*.conf,} 2>/dev/null || true; } |
		sed -n "s/^\s*$1\s*=\s*\([0-9]*\).*/pwquality.conf: \1/p; s/^\s*$1\s*$/pwquality.conf: set/p" | tail -n 1)
	echo "${value:-default}"
}

pam-password-length() {
	local is
	is=$(pwquality minlen)
	holds "minlen, ${is/#default/default: 8}" test "$(sed 's/default/8/; s/.*: //' <<<"$is")" -ge 14
}

pam-password-complexity() {
	local key want is
	while read -r key want; do
		is=$(pwquality "$key")
		[[ ${is##*: } =~ ^($want)$ ]] || echo "$key $is"
	done <<-'END' | clean 'pwquality.conf(5)' weaker 'difok, maxrepeat, maxsequence, dictcheck and enforce_for_root as asked'
		difok [2-9]|[1-9][0-9]
		maxrepeat [1-3]
		maxsequence [1-3]
		dictcheck 1|default
		enforce_for_root set
	END
}

pam-password-history() {
	local rules
	rules=$(in_services password pam_pwhistory.so)
	holds "libpam runs $(listed <<<"${rules:-no pam_pwhistory.so}")" grep -Eq 'remember=(2[4-9]|[3-9][0-9]|[0-9]{3}).*use_authtok' <<<"$rules"
}

pam-su-restricted() {
	local rule group members
	rule=$(rules su auth pam_wheel.so)
	group=$(sed -n 's/.*\bgroup=\([^ ]*\).*/\1/p' <<<"$rule")
	members=$(groups | awk -F: -v group="$group" '$1 == group { print "members of " $1 ": " ($4 == "" ? "none" : $4) }')
	holds "libpam runs in su: ${rule:-no pam_wheel.so}${members:+; getent group: $members}" test "$members" == "members of $group: none"
}

# what chpasswd makes; where PAM lets nobody have a password, what its rules say
pam-password-hashing() {
	local made rules
	made=$(sed -n 's/^chpasswd \(\$.*\)/\1/p' "$answers/new-account")
	rules=$(in_services password pam_unix.so | listed)
	# shellcheck disable=SC2016 # hashes
	if [[ $made ]]; then
		holds "libpam runs $rules; chpasswd makes $made" grep -Eq '^\$(y|6)\$' <<<"$made"
	else
		holds "libpam runs $rules" grep -Eqw 'yescrypt|sha512' <<<"$rules"
	fi
}

# sudo_says: the rules and defaults of all who may sudo, as sudo -l -U says
sudo_says() { grep -v '^sudo: ' "$truth/sudo.txtar"; }

# of_root: the defaults of root, the last of a name decides
of_root() {
	section "$truth/sudo.txtar" root | sed -n '/^Matching Defaults/{n;s/^ *//;p}' | sed 's/, /\n/g' | sed -n "s/^\(!\?$1\)\(=.*\)\?$/\1\2/p" | tail -n 1
}

# with_sudo COMMAND...: a verdict, where there is sudo
with_sudo() { if [[ $(present sudo sudo-ldap) ]]; then "$@"; else not_applicable 'dpkg-query: sudo is not installed'; fi; }

sudo-use-pty() {
	local is
	if [[ ! $(present sudo sudo-ldap) ]]; then
		fail 'dpkg-query: sudo is not installed'
	else
		is=$(of_root use_pty)
		holds "sudo -l -U root: ${is:-no use_pty}" test "$is" == use_pty
	fi
}

# without_password REGEXP: what sudo says of it; nothing passes only when cvtsudoers has no such thing either
without_password() {
	if grep -q '"authenticate": false' "$truth/sudoers.json"; then
		fail "sudo -l -U of each account: $(sudo_says | grep -Eo -- "$1" | sort -u | listed)"
	else
		pass 'cvtsudoers, sudo -l -U of each account: each command asks for a password'
	fi
}
sudo-no-nopasswd() { with_sudo without_password 'NOPASSWD:.*'; }

sudo-authenticate() { with_sudo without_password '(Defaults[^ ]* |, )!authenticate'; }

sudo_logfile() {
	local is
	is=$(of_root logfile)
	holds "sudo -l -U root: ${is:-no logfile}" test "$is"
}
sudo-logfile() { with_sudo sudo_logfile; }

# timeouts: of each account that sudo lists, the last timestamp_timeout of its defaults
timeouts() {
	sudo_says | sed 's/, /\n/g' | awk '/^-- / { who = $2 } /^ *Matching Defaults/ { value = "15 by default"; on = 1 }
		match($0, /timestamp_timeout=/) { value = substr($0, RSTART + RLENGTH) } on && $0 == "" { print who " " value; on = 0 }'
}

sudo_timeout() {
	timeouts | awk '!($2 >= 0 && $2 <= 15)' | clean 'sudo -l -U of each account' 'not 0 to 15' "$(timeouts | listed)"
}
sudo-timestamp-timeout() { with_sudo sudo_timeout; }
