# Sourced by record-verdicts.sh: what virt-sysprep and `cloud-init clean` would remove from the tree, each place by ls, stat and find.
# Volumes that fstab names by label are on none of the disks: what lies there is not known, whatever the tree has in its place.
# shellcheck shell=bash disable=SC1091,SC2016,SC2154 # a file of the tree; awk expands; the variables are record-verdicts.sh's

# missing PATH...: those of them that lie on such a volume, with its label
missing() {
	local path label mount
	while read -r label mount _; do
		[[ $label == LABEL=* && $mount == /* ]] || continue
		for path in "$@"; do
			[[ $path/ != "$mount"/* ]] || echo "$path is on $label"
		done
	done <"$tree/etc/fstab"
}

# there GLOB...: the files with content, and the links that do not lead to /dev/null, that globs of the tree match
there() {
	local glob path
	for glob in "$@"; do
		(cd "$tree" && { compgen -G "${glob#/}" || true; }) | while read -r path; do
			if [[ -L $tree/$path ]]; then
				[[ $(readlink "$tree/$path") == */dev/null ]] || echo "/$path"
			elif [[ -f $tree/$path && -s $tree/$path ]]; then
				echo "/$path"
			fi
		done
	done | sort
}

# below DIR...: the files with content in directories
below() {
	local dir
	for dir in "$@"; do
		[[ ! -d $tree$dir ]] || find "$tree$dir" -type f -size +0 -printf "$dir/%P\n"
	done | sort
}

# sought WHAT PATH...: fails for the lines of stdin; without any, PATHs on missing volumes make it unknown
sought() {
	local what=$1 found lost
	shift
	found=$(listed)
	lost=$(missing "$@" | listed)
	if [[ $found ]]; then
		fail "ls, find: $what: $found"
	elif [[ $lost ]]; then
		printf 'unknown\t%s\n' "fstab: $lost, which is on none of the disks"
	else
		pass "ls, find: no $what in $(line "$@")"
	fi
}

# homes: of root and of all who get a shell
homes() { section "$truth/accounts.txtar" passwd | awk -F: '$3 == 0 || $7 !~ /\/(nologin|false)$/ { print $6 }' | sort -u; }

# in_homes WHAT GLOB...: as sought, for globs below each home
in_homes() {
	local what=$1 dirs dir glob
	shift
	mapfile -t dirs < <(homes)
	for dir in "${dirs[@]}"; do
		for glob in "$@"; do there "$dir/$glob"; done
	done >"$answers/found"
	sought "$what" "${dirs[@]}" <"$answers/found"
}

hygiene-machine-id() { there /etc/machine-id /var/lib/dbus/machine-id | sought id /etc/machine-id /var/lib/dbus/machine-id; }

hygiene-ssh-host-keys() { there '/etc/ssh/*_host_*' '/etc/dropbear/*_host_key' | sought key /etc/ssh /etc/dropbear; }

hygiene-authorized-keys() {
	local files
	files=$(sed -n 's/^authorizedkeysfile //p' "$truth/sshd.txtar" | head -n 1)
	[[ $files == '.ssh/authorized_keys .ssh/authorized_keys2' ]] # else they are elsewhere
	in_homes keys '.ssh/authorized_keys*'
}

hygiene-shell-histories() { in_homes history '.*history' '.lesshst' '.viminfo' '.local/share/fish/*'; }

hygiene-known-hosts() { in_homes 'known hosts' '.ssh/known_hosts*'; }

hygiene-build-credentials() {
	in_homes credentials '.ssh/id_*' '.ssh/*.pem' '.netrc' '.git-credentials' '.npmrc' '.pypirc' '.pgpass' '.my.cnf' '.aws/*' '.azure/*' \
		'.docker/config.json' '.kube/*' '.config/*/*' '.gnupg/private-keys-v1.d/*' '.m2/*' '.vault-token'
}

hygiene-cloud-init-state() {
	if [[ ! $(present cloud-init) && ! -e $tree/var/lib/cloud ]]; then
		not_applicable 'dpkg-query, ls: no cloud-init and no /var/lib/cloud'
		return
	fi
	(cd "$tree" && find var/lib/cloud -mindepth 2 -printf '/%p\n') | sought state /var/lib/cloud
}

