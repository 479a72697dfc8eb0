#!/bin/bash
# Measures guestctl beside the tools a user would pick instead, on the real Debian 12 disk that `make images` builds.
# CPU seconds are user and system time, the best of RUNS, with a warm page cache: they depend less on what else the
# machine does than wall time. A ratio below 1 means that guestctl needs less. As root it installs what it compares with.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
RUNS=${RUNS:-5}
images=build/images
baseline=testdata/baseline.toml
guestctl=bin/guestctl

need() { # need COMMAND PACKAGE
	command -v "$1" >/dev/null && return
	[[ $(id -u) == 0 ]] || return 1
	echo "bench: installing $2" >&2
	DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "$2" >/dev/null
}

# measured COMMAND...: runs it; exit codes 0 and 1 are verdicts, any other is no measurement
measured() {
	local code=0
	"$@" >/dev/null 2>&1 || code=$?
	((code <= 1)) || { echo "bench: exit code $code of $*" >&2 && exit 1; }
}

# cpu COMMAND...: the least CPU seconds of its runs
cpu() {
	local times='' i TIMEFORMAT='cpu %U %S'
	for ((i = 0; i < RUNS; i++)); do
		times+=$({ time measured "$@"; } 2>&1)$'\n'
	done
	if grep -v '^cpu ' <<<"${times%$'\n'}" >&2; then return 1; fi
	awk '/^cpu/ { t = $2 + $3; if (best == "" || t < best) best = t } END { printf "%.3f", best }' <<<"$times"
}

# wall COMMAND...: the least seconds on the clock of its runs
wall() {
	local times='' i TIMEFORMAT='wall %R'
	for ((i = 0; i < RUNS; i++)); do
		times+=$({ time measured "$@"; } 2>&1)$'\n'
	done
	awk '/^wall/ { if (best == "" || $2 < best) best = $2 } END { printf "%.3f", best }' <<<"$times"
}

# rss COMMAND...: the most memory it held, in MB
rss() {
	local file
	[[ -x /usr/bin/time ]] || { echo '?' && return; }
	file=$(mktemp)
	/usr/bin/time -o "$file" -f '%M' "$@" >/dev/null 2>&1 || true
	awk 'END { printf "%.0f", $1 / 1024 }' "$file"
	rm "$file"
}

row() { printf '%-46s %10s %10s %8s   %s\n' "$@"; }
ratio() { awk "BEGIN { printf \"%.2f\", $1 / $2 }"; }

need /usr/bin/time time || true

row 'on Debian 12, 21,400 objects, 755 MB' 'guestctl' 'other' 'ratio' 'want'
for kind in raw qcow2; do
	list=$(cpu "$guestctl" find "$images/debian12.$kind" / --long)
	if need fls sleuthkit; then
		fls=$(cpu fls -r -p -o 4096 "$images/debian12.raw")
		row "list and stat all, $kind, against fls -r -p" "$list s" "$fls s" "$(ratio "$list" "$fls")" '<= 1.00'
	else
		row "list and stat all, $kind" "$list s" 'no fls' - '<= 1.00'
	fi
done

by_kernel() {
	unshare -m sh -c "mount -o ro,noload,loop,offset=$((4096 * 512)) $images/debian12.raw /mnt &&
		cd /mnt && find . -xdev -type f -print0 | xargs -0 sha256sum; cd / && umount /mnt"
}
mounted=''
if [[ $(id -u) == 0 ]] && by_kernel >/dev/null 2>&1; then mounted=$(cpu by_kernel); fi
for kind in raw qcow2; do
	hash=$(cpu "$guestctl" find "$images/debian12.$kind" / --sha256)
	if [[ -n $mounted ]]; then
		row "SHA-256 of all files, $kind, against a mount" "$hash s" "$mounted s" "$(ratio "$hash" "$mounted")" '<= 0.30'
	else
		row "SHA-256 of all files, $kind" "$hash s" 'no mount' - '<= 0.30'
	fi
done

