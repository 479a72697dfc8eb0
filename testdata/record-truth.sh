#!/bin/bash
# Records in truth/ what the real Debian 12 and its two variants say about themselves: each tree is unpacked, entered with
# chroot, and its own tools are asked (the tree's augenrules is the host's: Debian installs auditd on demand). Needs root
# and build-debian.sh's tarball; auditd is installed when it is missing. The tests only read what is recorded here.
set -euo pipefail
. "$(dirname "$0")/debian.sh"
. "$here/variants.sh"
. "$here/chroot.sh"

[[ $(id -u) == 0 ]] || { say "a chroot needs root" && exit 1; }
[[ -f $tarball ]] || { say "no $tarball: run build-debian.sh first" && exit 1; }
command -v augenrules >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends auditd >/dev/null

# answer NAME COMMAND...: one file of a txtar archive: what the command says
answer() {
	echo "-- $1 --"
	in_tree "${@:2}" 2>/dev/null || echo "exit $?"
}

versions() {
	in_tree dpkg-query -W -f '${Package} ${Version}\n' \
		dpkg kmod libc-bin libpam-modules openssh-server passwd procps sudo systemd util-linux
	dpkg-query -W -f '${Package} ${Version} (of the host)\n' auditd
}

# what sshd -T says with -C is kept as a difference: lines with < are gone, those with > are new
sshd() {
	host_keys
	local all who_from
	all=$(answer all sshd -T)
	echo "$all"
	for who_from in $(visitors); do
		diff <(echo "$all") <(answer "$who_from" sshd -T -C "$who_from") |
			sed -n '/^< -- /d; s/^> -- /-- /p; t; /^[<>]/p' || true
	done
	rm "$tree"/etc/ssh/ssh_host_*
}

# sysctl PROGRAM...: what it writes into a /proc/sys that is made of plain files
sysctl() {
	local key
	while read -r key; do
		mkdir -p "$tree/proc/sys/${key%/*}"
		: >"$tree/proc/sys/$key"
	done <"$here/truth/sysctl.keys"
	in_tree "$@" >/dev/null 2>&1 || true
	while read -r key; do
		printf '%s\t%s\n' "$key" "$(<"$tree/proc/sys/$key")"
	done <"$here/truth/sysctl.keys"
	rm -r "$tree/proc/sys"
}

# units: name, state by is-enabled, state and preset by list-unit-files, of all that is a file or that a link names
units() {
	local files unit state
	files=$(in_tree systemctl --root=/ list-unit-files --no-legend --no-pager --full)
	{
		cut -d' ' -f1 <<<"$files"
		find "$tree"/{etc,usr/lib}/systemd/system -mindepth 2 -type l -regex '.*\.\(wants\|requires\|upholds\)/[^/]*' -printf '%f\n'
		find "$tree/etc/init.d" -type f -printf '%f\n' | sed 's/\(\.sh\)\?$/.service/' # as systemd-sysv-generator does
	} | sort -u | while read -r unit; do
		state=$(in_tree systemctl --root=/ is-enabled "$unit" 2>/dev/null | tail -n 1) || true
		echo "$unit ${state:--} $(awk -v u="$unit" '$1 == u { f = $2 " " ($3 == "" ? "-" : $3) } END { print f ? f : "- -" }' <<<"$files")"
	done
}

# sudo itself leaves out files that cvtsudoers reads: those of others, and those that others may write
privileges() {
	in_tree cvtsudoers -e -f json /etc/sudoers >"$truth/sudoers.json"
	local who
	for who in $(in_tree getent -s files passwd | awk -F: '$3 == 0 || $3 >= 1000 { print $1 }' | sort -u); do
		echo "-- $who --"
		# on a terminal, since Defaults may ask for one
		unshare --uts script -qec "hostname debian12; COLUMNS=1000 chroot '$tree' sudo -l -U '$who'" /dev/null | sed 's/\r//; /unable to resolve host/d'
	done >"$truth/sudo.txtar"
}

