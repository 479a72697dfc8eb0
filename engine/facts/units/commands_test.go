package units

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/osrelease"
	"github.com/guestctl/guestctl/internal/factstest"
)

// TestCommandsInForce: an empty assignment drops what came before of its kind (systemd.service(5), systemd.exec(5)).
func TestCommandsInForce(t *testing.T) {
	lines := func(list []facts.UnitLine) string {
		var all []string
		for _, l := range list {
			all = append(all, l.Value)
		}
		return strings.Join(all, ";")
	}
	for name, c := range map[string]struct{ text, exec, environment, files string }{
		"of all kinds":              {"[Service]\nExecStart=/a\nExecStartPre=-/b\nExecStop=/c\n", "ExecStartPre=-/b;ExecStop=/c", "", ""},
		"reset of one kind":         {"[Service]\nExecStartPre=/a\nExecStop=/b\nExecStartPre=\nExecStartPre=/c\n", "ExecStop=/b;ExecStartPre=/c", "", ""},
		"a password in a command":   {"[Service]\nExecStop=/a --password x\n", "ExecStop=/a --password ***", "", ""},
		"of a socket":               {"[Socket]\nExecStartPost=/a\n", "ExecStartPost=/a", "", ""},
		"not of this section":       {"[Unit]\nExecStop=/a\nEnvironment=LD_PRELOAD=/x\n", "", "", ""},
		"variables of the loader":   {"[Service]\nEnvironment=A=b LD_PRELOAD=/x \"LD_AUDIT=/y z\" 'B=LD_X=c'\n", "", "LD_PRELOAD=/x;LD_AUDIT=/y z", ""},
		"other variables stay":      {"[Service]\nEnvironment=TOKEN=hunter2\n", "", "", ""},
		"variables are reset":       {"[Service]\nEnvironment=LD_PRELOAD=/x\nEnvironment=\nEnvironment=LD_AUDIT=/y\n", "", "LD_AUDIT=/y", ""},
		"files":                     {"[Service]\nEnvironmentFile=/a\nEnvironmentFile=-/b\n", "", "", "/a;-/b"},
		"files are reset":           {"[Service]\nEnvironmentFile=/a\nEnvironmentFile=\n", "", "", ""},
		"a quote that is not ended": {"[Service]\nEnvironment=\"LD_PRELOAD=/x\n", "", "LD_PRELOAD=/x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := factstest.Collect[facts.Units](t, factstest.Guest(t, factstest.Text(map[string]string{
				"/etc/systemd/system/a.service": c.text, "/etc/systemd/system/a.socket": c.text,
			})), facts.Request{}, osrelease.Collector, Collector)
			unit := (*got)["a.service"]
			if d := cmp.Diff([]string{c.exec, c.environment, c.files}, []string{lines(unit.Exec), lines(unit.Environment), lines(unit.EnvironmentFiles)}); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestTheLinkToWhatIsGone tells which link starts a unit that has no file.
func TestTheLinkToWhatIsGone(t *testing.T) {
	files := factstest.Text(map[string]string{"/usr/lib/systemd/system/default.target": ""})
	link := files["/usr/lib/systemd/system/default.target"]
	link.Link = "/lib/systemd/system/gone.service"
	files["/etc/systemd/system/default.target.wants/gone.service"] = link
	got, _ := factstest.Collect[facts.Units](t, factstest.Guest(t, files), facts.Request{}, osrelease.Collector, Collector)
	want := &facts.Source{Path: "/etc/systemd/system/default.target.wants/gone.service", Text: "-> /lib/systemd/system/gone.service"}
	if u := (*got)["gone.service"]; u.State != "not-found" || !cmp.Equal(u.Source, want) {
		t.Errorf("%s %+v", u.State, u.Source)
	}
}
