#!/bin/bash
# The rows of testdata/bench.sh about backups, which runs it with what it defines: images, guestctl, cpu, wall, row, ratio, need.
# shellcheck disable=SC2154 # of bench.sh

loops=$(mktemp -d)
trap 'rm -rf "$loops"' EXIT

# loop FOLDER BENCHMARK TIMES: that many rounds of a Go benchmark, in its folder, as a program of its own
loop() { (cd "$1" && "$loops/$(basename "$1").test" -test.run '^$' -test.bench "^Benchmark$2\$" -test.benchtime "$3x"); }
# each MEASURE FOLDER BENCHMARK TIMES: cpu or wall of one round
each() { awk "BEGIN { printf \"%.4f\", $("$1" loop "$2" "$3" "$4") / $4 }"; }
for folder in backup/intact backup/boot; do
	"${GO:-go}" test -c -o "$loops/$(basename "$folder").test" "./$folder"
done

if need qemu-img qemu-utils; then
	check=$(each cpu backup/intact Container/debian12.qcow2 100)
	qemu=$(cpu qemu-img check "$images/debian12.qcow2")
	row 'check of the container, against qemu-img check' "$check s" "$qemu s" "$(ratio "$check" "$qemu")" '<= 2.00'
	check=$(RUNS=2 each cpu backup/intact Container/debian12-compressed.qcow2 2)
	qemu=$(RUNS=2 cpu qemu-img convert -n --target-image-opts "$images/debian12-compressed.qcow2" \
		"driver=null-co,size=$(stat -c %s "$images/debian12.raw")")
	row '  all compressed clusters, against convert' "$check s" "$qemu s" "$(ratio "$check" "$qemu")" ''
fi
row '--bootable, the proof alone' "$(each cpu backup/boot Prove 10) s" - - '<= 0.50 s'

verify=("$guestctl" verify-backup "$images/debian12.qcow2")
verified=$(cpu "${verify[@]}")
if [[ -n ${md5:-} ]]; then
	row 'verify-backup, against md5sum of the same files' "$verified s" "$md5 s" "$(ratio "$verified" "$md5")" '<= 1.10'
else
	row 'verify-backup' "$verified s" 'no mount' - '<= 1.10'
fi
row '  most memory held' "$(rss "${verify[@]}") MB" - - ''

# by_dd IMAGE: reads what the file holds of a disk, a part on each processor
by_dd() {
	local n i mib
	n=$(nproc)
	mib=$(($(stat -c %s "$1") / n / 1048576 + 1))
	for ((i = 0; i < n; i++)); do dd if="$1" of=/dev/null bs=1M skip=$((i * mib)) count="$mib" status=none & done
	wait
}
all=$(each wall backup/intact Data/debian12.qcow2 5)
dd=$(wall by_dd "$images/debian12.qcow2")
row '--full, the bytes, wall, against dd' "$all s" "$dd s" "$(ratio "$all" "$dd")" '<= 1.00'
row 'verify-backup --full, archives and all' "$(cpu "$guestctl" verify-backup --full "$images/debian12.qcow2") s" - - ''
row '--seal, SHA-256 of every chunk' "$(cpu "$guestctl" verify-backup --seal="$loops/disk.seal" "$images/debian12.qcow2") s" - - ''
rm -rf "$loops"
trap - EXIT
