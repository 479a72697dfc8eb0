package facts

import (
	_ "embed"
	"strings"
)

// zoneLinks has one line "name zone" for each name of the tz database, with the zone its links end at.
//
//go:embed zonelinks.txt
var zoneLinks string

// windowsZones has one line for each name that Windows has for a zone: the name, a tab, and the zones of the tz database it stands for, that
// of the world's default first.
//
//go:embed windowszones.txt
var windowsZones string

// WindowsZones returns the zones of the tz database that a name of Windows stands for, the one it means first; nil for a name that
// CLDR does not have.
func WindowsZones(name string) []string {
	if name == "" || strings.ContainsAny(name, "\t\n#") {
		return nil
	}
	_, rest, ok := strings.Cut(windowsZones, "\n"+name+"\t")
	if !ok {
		return nil
	}
	line, _, _ := strings.Cut(rest, "\n")
	return strings.Fields(line)
}

// CanonicalZone returns the one name that stands for all names of a time zone: the zone that the tz database's links end
// at, "UTC" for Etc/UTC, Zulu and their family, "GMT" for Greenwich and its own. Two names of one zone have the same
// canonical name. A name the tz database does not have is returned as it is, with false.
func CanonicalZone(name string) (string, bool) {
	plain := strings.TrimPrefix(name, "posix/") // the same zones again, in a directory of their own
	if plain == "" || strings.ContainsAny(plain, " \n#") {
		return name, false
	}
	_, rest, ok := strings.Cut(zoneLinks, "\n"+plain+" ")
	if !ok {
		return name, false
	}
	zone, _, _ := strings.Cut(rest, "\n")
	return zone, true
}
