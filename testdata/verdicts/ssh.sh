# Sourced by record-verdicts.sh: sshd, asked with the command line that its unit has.
# shellcheck shell=bash disable=SC2154

# sshd_options: what stands behind sshd on the command line of ssh.service, but for -D
sshd_options() {
	local line
	line=$(loaded ssh.service 'Command Line' | grep '^/usr/sbin/sshd -D' | head -n 1)
	line=${line#/usr/sbin/sshd -D}
	if [[ $line == *SSHD_OPTS* ]]; then
		line=$(sed -n 's/^SSHD_OPTS=//p' "$tree/etc/default/ssh")
	fi
	line "$line"
}

# sshd_settings: sshd -T, and for every visitor the lines that differ, with the options of ssh.service
sshd_settings() {
	local options who_from
	sshd_options >"$answers/sshd.options"
	read -ra options <"$answers/sshd.options" || true # it has no newline
	host_keys
	in_tree sshd -T "${options[@]}" 2>/dev/null >"$answers/sshd"
	in_tree sshd -T -ddd 2>&1 | sed -n "s/\r//; s/.*load_server_config: filename //p" | sort -u >"$answers/sshd.files"
	for who_from in $(visitors); do
		in_tree sshd -T "${options[@]}" -C "$who_from" 2>/dev/null |
			grep -vFxf "$answers/sshd" | sed "s/^/${who_from//host=client.example.org,/}\t/" || true
	done >"$answers/sshd.match"
	rm "$tree"/etc/ssh/ssh_host_*
}

# setting KEYWORD: its effective value
setting() { sed -n "s/^$1 //p" "$answers/sshd"; }

# sshd_is KEYWORD VALUE-REGEXP: nothing else will do
sshd_is() { holds "sshd -T: $1 $(setting "$1")" grep -Exq -- "$2" <<<"$(setting "$1")"; }

# nowhere_but KEYWORD VALUE: the value, from the unit's options and for every visitor
nowhere_but() {
	local options loose
	options=$(<"$answers/sshd.options")
	if [[ $options && $(setting "$1") != "$2" ]]; then
		fail "systemd --test: ssh.service runs sshd $options; sshd -T $options: $1 $(setting "$1"); from the files alone: $(sed -n "s/^$1 //p" "$truth/sshd.txtar" | head -n 1)"
		return
	fi
	loose=$(awk -F'\t' -v good="$1 $2" -v key="$1 " 'index($2, key) == 1 && $2 != good { print "sshd -T -C " $1 ": " $2 }' "$answers/sshd.match")
	if [[ $loose ]]; then
		fail "$(listed <<<"$loose")"
		return
	fi
	sshd_is "$1" "$2"
}

# sshd_without KEYWORD REGEXP: no algorithm of the list matches
sshd_without() {
	setting "$1" | tr , '\n' | { grep -E -- "$2" || true; } | clean 'sshd -T' "weak $1" "$1 $(setting "$1")"
}

sshd_at_most() { holds "sshd -T: $1 $(setting "$1")" test "$(setting "$1")" -ge "$2" -a "$(setting "$1")" -le "$3"; }

ssh-root-login() { nowhere_but permitrootlogin no; }
ssh-empty-passwords() { nowhere_but permitemptypasswords no; }
ssh-user-environment() { sshd_is permituserenvironment no; }
ssh-hostbased-authentication() { sshd_is hostbasedauthentication no; }
ssh-ignore-rhosts() { sshd_is ignorerhosts yes; }
ssh-max-auth-tries() { sshd_at_most maxauthtries 1 4; }
ssh-use-pam() { sshd_is usepam yes; }
ssh-ciphers() { sshd_without ciphers '3des|-cbc|arcfour|rijndael'; }
ssh-macs() { sshd_without macs 'md5|sha1(-|$)|umac-64|-96'; }
ssh-kex-algorithms() { sshd_without kexalgorithms 'group1-|group14-sha1|group-exchange-sha1'; }

ssh-config-permissions() {
	local files
	mapfile -t files <"$answers/sshd.files"
	looser 600 0 0 "${files[@]}" | clean 'sshd -ddd, stat' 'not 0600 root:root' "0600 root:root ${files[*]}"
}

# host_key_files GLOB: those of the image itself
host_key_files() { find "$tree/etc/ssh" -maxdepth 1 -name "ssh_host_$1" -printf '%f\n' | sort; }

ssh-private-key-permissions() {
	local keys
	keys=$(host_key_files '*_key')
	looser 600 0 0 '/etc/ssh/ssh_host_*_key' | clean 'stat /etc/ssh/ssh_host_*_key' 'not 0600 root:root' "${keys:-there is none}"
}

ssh-login-grace-time() { sshd_at_most logingracetime 1 60; }
ssh-log-level() { sshd_is loglevel 'INFO|VERBOSE'; }
ssh-forwarding() { sshd_is disableforwarding yes; }

ssh-idle-timeout() {
	local interval count
	interval=$(setting clientaliveinterval)
	count=$(setting clientalivecountmax)
	holds "sshd -T: clientaliveinterval $interval, clientalivecountmax $count" \
		test "$interval" -ge 1 -a "$interval" -le 300 -a "$count" -ge 1 -a "$count" -le 3
}

ssh-access-limited() {
	local who
	who=$(sed -En '/^(allow|deny)(users|groups) /p' "$answers/sshd" | listed)
	holds "sshd -T: ${who:-no allowusers, allowgroups, denyusers or denygroups}" test "$who"
}

ssh-banner() {
	local file
	file=$(setting banner)
	holds "sshd -T: banner $file$([[ $file == none || -e $tree$file ]] || echo ', which does not exist')" test -e "$tree$file"
}

ssh-public-key-permissions() {
	local keys
	keys=$(host_key_files '*_key.pub')
	looser 644 0 0 '/etc/ssh/ssh_host_*_key.pub' | clean 'stat /etc/ssh/ssh_host_*_key.pub' 'writable by others' "${keys:-there is none}"
}
