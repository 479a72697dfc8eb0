# Sourced by record-verdicts.sh: accounts, groups, passwords.
# shellcheck shell=bash disable=SC2154

# accounts and groups: as the C library of the tree reads the files
accounts() { section "$truth/accounts.txtar" passwd; }
groups() { section "$truth/accounts.txtar" group; }

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

users-invalid-shell-locked() {
	awk -F: 'NR == FNR { if ($0 ~ /^\// && $0 !~ /nologin$/) valid[$0]; next } $1 != "root" && !($7 in valid) { print $1 }' \
		"$tree/etc/shells" <(accounts) | sort -u | while read -r name; do
		section "$truth/accounts.txtar" status | awk -v name="$name" '$1 == name && $2 !~ /^L/ { print $1 " " $2 }'
	done | clean '/etc/shells, passwd -S' 'not locked' 'who has another shell is locked'
}

# people: interactive accounts, and root: name, uid, home
people() { accounts | awk -F: '($3 >= 1000 && $3 != 65534 || $3 == 0) && $7 !~ /\/(nologin|false)$/ { print $1, $3, $6 }'; }

users-home-directories() {
	people | while read -r name uid home; do
		if [[ -d $tree$home ]]; then looser 750 "$uid" '.*' "$home"; else echo "$name has no $home"; fi
	done | clean stat 'missing, of another or not 0750' "$(people | cut -d' ' -f3 | sort -u | listed) 0750 or stricter"
}

users-dot-files() {
	people | while read -r _ _ home; do
		[[ ! -d $tree$home ]] || (cd "$tree$home" && find . -maxdepth 1 -name '.?*' \
			\( -name .rhosts -o -name .shosts -o -name .netrc -o -name .forward -o ! -type l -perm /022 \) -printf "%m $home/%P\n")
	done | sort -u | clean find 'forbidden or writable by others' 'no .rhosts, .netrc, .forward, no dot file that others may write'
}

users-password-change-past() {
	section "$truth/accounts.txtar" pwck | { grep 'last password change in the future' || true; } | clean 'pwck -r' found 'no change in the future'
}

users-nologin-not-in-shells() { { grep nologin "$tree/etc/shells" || true; } | clean /etc/shells there 'no nologin'; }

# the PATH that su gives to root
# shellcheck disable=SC2016 # the shell of root expands
root_path() { in_tree su - root -c 'echo "$PATH"'; }

users-root-path() {
	local directory
	root_path | tr : '\n' | while read -r directory; do
		if [[ $directory != /* ]]; then echo "'$directory'"; else looser 755 0 '.*' "$directory"; fi
	done | clean "PATH of su - root, stat" 'empty, relative or writable' "$(root_path)"
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

# ageing FIELD NAME OPERATOR LIMIT: what useradd makes of login.defs, and the same field of all who have a password
ageing() {
	{
		sed -n "s/^useradd .*\b$2=\([^ ]*\).*/useradd \1/p" "$answers/new-account"
		shadow | awk -F: -v f="$1" '$2 ~ /^!?\$/ { print $1, $f }'
	} | awk -v op="$3" -v limit="$4" '{ ok = $2 != "" && $2 >= 0 && (op == "at least" ? $2 >= limit : $2 <= limit) } !ok { print $1 " " ($2 == "" ? "never" : $2) }' |
		clean 'useradd, awk /etc/shadow' "$2 not $3 $4" "$2 $3 $4 for new accounts and for each with a password"
}

passwords-min-days() { ageing 4 min 'at least' 1; }
passwords-warn-age() { holds "useradd: warn=$(sed -n 's/.*warn=\([^ ]*\).*/\1/p' "$answers/new-account")" grep -Eq 'warn=([7-9]|[1-9][0-9])' "$answers/new-account"; }
passwords-inactive-lock() { ageing 7 inactive 'at most' 45; }

passwords-shell-timeout() {
	local is
	is=$(in_tree bash -lc 'declare -p TMOUT' 2>/dev/null) || is='no TMOUT'
	holds "bash -lc 'declare -p TMOUT': $is" grep -Eq '^declare -[a-z]*r[a-z]* TMOUT="([1-9][0-9]?|[1-8][0-9]{2}|900)"$' <<<"$is"
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
