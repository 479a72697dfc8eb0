# Sourced by record-verdicts.sh: owners and modes.
# shellcheck shell=bash disable=SC2154

files-passwd-group-permissions() {
	looser 644 0 0 /etc/passwd /etc/passwd- /etc/group /etc/group- | clean stat 'not 0644 root:root' 'passwd, group and their copies are 0644 root:root'
}

files-shadow-permissions() {
	looser 640 0 '0|42' /etc/shadow /etc/shadow- /etc/gshadow /etc/gshadow- | clean stat 'not 0640 root:shadow' 'shadow, gshadow and their copies are 0640 root:shadow or stricter'
}

# scanned AWK: of all objects outside of /proc, /sys, /dev and /run, those for which it holds; m, u, g, t, p are an object's mode,
# uid, gid, type and path
scanned() {
	awk -F'\t' '{ m = $1; u = $2; g = $3; t = $4; p = $5; bits = substr("0000" m, length(m) + 1) }
		p ~ /^\/(proc|sys|dev|run)(\/|$)/ { next }
		'"$1" "$answers/modes"
}

files-world-writable() {
	scanned 't == "l" || substr(bits, 4) !~ /[2367]/ { next } t == "d" && substr(bits, 1, 1) ~ /[1357]/ { next } { print m " " p }' |
		clean 'find -xdev -perm -0002' 'file, or directory that is not sticky' 'sticky directories only'
}

files-unowned() {
	{
		getent_ids passwd | sed 's/^/u /'
		getent_ids group | sed 's/^/g /'
	} >"$answers/ids"
	scanned 'BEGIN { while ((getline line < "'"$answers/ids"'") > 0) known[line] } !(("u " u) in known && ("g " g) in known) { print u ":" g " " p }' |
		clean 'find -nouser -o -nogroup' unowned nothing
}

getent_ids() { section "$truth/accounts.txtar" "$1" | cut -d: -f3; }

files-cron-permissions() {
	if [[ ! $(present cron cronie systemd-cron) ]]; then
		not_applicable 'dpkg-query: no cron'
		return
	fi
	{
		looser 600 0 0 /etc/crontab
		looser 700 0 0 /etc/cron.hourly /etc/cron.daily /etc/cron.weekly /etc/cron.monthly /etc/cron.d
	} | clean stat 'not 0600 or 0700 root:root' 'crontab is 0600 and cron.{d,hourly,daily,weekly,monthly} 0700, root:root'
}

files-shells-opasswd-permissions() {
	{
		looser 644 0 0 /etc/shells
		looser 600 0 0 /etc/security/opasswd /etc/security/opasswd.old
	} | clean stat 'not 0644 or 0600 root:root' '/etc/shells is 0644 and opasswd 0600, root:root'
}

# owned PATH: a package has it, under its name or under the one that it had before /usr was merged
owned() { in_tree dpkg-query -S "$1" >/dev/null 2>&1 || in_tree dpkg-query -S "${1#/usr}" >/dev/null 2>&1; }

files-privileged-files-packaged() {
	local mode path
	scanned 't == "f" && substr(bits, 1, 1) ~ /[2-7]/ { print m " " p }' | while read -r mode path; do
		owned "$path" || echo "$mode $path"
	done | clean 'find -perm /6000, dpkg-query -S' 'of no package' 'each belongs to a package'
}

files-cron-at-allow() {
	if [[ ! $(present cron cronie systemd-cron) ]]; then
		not_applicable 'dpkg-query: no cron'
		return
	fi
	{
		[[ -e $tree/etc/cron.allow ]] || echo 'no cron.allow'
		[[ ! -e $tree/etc/cron.deny ]] || echo 'cron.deny'
		[[ ! $(present at) || -e $tree/etc/at.allow ]] || echo 'no at.allow'
		[[ ! -e $tree/etc/at.deny ]] || echo 'at.deny'
		looser 640 0 '0|101' /etc/cron.allow /etc/at.allow
	} | clean stat wrong "$(looser 0 x x /etc/cron.allow /etc/at.allow | listed)"
}

logs-log-permissions() {
	scanned 'p ~ /^\/var\/log\// && t == "f" && substr(bits, 4) != "0" { print m " " p }' | clean 'find /var/log -type f -perm /007' found nothing
}
