#!/bin/sh
# Loads /etc/nftables.conf of each tree with nft, in a network namespace of its own, and writes what is loaded then: family,
# table, chain, hook, policy and number of rules. Needs root, python3, nftables and a kernel with nf_tables.
set -eu
cd "$(dirname "$0")"
for tree in *.txtar; do
	root=$(mktemp -d)
	python3 ../../../../internal/factstest/unpack.py "$tree" "$root"
	mkdir -p "$root/sbin"
	cp "$(command -v nft)" "$root/sbin/nft"
	ldd "$root/sbin/nft" | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$root${library%/*}"
		cp "$library" "$root$library"
	done
	unshare -n sh -c "chroot '$root' /sbin/nft -f /etc/nftables.conf && chroot '$root' /sbin/nft -j list ruleset" | python3 -c '
import collections, json, sys
rules, chains = collections.Counter(), []
for o in json.load(sys.stdin)["nftables"]:
    if "rule" in o:
        rules[o["rule"]["family"], o["rule"]["table"], o["rule"]["chain"]] += 1
    if "chain" in o:
        chains.append(o["chain"])
for c in chains:
    print(c["family"], c["table"], c["name"], c.get("hook", "-"), c.get("policy", "-"), rules[c["family"], c["table"], c["name"]])
' | LC_ALL=C sort >"${tree%.txtar}.loaded"
	rm -rf "$root"
done
