#!/bin/sh
# Writes versions.tsv: every ordered pair of the versions below with -1, 0 or 1, as dpkg --compare-versions orders them.
set -eu
cd "$(dirname "$0")"
versions='0 0.0 1 1-0 1-1 01 1.0 1.00 1.0-1 1.0-1+b1 1.0-1~bpo12+1 1.0~rc1 1.0~rc1-1 1.0~~ 1.0a 1.0+dfsg 1.0+dfsg-1 1.0.1 1:0.9
0:1.0 2:2.4-2 3.0.7-28 3.0.7-28ubuntu1 3.0.10-1 10.0 1.10 1.9 1.2-3-4 1.2.3-4.el9 5.14.0-70.13.1 5.14.0-427 1.0-a 1.0-1a
2023.09.01 20230901 248 1.22.1-9 1.22.1-9+deb12u1 2.36-9+deb12u10 1.0.Z 1.0.a 6.1.99-1 999999999999999999 100000000000000001-1~'
for a in $versions; do
	for b in $versions; do
		if dpkg --compare-versions "$a" lt "$b"; then
			r=-1
		elif dpkg --compare-versions "$a" eq "$b"; then
			r=0
		else
			r=1
		fi
		printf '%s\t%s\t%s\n' "$a" "$b" "$r"
	done
done >versions.tsv
