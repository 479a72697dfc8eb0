#!/bin/sh
# Records the configuration that chronyd 4.3 prints for each tree, with what it includes in place.
# Usage: ./make.sh [/usr/sbin/chronyd]
set -eu
cd "$(dirname "$0")"
CHRONYD=${1:-/usr/sbin/chronyd} ../../../../internal/factstest/trees.py trees.txtar chronyd.txtar sh -c '
	find . -type f -exec sed -i "s# /\(etc\|run\)# $ROOT/\1#g" {} +
	"$CHRONYD" -p -f "$ROOT/etc/chrony/chrony.conf"'
