# Sourced by record-verdicts.sh: what is asked of a tree once, and the words of a verdict.
# shellcheck shell=bash disable=SC2154 # tree, truth and answers are record-verdicts.sh's

# line TEXT...: as one line
line() { tr -s '\t\n ' ' ' <<<"$*" | sed 's/^ //; s/ $//'; }

pass() { printf 'pass\t%s\n' "$(line "$@")"; }
fail() { printf 'fail\t%s\n' "$(line "$@")"; }
not_applicable() { printf 'notapplicable\t%s\n' "$(line "$@")"; }

# listed: stdin's lines as one, with commas
listed() { paste -sd, - | sed 's/,/, /g'; }

# clean TOOL WRONG GOOD: stdin lists what is WRONG; without any, the check passes because of what is GOOD
clean() {
	local wrong
	wrong=$(listed)
	if [[ $wrong ]]; then fail "$1: $2: $wrong"; else pass "$1: $3"; fi
}

# holds EVIDENCE COMMAND...: passes when the command succeeds; the evidence is the same either way
holds() { if "${@:2}" >/dev/null; then pass "$1"; else fail "$1"; fi; }

# ask: what several checks need, into files of $answers
ask() {
	packages "$tree" >"$answers/packages"
	modes "$tree" >"$answers/modes"
	boot
	sshd_settings
	new_account >"$answers/new-account"
}

# present PACKAGE...: those of them that are there, even half
present() {
	local package
	for package in "$@"; do
		awk -F'\t' -v want="$package" '$1 == want && $4 !~ / (config-files|not-installed)$/ { print $1 }' "$answers/packages"
	done | sort -u
}

# provided NAME...: the packages that are there and provide one of the names
provided() {
	local name
	for name in "$@"; do
		awk -F'\t' -v want="$name" '$4 !~ / (config-files|not-installed)$/ && (", " $5 ",") ~ (", " want "[ ,]") { print $1 " provides " want }' \
			"$answers/packages"
	done | sort -u
}

# configured FILE SECTION KEY: the last value of a key of systemd's FILE.conf and its drop-ins, in the order of cat-config
configured() {
	section "$truth/systemd.txtar" "$1" | awk -v section="[$2]" -v key="$3" '
		/^# \// || /^\[/ { on = $0 == section; next }
		{ split($0, kv, /[ \t]*=[ \t]*/) }
		on && kv[1] == key { value = kv[2] } END { print value }'
}

# boot: what systemd itself would start, with the command line of the first entry of grub.cfg: systemd --test, which runs the
# generators and refuses to be root or the first process
boot() {
	local arguments
	arguments=$(sed -n 's/^\s*linux\s\+\S\+\s\+//p' "$tree/boot/grub/grub.cfg" | head -n 1)
	# shellcheck disable=SC2016 # the inner shell expands
	unshare --pid --fork --mount --uts sh -euc '
		mount -t proc proc "$1/proc"
		mount -t tmpfs tmpfs "$1/run"
		mount --rbind /sys "$1/sys"
		mount --rbind /dev "$1/dev"
		chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C SYSTEMD_PROC_CMDLINE="$2" SYSTEMD_LOG_LEVEL=crit \
			setpriv --reuid 65534 --clear-groups /lib/systemd/systemd --test --system
		exit $?' sh "$tree" "$arguments" \
		>"$answers/boot" 2>/dev/null
	sed -n '/^-> By jobs:/,$ s/^\t*Action: \(.*\) -> start$/\1/p' "$answers/boot" | sort -u >"$answers/started"
	[[ -s $answers/started ]]
}

# started UNIT...: those of them that boot starts
started() { printf '%s\n' "$@" | grep -Fxf "$answers/started" || true; }

# loaded UNIT KEY: the values of a key of a unit as systemd loaded it
loaded() {
	awk -v unit="-> Unit $1:" -v key="$2: " '
		{ sub(/^\t+/, "") }
		/^-> Unit / { on = $0 == unit }
		/^-> By jobs:/ { exit }
		on && index($0, key) == 1 { print substr($0, length(key) + 1) }' "$answers/boot"
}

# modes TREE: mode, uid, gid, type and path of every object
modes() { (cd "$1" && find . -mindepth 1 -printf '%m\t%U\t%G\t%y\t/%P\n' | sort -t $'\t' -k5); }

# looser MODE UIDS GIDS GLOB...: the objects that have a bit outside MODE or another owner, as `mode uid:gid path`; links are
# followed, what does not exist is fine. UIDS and GIDS are separated by |
looser() {
	local glob path mode uid gid
	for glob in "${@:4}"; do
		for path in $(cd "$tree" && { compgen -G "${glob#/}" || true; } | sort); do
			read -r mode uid gid < <(in_tree stat -Lc '%a %u %g' "/$path")
			if ((8#$mode & ~8#$1)) || [[ ! $uid =~ ^($2)$ || ! $gid =~ ^($3)$ ]]; then
				echo "$mode $uid:$gid /$path"
			fi
		done
	done
}
