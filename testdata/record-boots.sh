#!/bin/bash
# Records in damaged/boots.tsv what becomes of each damaged disk of build-damaged.sh in a real boot: in QEMU, on a copy that the guest
# may write to, asked to power off when it got to a login, and read afterwards with debugfs and journalctl. Nothing here knows guestctl.
#
#     record-boots.sh            those that are not recorded yet; a changed recipe needs its line deleted
#     record-boots.sh NAME...    these, again
#     JOBS=2                     how many at a time
#
# Columns: case, category, container, outcome, boots, root, failed, evidence.
#   outcome  login, emergency, rescue, initramfs, panic, frozen (systemd stopped), grub (its shell, or an error it does not get over),
#            firmware (no boot loader), reset, hang (no more output, and none was to come), refused (by qemu)
#   boots    yes: a login, the root file system writable, and no unit failed that a machine cannot do without ($essential)
#   root     rw, ro, or - where it was not mounted
#   failed   units that failed and do not on the undamaged disk, whose line is the first
# There is no limit of time: a boot has hung when the guest wrote nothing while it used 150 s of the processor (20 s before the kernel
# is loaded), idled for 180 s, or has not come to a login after 300 s of the processor.
set -Eeuo pipefail
. "$(dirname "$0")/debian.sh"
damaged=$build/damaged
runs=$build/boots
table=$here/damaged/boots.tsv
essential='systemd-journald|systemd-udevd|systemd-remount-fs|systemd-logind|dbus|systemd-user-sessions|getty@|serial-getty@|local-fs.target'
head=$'case\tcategory\tcontainer\toutcome\tboots\troot\tfailed\tevidence'

# image NAME: the file of a case
image() {
	local file
	for file in "$damaged/$1".{qcow2,raw}; do
		[[ ! -f $file ]] || echo "$file"
	done
	[[ $1 != undamaged ]] || echo "$out/debian12.qcow2"
}