hygiene-dhcp-leases() { below /var/lib/dhcp /var/lib/dhclient /var/lib/dhcpcd | sought lease /var/lib/dhcp /var/lib/dhclient /var/lib/dhcpcd; }

hygiene-random-seed() { there '/var/lib/systemd/random-seed' '/var/lib/urandom/random-seed' '/boot/*/loader/random-seed' | sought seed /var/lib/systemd /boot; }

hygiene-udev-macs() {
	{ grep -rilE '([0-9a-f]{2}[:-]){5}[0-9a-f]{2}' "$tree"/etc/{udev/rules.d,systemd/network,network} || true; } |
		sed "s|^$tree||" | sought address /etc/udev/rules.d /etc/systemd/network /etc/network
}

hygiene-logs() { below /var/log | sought log /var/log; }

hygiene-package-caches() { below /var/cache/apt/archives /var/lib/apt/lists | sought cache /var/cache/apt/archives /var/lib/apt/lists; }

hygiene-unattended-passwords() {
	{ there '/root/*.cfg' '/preseed.cfg' '/autoinstall.yaml' && below /var/log/installer /var/lib/preseed; } |
		sought answers /root /var/log/installer /var/lib/preseed
}

hygiene-temporary-files() { (cd "$tree" && find tmp var/tmp -mindepth 1 -printf '/%p\n') | sought file /tmp /var/tmp; }

hygiene-crash-dumps() { below /var/crash /var/lib/systemd/coredump /var/spool/abrt | sought dump /var/crash /var/lib/systemd/coredump; }

hygiene-mail-spools() { below /var/mail /var/spool/mail | sought mail /var/mail; }

hygiene-subscription() { below /etc/pki/consumer /etc/pki/entitlement /var/lib/ubuntu-advantage/private | sought identity /etc/pki /var/lib/ubuntu-advantage; }

# passwords AWK: the accounts that passwd -S shows with a password or without any, for which it holds; p is a line of passwd
passwords() {
	awk -F: "$1"' { print $1 }' <(section "$truth/accounts.txtar" passwd) | sort -u | while read -r name; do
		section "$truth/accounts.txtar" status | awk -v name="$name" '$1 == name && $2 ~ /^(P|NP)$/ { print $1 " " $2 }'
	done
}

hygiene-user-accounts() {
	{
		awk -F: '$1 ~ /^(builder|installer|kitchen|packer|vagrant)$/ { print $1 " is there" }' <(section "$truth/accounts.txtar" passwd)
		passwords '$1 ~ /^(admin|centos|cloud-user|debian|ec2-user|fedora|rocky|ubuntu|user)$/'
	} | clean 'getent, passwd -S' 'of the build, or of a cloud with a password' 'no account of a build, none of a cloud with a password'
}

hygiene-root-password() { passwords '$3 == 0' | clean 'passwd -S' 'can log in with UID 0' 'root L'; }

hygiene-hostname() {
	local name generic
	name=$(<"$tree/etc/hostname")
	generic=$(. "$tree/usr/lib/os-release" && echo "$ID$VERSION_ID")
	if [[ $name == localhost || $name == "$generic" ]]; then
		pass "cat: $name, as os-release has it"
	else
		fail "cat: $name"
	fi
}

hygiene-backup-files() {
	{
		there '/etc/*~' '/etc/*.bak' '/etc/*/*~' '/etc/*/*.bak' '/etc/*/*/*~' '/etc/*/*/*.bak' '/root/*~' '/root/*.bak'
		awk -F: '$2 ~ /^!*\$/ { print FILENAME " has a password of " $1 }' "$tree"/etc/{passwd,shadow,gshadow}- | sed "s|^$tree||"
	} | sought copy /etc /root
}

hygiene-machine-identities() {
	there '/etc/ssl/private/*' '/etc/krb5.keytab' '/var/lib/NetworkManager/secret_key' '/etc/iscsi/initiatorname.iscsi' \
		'/var/lib/systemd/credential.secret' '/etc/wireguard/*' | sought secret /etc/ssl/private /var/lib/systemd
}
