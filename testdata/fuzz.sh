#!/bin/bash
# Runs every fuzz target for FUZZTIME each: a duration (30s), or a number of inputs (3000x).
# Every target runs, so that one failure does not hide another.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
GO=${GO:-go}
FUZZTIME=${FUZZTIME:-30s}
failed=()

# A worker that is busy when the duration ends is reported as "context deadline exceeded" (go.dev/issue/75804, mended in Go 1.27). A real
# failure writes its input and says so.
run() { # run FOLDER TARGET
	local out
	out=$("$GO" test -run '^$' -fuzz "^$2\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 10x "$1" 2>&1) && {
		tail -n 1 <<<"$out"
		return 0
	}
	if ! grep -q 'Failing input written' <<<"$out" && grep -q '^ *context deadline exceeded$' <<<"$out"; then
		echo "ended by its time"
		return 0
	fi
	echo "$out"
	return 1
}

while read -r file; do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		echo "== $(dirname "$file") $target"
		run "$(dirname "$file")" "$target" || failed+=("$(dirname "$file") $target")
	done
done < <(grep -rl --include='*_test.go' '^func Fuzz' . | sort)

((${#failed[@]} == 0)) || { printf 'FAILED: %s\n' "${failed[@]}" && exit 1; }
