#!/bin/sh
# Records the files that systemd-analyze (systemd 252) reads for each tree, in its order.
set -eu
cd "$(dirname "$0")"
../../../../internal/factstest/trees.py trees.txtar cat-config.txtar sh -c 'systemd-analyze --root="$ROOT" cat-config systemd/journald.conf | grep "^# /" | sed "s/^# //"'