# text: the serial output without control sequences, a line each
text() { tr -d '\000' <serial | sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g; s/\x1b[()][A-Z0-9]//g' | tr '\r\b' '\n\n' | tr -cd '\11\12\40-\176' | tr -s ' ' | grep -v '^ *$' || true; }

# said: the outcome that the output tells, and the line that tells it
said() {
	local outcome pattern line
	while IFS=$'\t' read -r outcome pattern; do
		if line=$(text | grep -m 1 -E "$pattern"); then
			printf '%s\t%s\n' "$outcome" "$line"
			return
		fi
	done <<-'END'
		panic	Kernel panic
		frozen	Freezing execution
		emergency	You are in emergency mode|Entering emergency mode|Reached target .*Emergency Mode
		rescue	You are in rescue mode|Reached target .*Rescue Mode
		initramfs	\(initramfs\)
		login	debian12 login:
		firmware	No bootable device|not a bootable disk
		grub	g?rub( rescue)?> *$|you need to load the kernel first|Enter username:|minimal BASH-like|Failed to boot both default
		grub	disk read error|Hard Disk *Error|Read *Error|Geom *Error
	END
}

# used PID: seconds of the processor that a process used so far
used() { awk '{n += $1} END {print int(n / 1e9)}' "/proc/$1"/task/*/schedstat 2>/dev/null || echo 0; }

# wanted PID: the same with the time it waited for its turn, which tells an idle guest from a busy machine
wanted() { awk '{n += $1 + $2} END {print int(n / 1e9)}' "/proc/$1"/task/*/schedstat 2>/dev/null || echo 0; }

# watch PID: waits until the output tells an outcome, the process ends, or nothing comes any more
watch() {
	local pid=$1 size=-1 now cpu=0 idle=0 want=0 limit=20
	local most=300 # of a guest that never stops to complain
	while kill -0 "$pid" 2>/dev/null; do
		said | grep . && return
		now=$(stat -c %s serial)
		if ((now != size)); then
			size=$now cpu=$(used "$pid") idle=0
			! grep -q 'Loading Linux' serial || limit=150
		fi
		if (($(used "$pid") - cpu > limit || $(used "$pid") > most || idle > 180)); then
			printf 'hang\t%s\n' "$(text | tail -n 1)"
			return
		fi
		want=$(wanted "$pid")
		sleep 5
		(($(wanted "$pid") - want > 2)) || idle=$((idle + 5))
	done
	said | grep . && return
	if [[ -s serial ]]; then printf 'reset\t%s\n' "$(text | tail -n 1)"; else printf 'refused\t%s\n' "$(tail -n 1 errors)"; fi
}

# settle PID: waits until a guest that got to a login has little left to do
settle() {
	local before i
	for i in {1..12}; do
		before=$(wanted "$1")
		sleep 5
		(($(wanted "$1") - before > 2)) || ((i < 2)) || return 0
	done
}

# stop PID: asks the guest to power off, and ends it where it does not
stop() {
	local i
	for i in {1..60}; do
		((i % 15 != 1)) || echo '{"execute": "system_powerdown"}' >&8
		kill -0 "$1" 2>/dev/null || return 0
		sleep 2
	done
	echo '{"execute": "quit"}' >&8
}

# after IMAGE FORMAT: what the guest left on its disk: the state of the root file system, and the units that failed
after() {
	local disk=disk.raw at=$((4096 * 512)) root=ro failed=-
	qemu-img convert -f "$2" -O raw "$1" $disk 2>/dev/null || return 0
	[[ $(sgdisk -i 2 $disk 2>/dev/null | sed -n 's/^First sector: \([0-9]*\).*/\1/p') == "" ]] ||
		at=$(($(sgdisk -i 2 $disk | sed -n 's/^First sector: \([0-9]*\).*/\1/p') * 512))
	e2fsck -fy -E journal_only "$disk?offset=$at" >/dev/null 2>&1 || true
	mkdir -p journal
	debugfs -R 'rdump /var/log/journal journal' "$disk?offset=$at" >/dev/null 2>&1 || true
	if debugfs -R 'stat /var/lib/systemd/random-seed' "$disk?offset=$at" 2>/dev/null | grep -q ^Inode: || find journal -name system.journal | grep -q .; then
		root=rw
	fi
	failed=$(journalctl -q -D journal/journal -o cat --output-fields=UNIT \
		MESSAGE_ID=d9b373ed55a64feb8242e02dbe79a49c + MESSAGE_ID=be02cf6855d2428ba40df7e9d022f03d 2>/dev/null |
		sort -u | grep -vxF "${usual:-}" | paste -sd, || true)
	rm -rf $disk journal
	printf '%s\t%s\n' "$root" "${failed:--}"
}

# boot NAME: boots a copy, and writes its line
boot() {
	local name=$1 file format category pid outcome evidence root=- failed=- boots=no
	file=$(image "$name")
	format=${file##*.}
	category=$(awk -F'\t' -v n="$name" '$2 == n {print $1}' "$here/damaged/cases")
	mkdir -p "$runs/$name" && cd "$runs/$name"
	ln -sfn ../images ../../boots/images 2>/dev/null || true # what the copy is based on
	cp --sparse=always "$file" "disk.$format"
	[[ ! -f $damaged/$name.base.raw ]] || cp --sparse=always "$damaged/$name.base.raw" .
	mkfifo qmp 2>/dev/null || true
	exec 8<>qmp
	for _ in {1..8}; do
		: >serial
		echo '{"execute": "qmp_capabilities"}' >&8
		qemu-system-x86_64 -nodefaults -no-user-config -machine pc,graphics=off -accel tcg -m 768 -vga std -display none -nic none \
			-no-reboot -serial file:serial -drive "file=disk.$format,if=virtio,format=$format" -qmp stdio <&8 >answers 2>errors 8>&- &
		pid=$!
		IFS=$'\t' read -r outcome evidence < <(watch $pid) || true
		[[ $evidence == *'timer doesn'* ]] || break # a machine so busy that the emulated timer is late
		kill $pid && wait $pid || true
	done
	if [[ $outcome == login ]]; then
		settle $pid
		stop $pid
	fi
	kill $pid 2>/dev/null || true
	wait $pid 2>/dev/null || true
	exec 8>&-
	case $outcome in
	login | emergency | rescue | frozen | hang)
		IFS=$'\t' read -r root failed < <(after "disk.$format" "$format") || true
		;;
	esac
	[[ $outcome != hang || $root != ro ]] || root=- # it is not known that it was mounted
	[[ $outcome != login || $root != rw ]] || grep -qE "(^|,)($essential)" <<<"$failed" || boots=yes
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%.200s\n' "$name" "${category:--}" "$format" "$outcome" "$boots" "${root:--}" "${failed:--}" "${evidence:--}" |
		tee line
	text >log
	rm -f disk.* ./*.base.raw qmp
}

if [[ ${1-} == boot ]]; then
	usual=$(cut -f7 "$runs/undamaged/line" 2>/dev/null | tr , '\n' || true)
	boot "$2"
	exit
fi

# collect: the table of all that was booted, in the order of the cases
collect() {
	local name
	{
		echo "$head"
		{ echo undamaged && cut -f2 "$here/damaged/cases"; } | while read -r name; do
			if [[ -f $runs/$name/line ]]; then cat "$runs/$name/line"; else grep -P "^$name\t" "$table" 2>/dev/null || true; fi
		done
	} >"$table.new"
	mv "$table.new" "$table"
}

names=("$@")
((${#names[@]})) || mapfile -t names < <({ echo undamaged && cut -f2 "$here/damaged/cases"; } | grep -vxFf <(cut -f1 "$table" 2>/dev/null))
say "booting ${#names[@]} disks"
# sessions of their own: a busy one beside them does not take their time
printf '%s\n' "${names[@]}" | xargs -P "${JOBS:-2}" -n 1 setsid -w nice "$0" boot >&2 || true
collect
