package policy_test

import (
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

func walked(key, value string) string { return "[files.policy]\n" + key + " = " + value + "\n" }

// walkedCases are the keys that judge the walk over all files.
func walkedCases() []wordCase {
	const table = "files.policy."
	return []wordCase{
		{table + "world_writable", walked("world_writable", `"deny"`), table + "world_writable", fail, "2: /srv/open, /srv/drop"},
		{table + "world_writable", walked("world_writable", `"allow"`), table + "world_writable", pass, ""},
		{table + "unowned_ids", walked("unowned_ids", `"warn"`), table + "unowned_ids", fail, "2: /srv/lost, /srv/lost"},
		{table + "unowned_ids", walked("unowned_ids", `"allow"`), table + "unowned_ids", pass, ""},
		{table + "suid_allow", walked("suid_allow", `["/usr/bin/both", "/bin/crontab"]`), table + "suid_allow", pass, "all are listed"},
		{table + "suid_allow", walked("suid_allow", `["/usr/bin/c*"]`), table + "suid_allow", fail, "1: /usr/bin/both"},
		{table + "suid_allow", walked("suid_allow", `[]`), table + "suid_allow", fail, "2: /usr/bin/both, /usr/bin/crontab"},
		{table + "suid_allow", walked("suid_allow", `["/both", "/srv/usr/bin/crontab"]`), table + "suid_allow", fail, ""},
		{table + "capabilities_allow", walked("capabilities_allow", `{ "/usr/bin/ping" = "cap_net_raw,cap_net_admin+ep" }`), table + "capabilities_allow", pass, ""},
		{table + "capabilities_allow", walked("capabilities_allow", `{ "/usr/bin/ping" = "cap_net_raw=ep" }`), table + "capabilities_allow", fail, "1: /usr/bin/ping"},
		{table + "capabilities_allow", walked("capabilities_allow", `{ "/usr/bin/other" = "=ep" }`), table + "capabilities_allow", fail, ""},
	}
}

func judgeOne(t *testing.T, text string, change func(*facts.Scan)) finding.Finding {
	t.Helper()
	doc := guestFacts()
	s, _ := facts.Get[facts.Scan](doc, "scan")
	change(s)
	return load(t, text).Judge(t.Context(), doc)[0]
}

// TestCutListsProveNothing: an object that is not in the document may be the one that should not be there.
func TestCutListsProveNothing(t *testing.T) {
	empty := func(s *facts.Scan) {
		s.WorldWritableFiles, s.WorldWritableDirs, s.Unowned, s.Ungrouped, s.SUID, s.SGID, s.Capabilities = nil, nil, nil, nil, nil, nil, nil
	}
	for _, text := range []string{
		walked("world_writable", `"deny"`), walked("world_writable", `"allow"`), walked("unowned_ids", `"deny"`),
		walked("suid_allow", `["/usr/*"]`), walked("capabilities_allow", `{}`),
	} {
		if f := judgeOne(t, text, empty); f.Status != unknown {
			t.Errorf("%s with objects that are not told: %s %s", text, f.Status, f.Message)
		}
		if f := judgeOne(t, text, func(s *facts.Scan) { s.Complete = false }); f.Status != unknown {
			t.Errorf("%s with a scan that is not complete: %s %s", text, f.Status, f.Message)
		}
		if f := judgeOne(t, text, func(s *facts.Scan) { *s = facts.Scan{Complete: true} }); f.Status != pass {
			t.Errorf("%s of a clean guest: %s %s", text, f.Status, f.Message)
		}
	}
}

func TestAStickyDirectoryIsNoFault(t *testing.T) {
	f := judgeOne(t, walked("world_writable", `"deny"`), func(s *facts.Scan) {
		s.Counts["world_writable_files"], s.WorldWritableFiles = 0, nil
		s.Counts["world_writable_dirs"], s.WorldWritableDirs = 1, s.WorldWritableDirs[1:]
	})
	if f.Status != pass {
		t.Errorf("/tmp: %s %s", f.Status, f.Message)
	}
}

func TestWarningsAreOfLowSeverity(t *testing.T) {
	if f := judgeOne(t, walked("world_writable", `"warn"`), func(*facts.Scan) {}); f.Severity != finding.Low || f.Status != fail {
		t.Errorf("warn: %s %s", f.Severity, f.Status)
	}
	if f := judgeOne(t, walked("world_writable", `"deny"`), func(*facts.Scan) {}); f.Severity == finding.Low {
		t.Errorf("deny: %s", f.Severity)
	}
}

func TestWhatWasNotLookedIntoIsTold(t *testing.T) {
	f := judgeOne(t, walked("suid_allow", `["/usr/*/*"]`), func(*facts.Scan) {})
	if notes := strings.Join(f.Notes, "\n"); f.Status != pass || notes != "/var/lib/docker was not looked into: containers" {
		t.Errorf("%s, notes %q", f.Status, notes)
	}
}

func TestPathsInSuidAllowAreAbsolute(t *testing.T) {
	for _, text := range []string{`["sudo"]`, `["/usr/[bin"]`} {
		if err := loadError(t, "b.toml", walked("suid_allow", text)); !strings.Contains(err, "want an absolute path") {
			t.Errorf("%s: %s", text, err)
		}
	}
}
