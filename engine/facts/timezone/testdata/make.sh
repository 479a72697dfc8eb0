#!/bin/sh
# Copies the zone files of the tests from the system's tz database (in the public domain), and compiles the small form of
# one with zic. Needs Debian's tzdata and libc-bin. Usage: ./make.sh
set -eu
cd "$(dirname "$0")"
for zone in Etc/UTC Etc/GMT Asia/Kolkata Europe/Berlin; do
	cp -L "/usr/share/zoneinfo/$zone" "$(echo "$zone" | tr / -)"
done
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
/usr/sbin/zic -b slim -d "$work" /usr/share/zoneinfo/tzdata.zi
cp "$work/Etc/UTC" Etc-UTC.slim
cp "$work/Europe/Berlin" Europe-Berlin.slim
