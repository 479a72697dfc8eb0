package boot

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// systemdBoot reads the menu of systemd-boot, or returns nil when the guest has none (loader.conf(5)).
func systemdBoot(s *facts.Scope) *facts.Boot {
	for _, esp := range []string{"/boot", "/boot/efi", "/efi"} {
		conf := esp + "/loader/loader.conf"
		if !s.Exists(conf) && len(glob(s, []string{esp + "/EFI/systemd/systemd-boot*.efi"})) == 0 {
			continue
		}
		return systemdMenu(s, esp, conf)
	}
	return nil
}

func systemdMenu(s *facts.Scope, esp, conf string) *facts.Boot {
	entries := append(readEntries(s, []string{esp + "/loader/entries"}), readUnified(s, esp)...)
	slices.SortStableFunc(entries, func(a, b blsEntry) int {
		return cmp.Or(
			compareBool(a.sortKey == "", b.sortKey == ""), cmp.Compare(a.sortKey, b.sortKey), cmp.Compare(a.machine, b.machine),
			-compareVersions(a.version, b.version), -compareVersions(a.file, b.file),
		)
	})
	b := &facts.Boot{Loader: "systemd-boot", Entries: []facts.BootEntry{}, Default: -1, Why: "systemd-boot has no entries"}
	for _, e := range entries {
		b.Entries = append(b.Entries, e.entry)
	}
	if len(entries) > 0 {
		b.Default, b.Why = 0, "the first entry"
	}
	if pattern, n := loaderDefault(s, conf); pattern != "" {
		b.Default, b.Why = matchDefault(entries, pattern, n)
	}
	if b.Default >= 0 && entries[b.Default].noKernel {
		b.Default, b.Why = -1, "the default entry starts no Linux kernel"
	}
	return b
}

func loaderDefault(s *facts.Scope, conf string) (pattern string, line int) {
	if !exists(s, conf) {
		return "", 0
	}
	err := s.Lines(conf, func(n int, text string) {
		fields := strings.Fields(text)
		if len(fields) > 1 && fields[0] == "default" {
			pattern, line = fields[1], n
		}
	})
	if err != nil {
		s.Problem(conf, 0, err)
	}
	return pattern, line
}

func matchDefault(entries []blsEntry, pattern string, line int) (int, string) {
	why := "loader.conf line " + strconv.Itoa(line) + ": default " + pattern
	if pattern == "@saved" {
		return -1, why + ", which is a variable of the firmware"
	}
	for i, e := range entries {
		for _, id := range []string{e.file + ".conf", e.file, e.file + ".efi"} {
			if ok, err := path.Match(pattern, id); ok && err == nil {
				return i, why
			}
		}
	}
	if len(entries) == 0 {
		return -1, why + ", and there are no entries"
	}
	return 0, why + ", which no entry matches: the first"
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
