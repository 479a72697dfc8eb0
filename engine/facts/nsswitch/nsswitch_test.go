package nsswitch

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestNSSwitch(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		want  facts.NSSwitch
		state facts.State
	}{
		"usual":              {"# x\npasswd: files systemd\nshadow:files # y\n", facts.NSSwitch{"passwd": {"files", "systemd"}, "shadow": {"files"}}, facts.OK},
		"actions":            {"hosts: files mdns4_minimal[NOTFOUND=return] dns [!UNAVAIL=return SUCCESS=merge]", facts.NSSwitch{"hosts": {"files", "mdns4_minimal", "[NOTFOUND=return]", "dns", "[!UNAVAIL=return SUCCESS=merge]"}}, facts.OK},
		"open action":        {"hosts: files [NOTFOUND=return", facts.NSSwitch{"hosts": {"files"}}, facts.Partial},
		"twice the same":     {"passwd: files\npasswd: files", facts.NSSwitch{"passwd": {"files"}}, facts.OK},
		"twice and not same": {"passwd: files sss\npasswd: files", facts.NSSwitch{"passwd": {"files"}}, facts.Partial},
		"no source":          {"passwd:\n", facts.NSSwitch{"passwd": {}}, facts.OK},
		"no colon":           {"passwd files\n", facts.NSSwitch{}, facts.Partial},
		"NUL":                {"pass\x00wd: files\n", facts.NSSwitch{}, facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			g := factstest.Guest(t, factstest.Text(map[string]string{"/etc/nsswitch.conf": c.text}))
			got, status := factstest.Collect[facts.NSSwitch](t, g, facts.Request{}, Collector)
			if d := cmp.Diff(c.want, *got); d != "" || status.State != c.state {
				t.Errorf("%v, want %s\n%s", status, c.state, d)
			}
		})
	}
}

func TestHostileNSSwitch(t *testing.T) {
	for name, c := range map[string]struct {
		file  memfs.File
		state facts.State
	}{
		"missing":            {memfs.File{Link: "nowhere"}, facts.Absent},
		"a directory":        {memfs.Dir(), facts.Error},
		"a million sources":  {memfs.File{Data: "passwd: " + strings.Repeat("a ", 1<<19)}, facts.Partial},
		"too many databases": {memfs.File{Data: strings.Join(strings.Split(strings.Repeat("abcdefghijklmnop", 300), ""), "a:\n") + ":"}, facts.OK},
	} {
		g := factstest.Guest(t, map[string]memfs.File{"/etc/nsswitch.conf": c.file})
		if _, status := factstest.Collect[facts.NSSwitch](t, g, facts.Request{}, Collector); status.State != c.state {
			t.Errorf("%s: state %s, want %s", name, status.State, c.state)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("hosts: files mdns[NOTFOUND=return] dns")
	f.Fuzz(func(t *testing.T, line string) {
		if database, services, ok, _ := parse(line); ok && (database == "" || len(services) > len(line)) {
			t.Errorf("%q is %q %q", line, database, services)
		}
	})
}
