#!/bin/bash
# Makes the damaged disks of damaged/cases in build/damaged, each from the real Debian 12 of `make images` by one recipe in damaged/*.sh:
#
#     build-damaged.sh           all, unless they are up to date
#     build-damaged.sh NAME...   these only
#
# Most are small qcow2 images on debian12.raw with the clusters that differ; what is wrong with a container is done to a copy of
# debian12-compressed.qcow2 (qcow2-*), or of the raw disk (raw-*). No root, no mount, no boot; a minute or two, and 3 GB.
set -Eeuo pipefail
. "$(dirname "$0")/debian.sh"
root_of_recipes=$here/damaged
for recipes in tools container table loader config kernel initrd userland filesystem; do
	. "$root_of_recipes/$recipes.sh"
done

damaged=$build/damaged
scratch=$damaged/scratch
base=$out/debian12.raw
disk=$scratch/disk.raw

kind() { # of container of a case
	case $1 in
	raw-*) echo raw ;;
	*) echo qcow2 ;;
	esac
}

# make NAME: one damaged disk
make() {
	local name=$1
	image=$damaged/$name.$(kind "$name")
	case $name in
	header-*)
		(cd "$damaged" && qemu-img create -q -f qcow2 -b ../images/debian12.raw -F raw "$name.qcow2")
		"$name"
		;;
	qcow2-*)
		cp "$out/debian12-compressed.qcow2" "$image"
		"$name"
		;;
	raw-first* | raw-file*)
		rm -f "$image"
		"$name"
		;;
	raw-*)
		cp --sparse=always "$base" "$image"
		"$name"
		;;
	*)
		"$name"
		difference "$image"
		;;
	esac
}

# changes: which clusters of the disk differ from the undamaged one: first, number. Holes of both are not read.
changes() {
	perl -e '
		open my $a, "<:raw", $ARGV[0] or die; open my $b, "<:raw", $ARGV[1] or die;
		my ($at, $from, $next, $n) = (0, -1, -1, 1 << 16);
		while (defined(my $data = sysseek $a, $at, 3)) { # SEEK_DATA
			$at = int($data / $n) * $n;
			sysseek $a, $at, 0; sysseek $b, $at, 0;
			sysread $a, my $x, $n; sysread $b, my $y, $n;
			if ($x ne $y) {
				if ($at != $next) { print "$from ", ($next - $from) / $n, "\n" if $from >= 0; $from = $at }
				$next = $at + $n;
			}
			$at += $n;
		}
		print "$from ", ($next - $from) / $n, "\n" if $from >= 0;
	' "$disk" "$base" | while read -r from n; do echo $((from / 65536)) "$n"; done
}

# difference IMAGE: a qcow2 image on the undamaged disk with what was changed, which is then undone
difference() {
	local first n commands=()
	while read -r first n; do
		dd if="$disk" of="$scratch/$first" bs=64K skip="$first" count="$n" status=none
		commands+=(-c "write -q -s $scratch/$first $((first * 65536)) $((n * 65536))")
		dd if="$base" of="$disk" bs=64K skip="$first" seek="$first" count="$n" conv=notrunc status=none
	done < <(changes)
	((${#commands[@]})) || { say "$(basename "$1"): nothing was changed" && return 1; }
	(cd "$damaged" && qemu-img create -q -f qcow2 -b ../images/debian12.raw -F raw "$(basename "$1")")
	qemu-io -f qcow2 "${commands[@]}" "$1"
	rm -f "$scratch"/[0-9]*
}

[[ -f $base ]] || { say "no $base: run build-debian.sh first" && exit 1; }
stamp=$(cat "$out/stamp" "$here/build-damaged.sh" "$here/debian.sh" "$root_of_recipes"/{*.sh,cases} | sha256sum | cut -d' ' -f1)
names=("$@")
if ((${#names[@]} == 0)); then
	if [[ $(cat "$damaged/stamp" 2>/dev/null) == "$stamp" ]]; then
		say "$damaged is up to date"
		exit
	fi
	rm -rf "$damaged"
	mapfile -t names < <(cut -f2 "$root_of_recipes/cases")
fi
rm -rf "$scratch" && mkdir -p "$scratch"
trap 'rm -rf "$scratch"' EXIT
cp --sparse=always "$base" "$disk"
release=$(ask 'ls -p /boot' | sed -n 's|.*/vmlinuz-\([^/]*\)/.*|\1|p')
kernel=/boot/vmlinuz-$release
initrd=/boot/initrd.img-$release
document=/usr/share/doc/bash/RBASH
say "making ${#names[@]} damaged disks"
trap 'say "$name: line $LINENO of ${BASH_SOURCE[0]##*/}"' ERR
for name in "${names[@]}"; do
	make "$name"
done
cmp "$base" "$disk" || { say "a damage was not undone" && exit 1; }
(($#)) || echo "$stamp" >"$damaged/stamp"
