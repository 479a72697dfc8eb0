# Sourced by record-verdicts.sh: accounts, groups, passwords, PAM, sudo.
# shellcheck shell=bash disable=SC2154

# accounts and groups: as the C library of the tree reads the files
accounts() { section "$truth/accounts.txtar" passwd; }
groups() { section "$truth/accounts.txtar" group; }

# fields N...: the colon-separated fields of stdin
shadow() { cat "$tree/etc/shadow"; }

# repeated FIELD WHAT: lines of stdin that share it
repeated() { awk -F: -v f="$1" -v what="$2" '{ n[$f]++; who[$f] = who[$f] " " $1 } END { for (v in n) if (n[v] > 1) print what " " v " is shared by" who[v] }' | sort; }

users-only-root-has-uid-zero() {
	accounts | awk -F: '$3 == 0 && $1 != "root" { print $1 }' | clean 'getent passwd' 'UID 0' 'root alone has UID 0'
}

users-no-empty-passwords() {
	shadow | awk -F: '$2 == "" { print $1 }' | clean 'awk /etc/shadow' 'empty password' 'no empty password'
}

users-shadowed-passwords() {
	accounts | awk -F: '$2 != "x" { print $1 ($2 == "" ? " empty" : " a hash") }' | clean 'getent passwd' 'not x' 'x everywhere'
}

users-unique-users() {
	{ accounts | repeated 3 uid && accounts | repeated 1 name; } | clean 'getent passwd' twice 'every uid and name once'
}

users-unique-groups() {
	{ groups | repeated 3 gid && groups | repeated 1 name; } | clean 'getent group' twice 'every gid and name once'
}

users-primary-groups-exist() {
	awk -F: 'NR == FNR { gid[$3]; next } !($4 in gid) { print $1 " has gid " $4 }' <(groups) <(accounts) | clean 'getent passwd, group' 'no such group' 'every primary gid exists'
}

users-shadow-group-empty() {
	{
		groups | awk -F: '$1 == "shadow" && $4 != "" { print "members " $4 }'
		awk -F: 'NR == FNR { if ($1 == "shadow") gid[$3]; next } $4 in gid { print "primary of " $1 }' <(groups) <(accounts)
	} | clean 'getent group shadow' 'not empty' "$(groups | grep '^shadow:')"
}

users-only-root-has-gid-zero() {
	{
		accounts | awk -F: '$4 == 0 && $1 != "root" { print "account " $1 }'
		groups | awk -F: '$3 == 0 && $1 != "root" { print "group " $1 }'
	} | clean 'getent passwd, group' 'GID 0' 'root alone has GID 0'
}

users-system-accounts-no-shell() {
	accounts | awk -F: '($3 < 1000 || $3 == 65534) && $1 !~ /^(root|sync|shutdown|halt)$/ && $7 !~ /\/(nologin|false)$/ { print $1 " " $7 }' |
		clean 'getent passwd' 'system account with a shell' 'nologin or false'
}

# new_account: what the tools of the tree make of login.defs and of PAM, on accounts of their own: the shadow line of useradd, the
# method of chgpasswd, which asks login.defs alone, and of chpasswd, which asks PAM
new_account() {
	local files=({passwd,shadow,group,gshadow,subuid,subgid}{,-})
	tar -C "$tree/etc" --ignore-failed-read -cpf "$answers/accounts.tar" "${files[@]}" 2>/dev/null
	echo root:x:0:0:root:/root:/bin/bash >"$tree/etc/passwd"
	echo 'root:*:20393:0:99999:7:::' >"$tree/etc/shadow"
	printf '%s\n' root:x:0: shadow:x:42: users:x:100: >"$tree/etc/group"
	printf '%s\n' 'root:*::' 'shadow:*::' 'users:!::' >"$tree/etc/gshadow"
	in_tree useradd -M -N -g users probe 2>/dev/null
	awk -F: '$1 == "probe" { print "useradd min=" $4 " max=" $5 " warn=" $6 " inactive=" $7 }' "$tree/etc/shadow"
	echo users:secret | in_tree chgpasswd 2>/dev/null
	awk -F: '$1 == "users" { split($2, part, "$"); print "chgpasswd $" part[2] "$" }' "$tree/etc/gshadow"
	set_password
	(cd "$tree/etc" && rm -f "${files[@]}" && tar -xpf "$answers/accounts.tar")
}

