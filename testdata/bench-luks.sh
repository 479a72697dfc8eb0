#!/bin/bash
# The row of testdata/bench.sh about decryption, which runs it with what it defines: row, ratio. Both programs count processor time, and
# the best of three is taken.
# shellcheck disable=SC2154 # of bench.sh

if command -v openssl >/dev/null; then
	for sector in 512 4096; do
		ours=$("${GO:-go}" test -run '^$' -bench "Read/^$sector\$" -count 3 ./engine/volume/luks |
			awk '{ for (i = 2; i <= NF; i++) if ($i == "MB/cpu-s" && $(i - 1) > best) best = $(i - 1) } END { print best }')
		theirs=$(for _ in 1 2 3; do openssl speed -evp aes-256-xts -decrypt -bytes "$sector" -seconds 1 2>/dev/null; done |
			awk '/^AES-256-XTS/ { if ($2 + 0 > best) best = $2 + 0 } END { printf "%.0f", best / 1000 }')
		row "LUKS, $sector-byte sectors, against openssl speed" "$ours MB/s" "$theirs MB/s" "$(ratio "$theirs" "$ours")" '<= 1.30'
	done
fi
