#!/bin/sh
# Writes zonelinks.txt from the tz database's compact form (tzdata.zi, in the public domain): one line for each name, with
# the zone that its links end at. Usage: ./zonelinks.sh [/usr/share/zoneinfo/tzdata.zi]
set -eu
zi=${1:-/usr/share/zoneinfo/tzdata.zi}
{
	printf '# Made by zonelinks.sh from tzdata.zi %s: a name and the zone its links end at.\n' "$(sed -n '1s/^# //p' "$zi")"
	awk '
		$1 == "Z" { target[$2] = $2 }
		$1 == "L" { target[$3] = $2 }
		END {
			for (name in target) {
				zone = name
				for (hops = 0; target[zone] != zone && hops < 8; hops++) zone = target[zone]
				if (zone == "Etc/UTC") zone = "UTC"
				if (zone == "Etc/GMT") zone = "GMT"
				print name, zone
			}
		}' "$zi" | LC_ALL=C sort
} > "$(dirname "$0")/zonelinks.txt"