# set_password: what chpasswd says, and the method that it uses
set_password() {
	echo probe:Zebra-crossing-77-lamps | in_tree chpasswd 2>&1 | sed 's/^/chpasswd says /' || true
	awk -F: '$1 == "probe" && split($2, part, "$") > 1 { print "chpasswd $" part[2] "$" }' "$tree/etc/shadow"
}

# login_defs KEY: the last value
login_defs() { awk -v key="$1" '$1 == key { value = $2 } END { print value }' "$tree/etc/login.defs"; }

# hashes: accounts with the hash of a password, and how long it lasts
hashes() { shadow | awk -F: '$2 ~ /^!?\$/ { print $1, $5 }'; }

passwords-max-days() {
	{
		sed -n 's/^useradd .*max=\([^ ]*\).*/useradd \1/p' "$answers/new-account"
		hashes
	} | awk '$2 == "" || $2 < 0 || $2 > 365 { print $1 " " ($2 == "" ? "never" : $2) }' |
		clean 'useradd, awk /etc/shadow' 'beyond 365 days' "$({ sed -n 's/.*max=\([^ ]*\).*/useradd \1/p' "$answers/new-account" && hashes; } | listed)"
}

passwords-encrypt-method() {
	local method
	method=$(sed -n 's/^chgpasswd //p' "$answers/new-account")
	# shellcheck disable=SC2016
	holds "login.defs: ENCRYPT_METHOD $(login_defs ENCRYPT_METHOD); chgpasswd makes $method" grep -Eq '^\$(y|6)\$' <<<"$method"
}

# umasks: of the shells that read what is for all, and of login.defs
umasks() {
	echo "bash -l $(in_tree bash -lc umask)"
	echo "bash -li $(in_tree bash -lic umask 2>/dev/null)"
	echo "sh -l $(in_tree sh -lc umask)"
	echo "login.defs $(login_defs UMASK)"
}

passwords-default-umask() {
	local where
	umasks | while read -r where; do
		(((8#${where##* } & 8#027) == 8#027)) || echo "$where"
	done | clean umask 'not 027 or stricter' "$(umasks | listed)"
}

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
		[[ $(rules "$service" auth pam_faillock.so | grep -w preauth) ]] || missing+=("$service auth preauth")
		[[ $(rules "$service" auth pam_faillock.so | grep -w authfail) ]] || missing+=("$service auth authfail")
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

# minlen: the argument of a rule beats the files, of which pwquality.conf is the last
minlen() {
	local value
	value=$(in_services password pam_pwquality.so | sed -n 's/.*\bminlen=\([0-9]*\).*/the rule: \1/p' | tail -n 1)
	[[ $value ]] || value=$({ cat "$tree"/etc/security/pwquality.conf{.d/*.conf,} 2>/dev/null || true; } |
		sed -n 's/^\s*minlen\s*=\s*\([0-9]*\).*/pwquality.conf: \1/p' | tail -n 1)
	echo "${value:-default: 8}"
}

pam-password-length() { holds "minlen, $(minlen)" test "$(minlen | sed 's/.*: //')" -ge 14; }

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
	if [[ ! $(present sudo sudo-ldap) ]]; then
		fail 'dpkg-query: sudo is not installed'
	else
		holds "sudo -l -U root: $(of_root use_pty | sed 's/^$/no use_pty/')" test "$(of_root use_pty)" == use_pty
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
