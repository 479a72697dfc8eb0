package logindefs

import (
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/osrelease"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestLoginDefs(t *testing.T) {
	suse := "ID=opensuse-leap\nID_LIKE=\"suse opensuse\"\n"
	for name, c := range map[string]struct {
		files map[string]memfs.File
		key   string
		want  string
		line  int
		state facts.State
	}{
		"the last of two counts":            {text("PASS_MAX_DAYS 99999\nPASS_MAX_DAYS\t90\n"), "PASS_MAX_DAYS", "90", 2, facts.OK},
		"keys keep their case":              {text("pass_max_days 90\n"), "PASS_MAX_DAYS", "", 0, facts.OK},
		"commented out":                     {text("#PASS_MAX_DAYS 90\n"), "PASS_MAX_DAYS", "", 0, facts.OK},
		"what follows is no comment":        {text("UMASK 027 # tight\n"), "UMASK", "027 # tight", 1, facts.OK},
		"quotes come off":                   {text("ENV_PATH \"PATH=/bin\"\n"), "ENV_PATH", "PATH=/bin", 1, facts.OK},
		"an equals sign belongs to the key": {text("UMASK=027\n"), "UMASK", "", 0, facts.OK},
		"missing":                           {nil, "UMASK", "", 0, facts.Absent},
		"a directory":                       {map[string]memfs.File{etcPath: memfs.Dir()}, "UMASK", "", 0, facts.Error},
		"too many":                          {text("UMASK 022\n" + strings.Repeat("UMASK 027\n", maxSettings)), "UMASK", "027", maxSettings, facts.Partial},
		"SUSE keeps its own in /usr": {
			factstest.Text(map[string]string{vendorPath: "UMASK 022\n", "/etc/login.defs.d/10-a.defs": "UMASK 077\n"}),
			"UMASK", "077", 1, facts.OK,
		},
		"SUSE: /etc takes its place": {
			factstest.Text(map[string]string{"/etc/os-release": suse, vendorPath: "UMASK 022\n", etcPath: "UMASK 027\n"}),
			"UMASK", "027", 1, facts.OK,
		},
		"drop-ins of a guest that may not read them": {
			factstest.Text(map[string]string{etcPath: "UMASK 027\n", "/etc/login.defs.d/10-a.defs": "UMASK 000\n"}),
			"UMASK", "027", 1, facts.Partial,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.LoginDefs](t, factstest.Guest(t, c.files), facts.Request{}, osrelease.Collector, Collector)
			if status.State != c.state {
				t.Fatalf("state %s %v, want %s", status.State, status.Problems, c.state)
			}
			if got == nil {
				return
			}
			v := (*got)[c.key]
			if v == nil {
				v = &facts.Value[string]{Source: &facts.Source{}}
			}
			if v.Value != c.want || v.Source.Line != c.line {
				t.Errorf("got %q of line %d, want %q of line %d", v.Value, v.Source.Line, c.want, c.line)
			}
		})
	}
}

func text(content string) map[string]memfs.File {
	return factstest.Text(map[string]string{etcPath: content})
}

func FuzzParse(f *testing.F) {
	f.Add("UMASK \t\"027\" # x")
	f.Add("#")
	f.Fuzz(func(t *testing.T, line string) {
		if name, value, ok := parse(line); ok && (name == "" || strings.ContainsAny(name, " \t") || strings.Contains(value, `"`)) {
			t.Errorf("%q is %q %q", line, name, value)
		}
	})
}