packaged_by_kernel() { # the files that have a digest, each path once
	unshare -m sh -c "mount -o ro,noload,loop,offset=$((4096 * 512)) $images/debian12.raw /mnt && cd /mnt &&
		cut -c 35- var/lib/dpkg/info/*.md5sums | sort -u | tr '\n' '\0' | xargs -0 md5sum; cd / && umount /mnt"
}
if [[ -n $mounted ]]; then
	md5=$(cpu packaged_by_kernel)
	for kind in raw qcow2; do
		verify=$(cpu "$guestctl" verify-packages --no-cache "$images/debian12.$kind")
		row "verify packages, $kind, against md5sum" "$verify s" "$md5 s" "$(ratio "$verify" "$md5")" '<= 1.10'
	done
fi

by_yara() { # the same rules on the same files; the program knows them by what kind of file they are, yara tries all
	unshare -m sh -c "mount -o ro,noload,loop,offset=$((4096 * 512)) $images/debian12.raw /mnt &&
		yara -r -N -w -f -p $(nproc) -d filename= -d filepath= -d extension= -d filetype= -d owner= rules/yara/*.yar /mnt; umount /mnt"
}
scan=("$guestctl" check-compliance --baseline testdata/scan.toml --no-builtin-rules --no-archives --no-cache "$images/debian12.raw")
scanned=$(RUNS=3 cpu "${scan[@]}")
if [[ -n $mounted ]] && need yara yara; then
	yara=$(RUNS=3 cpu by_yara)
	row 'YARA, 54 rules, against yara -r -N -p' "$scanned s" "$yara s" "$(ratio "$scanned" "$yara")" '<= 1.05'
else
	row 'YARA, 54 rules' "$scanned s" 'no yara' - ''
fi
row '  most memory held' "$(rss "${scan[@]}") MB" - - ''
row 'scan, archives and structure too' "$(RUNS=3 cpu "$guestctl" scan --no-cache "$images/debian12.raw") s" - - ''
row 'drift, nothing to read' "$(cpu "$guestctl" drift --no-cache "$images/debian12.qcow2" "$images/debian12.qcow2") s" - - '<= 1.00 s'
row 'drift, all to read' "$(cpu "$guestctl" drift --no-cache "$images/debian12.qcow2" "$images/debian12.raw") s" - - ''

if need qemu-img qemu-utils; then
	compare=("$guestctl" verify-backup --compare "$images/debian12.raw" "$images/debian12.qcow2")
	equal=$(wall "${compare[@]}")
	qemu=$(wall qemu-img compare "$images/debian12.raw" "$images/debian12.qcow2")
	row 'compare raw and qcow2, wall, against qemu-img' "$equal s" "$qemu s" "$(ratio "$equal" "$qemu")" '<= 1.00'
	row '  most memory held' "$(rss "${compare[@]}") MB" - - ''
fi
source testdata/bench-backup.sh
source testdata/bench-agent.sh
source testdata/bench-luks.sh
source testdata/bench-images.sh
source testdata/bench-filesystems.sh

for image in debian12.raw debian12.qcow2 debian12-compressed.qcow2; do
	check=("$guestctl" check-compliance --no-cache --baseline "$baseline" "$images/$image")
	row "check-compliance, $image" "$(cpu "${check[@]}") s" - - '<= 0.15 s'
	row '  most memory held' "$(rss "${check[@]}") MB" - - '<= 60 MB'
done
XDG_CACHE_HOME=$(mktemp -d)
export XDG_CACHE_HOME
trap 'rm -rf "$XDG_CACHE_HOME"' EXIT
facts=("$guestctl" facts --no-cache "$images/debian12.raw")
row 'all facts' "$(cpu "${facts[@]}") s" - - '<= 0.35 s'
row '  most memory held' "$(rss "${facts[@]}") MB" - - '<= 100 MB'
"$guestctl" facts "$images/debian12.raw" >/dev/null
"$guestctl" scan "$images/debian12.raw" >/dev/null
again=$(cpu "$guestctl" scan "$images/debian12.raw")
row 'scan again, against SHA-256 of all files' "$again s" "$hash s" "$(ratio "$again" "$hash")" '<= 0.30'
qemu-img create -q -f qcow2 -b "$PWD/$images/debian12.raw" -F raw "$XDG_CACHE_HOME/overlay.qcow2"
overlay=$(cpu "$guestctl" scan --allow-dir "$images" "$XDG_CACHE_HOME/overlay.qcow2")
row 'scan of an overlay of it, likewise' "$overlay s" "$hash s" "$(ratio "$overlay" "$hash")" ''
row 'all facts, from the cache' "$(cpu "$guestctl" facts "$images/debian12.raw") s" - - '<= 0.040 s'
ten=()
for i in {1..10}; do ten+=("$images/debian12.raw"); done
one=$(wall "$guestctl" facts --no-cache --jobs 1 "${ten[@]}")
two=$(wall "$guestctl" facts --no-cache --jobs 2 "${ten[@]}")
row 'facts of ten images, wall, --jobs 2 against 1' "$two s" "$one s" "$(ratio "$two" "$one")" '<= 0.56'

# by_oscap: the checks of CIS level 2 that OpenSCAP has, on the same tree. Its content knows no Debian 12: the tree is Ubuntu 22.04 to
# it, by one file laid over it in memory. It exits with 2 when a rule fails.
by_oscap() {
	unshare -m sh -ec "mount -o ro,noload,loop,offset=$((4096 * 512)) $images/debian12.raw /mnt
		mount -t tmpfs tmpfs /run && mkdir /run/upper /run/work /run/tree
		mount -t overlay overlay -o lowerdir=/mnt,upperdir=/run/upper,workdir=/run/work /run/tree
		printf 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\nDISTRIB_CODENAME=jammy\n' >/run/tree/etc/lsb-release
		mount -o remount,ro /run/tree
		export OSCAP_PROBE_ROOT=/run/tree
		oscap xccdf eval --profile xccdf_org.ssgproject.content_profile_cis_level2_server $scap || [ \$? = 2 ]"
}
scap=/usr/share/xml/scap/ssg/content/ssg-ubuntu2204-ds.xml
builtin=("$guestctl" check-compliance --no-cache --baseline builtin:linux-server "$images/debian12.raw")
checks=$(cpu "${builtin[@]}")
if [[ -n $mounted ]] && need oscap openscap-scanner && { [[ -f $scap ]] || need "$scap" ssg-debderived; } && by_oscap >/dev/null 2>&1; then
	oscap=$(RUNS=1 cpu by_oscap)
	row '135 built-in checks, against oscap, CIS level 2' "$checks s" "$oscap s" "$(ratio "$checks" "$oscap")" '<= 0.50 s'
else
	row '135 built-in checks' "$checks s" 'no oscap' - '<= 0.50 s'
fi
row '  most memory held' "$(rss "${builtin[@]}") MB" - - '<= 120 MB'
"$guestctl" check-compliance --baseline builtin:linux-server "$images/debian12.raw" >/dev/null || true
row '135 built-in checks, nothing changed' "$(cpu "$guestctl" check-compliance --baseline builtin:linux-server "$images/debian12.raw") s" - - '<= 0.060 s'
row 'two checks of 135: only what is selected' "$(cpu "$guestctl" check-compliance --no-cache --baseline testdata/two-checks.toml "$images/debian12.raw") s" - - ''

row 'version' "$(cpu "$guestctl" version) s" - - '<= 0.020 s'
