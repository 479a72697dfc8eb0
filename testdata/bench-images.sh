#!/bin/bash
# The rows of testdata/bench.sh about containers, which runs it with what it defines: images, cpu, row, ratio, need. Each is made of the
# Debian disk by qemu-img, read whole by both, and removed.
# shellcheck disable=SC2154 # of bench.sh

if need qemu-img qemu-utils; then
	made=$(mktemp -d /var/tmp/guestctl-bench.XXXXXX)
	trap 'rm -rf "$made"' EXIT
	"${GO:-go}" test -c -o "$made/engine.test" ./engine
	size=$(stat -c %s "$images/debian12.raw")

	# ours BENCHMARK TIMES IMAGE
	ours() { (cd engine && GUESTCTL_DISK=$3 "$made/engine.test" -test.run '^$' -test.bench "^Benchmark$1\$" -test.benchtime "$2x"); }
	# random IMAGE: nanoseconds of a read
	random() { ours DiskRandom 300000 "$1" | awk '/ns\/op/ { printf "%.0f", $3 }'; }

	cat "$images/debian12.raw" >/dev/null # into the page cache
	raw=$(random "$PWD/$images/debian12.raw")
	for options in vmdk,subformat=monolithicSparse vmdk,subformat=monolithicFlat vmdk,subformat=twoGbMaxExtentSparse \
		vmdk,subformat=streamOptimized vpc,subformat=dynamic vpc,subformat=fixed vhdx,subformat=dynamic vdi parallels; do
		name=${options/,subformat=/ }
		format=${options%%,*}
		opts=()
		[[ $options == *,* ]] && opts=(-o "${options#*,}")
		qemu-img convert -O "$format" "${opts[@]}" "$images/debian12.raw" "$made/disk.$format"
		mine=$(awk "BEGIN { printf \"%.3f\", ($(RUNS=3 cpu ours DiskSequential 4 "$made/disk.$format") - $(RUNS=3 cpu ours DiskSequential 1 "$made/disk.$format")) / 3 }")
		theirs=$(RUNS=3 cpu qemu-img convert -n --target-image-opts "$made/disk.$format" "driver=null-co,size=$((2 * size))")
		row "read all, $name, against qemu-img" "$mine s" "$theirs s" "$(ratio "$mine" "$theirs")" '<= 1.00'
		if [[ $name != *streamOptimized ]]; then
			mine=$(random "$made/disk.$format")
			row '  4 KiB here and there, against raw' "$mine ns" "$raw ns" "$(ratio "$mine" "$raw")" '<= 2.00'
		fi
		rm -f "$made"/disk*.*
	done
	rm -rf "$made"
	trap - EXIT
fi
