#!/bin/sh
# Writes windowszones.txt from CLDR's table of the time zones of Windows (windowsZones.xml of Debian's package unicode-cldr-core; Unicode
# licence): one line for each name of Windows, with the zone of the world's default and then all others, a tab between name and zones.
# Usage: ./windowszones.sh [/usr/share/unicode/cldr/common/supplemental/windowsZones.xml]
set -eu
xml=${1:-/usr/share/unicode/cldr/common/supplemental/windowsZones.xml}
python3 - "$xml" >"$(dirname "$0")/windowszones.txt" <<'PY'
import sys
import xml.etree.ElementTree as tree

zones = {}
table = tree.parse(sys.argv[1]).getroot().find("windowsZones/mapTimezones")
for zone in table.findall("mapZone"):
    names = zones.setdefault(zone.get("other"), [])
    if zone.get("territory") == "001":
        names[:0] = zone.get("type").split()
    names.extend(zone.get("type").split())
print("# Made by windowszones.sh from windowsZones.xml of CLDR, version %s of Windows' zones." % table.get("otherVersion"))
for name in sorted(zones):
    print(name + "\t" + " ".join(dict.fromkeys(zones[name])))
PY