# modules: what modprobe would do for each of truth/modules
modules() {
	local module release
	release=$(basename "$tree"/usr/lib/modules/*)
	while read -r module; do
		printf '%s\t%s\n' "$module" \
			"$(in_tree modprobe -S "$release" -n -v "$module" 2>/dev/null | sed "s|/lib/modules/$release/kernel/||" | tr '\n' ' ')"
	done <"$here/truth/modules"
}

systemd_config() {
	local file
	for file in journald coredump timesyncd logind; do
		answer "$file" systemd-analyze cat-config "systemd/$file.conf"
	done
}

audit_rules() {
	cp "$(command -v augenrules)" "$tree/usr/sbin/augenrules"
	cp "$tree/etc/audit/audit.rules" "$tree/audit.before"
	in_tree augenrules --check | sed 's/^/# /'
	in_tree augenrules >/dev/null
	cat "$tree/etc/audit/audit.rules"
	mv "$tree/audit.before" "$tree/etc/audit/audit.rules"
	rm -f "$tree/usr/sbin/augenrules" "$tree/etc/audit/audit.rules.prev"
}

accounts() {
	answer passwd getent -s files passwd
	answer group getent -s files group
	answer shadow sh -c "getent -s files shadow | sed 's/^\([^:]*\):[^:]*:/\1:hidden:/'"
	answer status passwd -S -a
	answer pwck sh -c 'yes no | pwck -r'
	answer grpck sh -c 'yes no | grpck -r'
}

# mounts: the lines as libmount reads them, and the units that systemd makes of them
mounts() {
	answer findmnt findmnt --fstab --tab-file /etc/fstab --noheadings --raw -o SOURCE,TARGET,FSTYPE,OPTIONS
	mkdir "$tree/generated"
	in_tree SYSTEMD_LOG_LEVEL=emerg /lib/systemd/system-generators/systemd-fstab-generator /generated /generated /generated || true
	echo '-- generator --'
	find "$tree/generated" -name '*.mount' -type f | sort | while read -r unit; do
		echo "$(basename "$unit") $(sed -n 's/^What=//p' "$unit") $(sed -n 's/^Where=//p' "$unit") $(sed -n 's/^Options=//p' "$unit")"
	done
	rm -r "$tree/generated"
}

# stacks: which rules of each stack of PAM can run. Every rule is told its place, and every module is a stub, so this
# comes last: see pamtrace.c.
stacks() {
	local lib=$tree/usr/lib/x86_64-linux-gnu module service type
	gcc -DSTUB -shared -fPIC -o "$work/stub.so" "$here/pamtrace.c"
	gcc -o "$tree/pamtrace" "$here/pamtrace.c" "$lib/libpam.so.0" -Wl,--allow-shlib-undefined
	for module in $(grep -oh 'pam_[a-z0-9_]*\.so' "$tree"/{etc,usr/lib}/pam.d/* | sort -u); do
		rm -f "$lib/security/$module"
		cp "$work/stub.so" "$lib/security/$module"
	done
	for service in "$tree"/{etc,usr/lib}/pam.d/*; do
		awk -v file="${service#"$tree"}" '
			{ if (!open) { start = NR; rule = tolower($1) ~ /^-?(auth|account|password|session)$/ && $2 != "include" && $2 != "substack"; fixed = "" } }
			/pam_permit\.so/ { fixed = " outcome=permit" }
			/pam_deny\.so/ { fixed = " outcome=deny" }
			{ open = /\\$/ }
			rule && !open { sub(/[ \t]*#.*/, ""); $0 = $0 " record=" file ":" start fixed }
			{ print }' "$service" >"$work/service"
		cat "$work/service" >"$service"
	done
	for service in "$tree"/{etc,usr/lib}/pam.d/*; do
		for type in auth account password session; do
			answer "${service##*/} $type" /pamtrace "${service##*/}" "$type"
		done
	done
}

work=$build/work-truth
trap 'rm -rf "$work"' EXIT
for name in debian12 "${variants[@]}"; do
	tree=$work/$name
	truth=$here/truth/$name
	rm -rf "$tree" "$truth" && mkdir -p "$truth"
	unpack "$tree"
	[[ $name == debian12 ]] || apply "$tree" "$name"
	say "asking $name"
	versions >"$truth/versions"
	packages "$tree" | cut -f1-4 >"$truth/packages"
	units >"$truth/units"
	mounts >"$truth/mounts.txtar"
	accounts >"$truth/accounts.txtar"
	privileges
	modules >"$truth/modprobe"
	systemd_config >"$truth/systemd.txtar"
	[[ ! -d $tree/etc/audit/rules.d ]] || audit_rules >"$truth/audit.rules"
	sysctl /lib/systemd/systemd-sysctl >"$truth/sysctl"
	sysctl /usr/sbin/sysctl --system >"$truth/sysctl.procps"
	sshd >"$truth/sshd.txtar"
	stacks >"$truth/pam.txtar"
	rm -rf "$tree"
done
du -sh "$here/truth" >&2
