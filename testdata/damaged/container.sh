# Damage to the container. qcow2-* have a copy of the compressed image, header-* a small image on the undamaged disk, raw-* a copy of it.
# shellcheck shell=bash disable=SC2154
header-magic-lost() { printf 'XXXX' | poke "$image" 0; }
header-version-9() { put_be "$image" 4 4 9; }
header-length-garbage() { put_be "$image" 100 4 $((0x6a6a6a6a)); }
header-corrupt-bit() { put_be "$image" 72 8 2; }
header-unknown-feature() { put_be "$image" 72 8 $((1 << 40)); }
header-size-halved() { put_be "$image" 24 8 $((1026 << 20)); }
header-backing-missing() { qemu-img rebase -q -u -F raw -b gone.raw "$image"; }
header-backing-empty() {
	truncate -s 2052M "${image%.*}.base.raw"
	qemu-img rebase -q -u -F raw -b "$(basename "${image%.*}.base.raw")" "$image"
}

qcow2-l1-zeroed() { zero "$image" "$(be "$image" 40 8)" 512; }
qcow2-l2-first-zeroed() { zero "$image" "$(l2 "$image" 0)" 65536; }
qcow2-kernel-entry-zeroed() { put_be "$image" "$(entry "$image" "$(at "$kernel" 800)")" 8 0; }
qcow2-kernel-cluster-garbage() { garbage 4096 | poke "$image" $(($(cluster "$image" "$(at "$kernel" 800)") + 512)); }
qcow2-refcounts-garbage() { garbage 65536 | poke "$image" "$(be "$image" "$(be "$image" 48 8)" 8)"; }

raw-first-sector-lost() { dd if="$disk" of="$image" bs=1M iflag=skip_bytes skip=512 conv=sparse status=none; }
raw-file-system-only() { dd if="$disk" of="$image" bs=1M skip=2 count=2048 conv=sparse status=none; }
