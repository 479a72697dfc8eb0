# Damage to the partition table.
# shellcheck shell=bash disable=SC2154
quietly() { "$@" >/dev/null 2>&1; }

first-sector-zeroed() { zero "$disk" 0 512; }
protective-mbr-zeroed() { zeros 16 | poke "$disk" 446; }
gpt-first-header-zeroed() { zero "$disk" 512 512; }
partition-shifted() { quietly sgdisk -a 1 -d 2 -n 2:4104:4198399 -t 2:8304 "$disk"; }
partition-shrunk() { quietly sgdisk -d 2 -n 2:4096:2101247 -t 2:8304 "$disk"; }
partitions-swapped() { quietly sgdisk -r 1:2 "$disk"; }
table-turned-into-mbr() {
	local code
	code=$(head -c 440 "$disk" | base64 -w 0)
	quietly sgdisk -Z "$disk"
	printf 'label: dos\n,,\n' | sed 's/,,/start=4096, size=4194304, type=83, bootable/' | quietly sfdisk --no-reread "$disk"
	base64 -d <<<"$code" | poke "$disk" 0
}
