#!/bin/sh
# Makes the start of a real journal, of two entries, with systemd-journal-remote, what journalctl says about its last one,
# and a wtmp of three records with utmpdump.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
printf '__REALTIME_TIMESTAMP=1700000000000000\n__MONOTONIC_TIMESTAMP=1\n_BOOT_ID=00000000000000000000000000000001\nMESSAGE=a\n\n__REALTIME_TIMESTAMP=1712345678901234\n__MONOTONIC_TIMESTAMP=2\n_BOOT_ID=00000000000000000000000000000001\nMESSAGE=b\n\n' |
	/lib/systemd/systemd-journal-remote -o "$work/x.journal" - 2>/dev/null
journalctl --file "$work/x.journal" -n1 -o export | sed -n 's/^__REALTIME_TIMESTAMP=//p' > journal.newest
head -c 4096 "$work/x.journal" | gzip -9n > journal.gz
utmpdump -r > wtmp <<'X' 2>/dev/null
[2] [00000] [~~  ] [reboot  ] [~           ] [6.1.0-18-amd64      ] [0.0.0.0        ] [2024-03-01T10:00:00,000000+00:00]
[7] [00100] [ts/0] [alice   ] [pts/0       ] [192.0.2.1           ] [192.0.2.1      ] [2024-03-02T11:12:13,000000+00:00]
[8] [00100] [    ] [        ] [pts/0       ] [                    ] [0.0.0.0        ] [2024-03-02T12:00:00,000000+00:00]
X
gzip -9nf wtmp
