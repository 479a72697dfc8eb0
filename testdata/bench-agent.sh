#!/bin/bash
# The rows of testdata/bench.sh about the agent, which runs it with what it defines: guestctl, cpu, wall, rss, row, ratio.
# shellcheck disable=SC2154 # of bench.sh

agents=$(mktemp -d)
trap 'rm -rf "$agents"' EXIT
export XDG_STATE_HOME=$agents/state XDG_CACHE_HOME=$agents/cache
JOBS=${JOBS:-60}
program=$(realpath "$guestctl")

# jobs FILES...: a job for each image
jobs() {
	local f
	for f; do
		"$program" verify-backup --allow-dir "$PWD/$images" --schedule hourly --schedule-name "$(basename "$f" .qcow2)" "$f" >/dev/null
	done
}

# by_agent: every job once, two at a time, with its report and the facts of the guest in the history
by_agent() { SOURCE_DATE_EPOCH=$soon "$program" schedule run-due --workers 2 --quiet; }
# alone, by_shell FILES...: the same commands one after another, which keep their reports; by_shell keeps the facts, too
alone() {
	local f
	for f; do "$program" verify-backup --allow-dir "$PWD/$images" --format json "$f" >"$f.json" || true; done
}
by_shell() {
	local f
	for f; do
		alone "$f"
		"$program" facts --allow-dir "$PWD/$images" --facts-out "$f.facts" "$f"
	done
}
# once MEASURE COMMAND...: of one run, with nothing in the cache
once() { rm -rf "$XDG_CACHE_HOME" && RUNS=1 "$@"; }
# against TITLE WANT FILES...: the jobs of these images, by the agent and by a loop
against() {
	local title=$1 want=$2 run shell ended
	shift 2
	jobs "$@"
	soon=$(($(date +%s) + 7200))
	run=$(once wall by_agent)
	ended=$("$program" history list --limit 0 | grep -c '^[0-9]') || true
	((ended == $#)) || { echo "bench: $ended runs of $# jobs" >&2 && exit 1; }
	shell=$(once wall by_shell "$@")
	row "$# jobs of $title, against a shell loop, wall" "$run s" "$shell s" "$(ratio "$shell" "$run") x" "$want"
	row '  jobs per second' "$(ratio "$#" "$run")" "$(ratio "$#" "$shell")" - ''
	shell=$(once wall alone "$@")
	row '  a loop that keeps no facts' "$run s" "$shell s" "$(ratio "$shell" "$run") x" ''
}

if need qemu-img qemu-utils; then
	for ((i = 1; i <= 20; i++)); do
		qemu-img create -q -f qcow2 -F qcow2 -b "$PWD/$images/debian12.qcow2" "$agents/real-$i.qcow2"
	done
	against 'Debian 12' '>= 1.70 x' "$agents"/real-*.qcow2
	rm -rf "$XDG_STATE_HOME"
fi
for ((i = 1; i <= JOBS; i++)); do cp testdata/images/debian12-small.qcow2 "$agents/web-$i.qcow2"; done
against 'tiny guests' '' "$agents"/web-*.qcow2

# used PID: hundredths of a second of a processor that a process has had
used() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
# a copy that is read from the disk as it is used: of a file that was just written, the kernel counts whole 2 MB pieces as resident
cp "$program" "$agents/guestctl" && sync "$agents/guestctl" && dd if="$agents/guestctl" iflag=nocache count=0 status=none
"$agents/guestctl" agent --quiet --metrics 127.0.0.1:0 & agent=$!
trap 'kill -INT "$agent" 2>/dev/null; rm -rf "$agents"' EXIT
sleep 5
before=$(used "$agent")
sleep 20
row "an idle agent with $JOBS jobs, of one processor" "$(awk "BEGIN { printf \"%.2f\", ($(used "$agent") - $before) / 20 }") %" - - '<= 1.00 %'
row '  memory' "$(awk '/VmRSS/ { printf "%.0f", $2 / 1024 }' "/proc/$agent/status") MB" - - '<= 60 MB'
kill -INT "$agent"
wait "$agent"

many=$agents/many.db
"$program" schedule list --store "$many" >/dev/null
if need sqlite3 sqlite3; then
	sqlite3 "$many" "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
		INSERT INTO runs (id, job, number, due, cause, state, attempt, failures, beat, worker, queued, started, ended, result, exit, message,
			passed, failed, unknown, waived, report)
		SELECT i, 'job' || (i % 20), i / 20 + 1, t, 'scheduled', 'done', 1, 0, 3, 'w', t, t, t + 3000, 'pass', 0, '', 5, 0, 0, 0, ''
		FROM (SELECT i, 1700000000000 + i * 60000 AS t FROM n)"
	row 'history list, of ten thousand runs' "$(cpu "$program" history list --store "$many") s" - - '<= 0.050 s'
	row '  of one job' "$(cpu "$program" history list --store "$many" --job job7) s" - - ''
fi
rm -rf "$agents"
unset XDG_STATE_HOME XDG_CACHE_HOME
trap - EXIT
