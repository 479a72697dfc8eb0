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
