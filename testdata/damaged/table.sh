# Damage to the partition table.
# shellcheck shell=bash disable=SC2154
quietly() { "$@" >/dev/null 2>&1; }

first-sector-zeroed() { zero "$disk" 0 512; }
protective-mbr-zeroed() { zeros 16 | poke "$disk" 446; }
gpt-first-header-zeroed() { zero "$disk" 512 512; }
gpt-first-header-flipped() { flip "$disk" $((512 + 40)); }
gpt-first-entries-zeroed() { zero "$disk" 1024 16384; }
gpt-backup-zeroed() { zero "$disk" $(((2052 << 20) - 33 * 512)) $((33 * 512)); }
gpt-both-zeroed() {
	zero "$disk" 512 $((33 * 512))
	gpt-backup-zeroed
}
partition-shifted() { quietly sgdisk -a 1 -d 2 -n 2:4104:4198399 -t 2:8304 "$disk"; }
partition-shrunk() { quietly sgdisk -d 2 -n 2:4096:2101247 -t 2:8304 "$disk"; }
partition-one-sector-short() { quietly sgdisk -a 1 -d 2 -n 2:4096:4198392 -t 2:8304 "$disk"; }
partitions-swapped() { quietly sgdisk -r 1:2 "$disk"; }
partition-of-root-deleted() { quietly sgdisk -d 2 "$disk"; }
partition-type-changed() { quietly sgdisk -t 2:8200 "$disk"; }
partition-uuid-changed() { quietly sgdisk -u 2:deadbeef-0000-4000-9000-000000000122 "$disk"; }
bios-partition-deleted() { quietly sgdisk -d 1 "$disk"; }
table-turned-into-mbr() {
	local code
	code=$(head -c 440 "$disk" | base64 -w 0)
	quietly sgdisk -Z "$disk"
	printf 'label: dos\n,,\n' | sed 's/,,/start=4096, size=4194304, type=83, bootable/' | quietly sfdisk --no-reread "$disk"
	base64 -d <<<"$code" | poke "$disk" 0
}
