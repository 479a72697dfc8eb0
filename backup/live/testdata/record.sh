#!/bin/bash
# Records what journalctl says of system.journal.gz, the journal of the Debian 12 of make images after a boot with --boot.
set -euo pipefail
cd "$(dirname "$0")"
journal=$(mktemp --suffix .journal)
trap 'rm "$journal"' EXIT
gzip -dc system.journal.gz >"$journal"
journalctl --file "$journal" -o json |
	jq -c '{seqnum: (.__CURSOR | capture("i=(?<i>[0-9a-f]+)").i), MESSAGE_ID, UNIT, _PID, JOB_RESULT, UNIT_RESULT} | with_entries(select(.value != null))' |
	gzip -9n >journalctl.json.gz
