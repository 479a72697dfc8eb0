#!/bin/sh
# Records what ifquery of ifupdown 0.8.41 says of the interfaces in each tree.
# Usage: ./make.sh [/sbin/ifquery]
set -eu
cd "$(dirname "$0")"
IFQUERY=${1:-/sbin/ifquery} ../../../../internal/factstest/trees.py trees.txtar ifquery.txtar sh -c '
	for name in b dotted plain eth0 eth1 eth2; do
		echo "iface $name"
		"$IFQUERY" -i "$ROOT/etc/network/interfaces" --state-dir "$ROOT" "$name" 2>/dev/null | grep -E "^(address|netmask|gateway):" || true
	done'
