package units

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/osrelease"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectUnits(t testing.TB, files map[string]memfs.File) (facts.Units, facts.Status) {
	t.Helper()
	u, status := factstest.Collect[facts.Units](t, factstest.Guest(t, files), facts.Request{}, osrelease.Collector, Collector)
	if u == nil {
		return nil, status
	}
	return *u, status
}

// TestStatesAreSystemctls compares with what systemctl said about the same trees.
func TestStatesAreSystemctls(t *testing.T) {
	answers, err := txtar.ParseFile(filepath.Join("testdata", "systemctl.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	trees := factstest.Trees(t, filepath.Join("testdata", "trees.txtar"))
	for _, a := range answers.Files {
		t.Run(a.Name, func(t *testing.T) {
			got, _ := collectUnits(t, trees[a.Name])
			asked := map[string]bool{}
			for line := range strings.Lines(string(a.Data)) {
				fields := strings.Fields(line)
				name, want := fields[0], strings.Join(fields[1:], " ")
				asked[name] = true
				switch u := got[name]; {
				case u == nil:
					t.Errorf("%s: missing, want %s", name, want)
				case answer(u, len(fields)) != want:
					t.Errorf("%s: got %s, want %s", name, answer(u, len(fields)), want)
				}
			}
			for name, u := range got {
				if !asked[name] && u.State != "not-found" {
					t.Errorf("%s is %s, and systemctl does not know it", name, u.State)
				}
			}
		})
	}
}

// answer puts what was found as the recording has it: the state by is-enabled, that of list-unit-files, the preset.
func answer(u *facts.Unit, fields int) string {
	first, preset := u.State, "-"
	if first == "bad" || first == "not-found" {
		first = "-"
	}
	if fields <= 2 {
		return first
	}
	if u.Preset != nil {
		preset = strings.Replace(*u.Preset+"d", "eed", "ed", 1)
	}
	return fmt.Sprintf("%s %s %s", first, u.State, preset)
}

// TestRealDebian compares every unit of a real Debian 12 with what systemctl said.
func TestRealDebian(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "real.systemctl"))
	if err != nil {
		t.Fatal(err)
	}
	got, status := collectUnits(t, factstest.Trees(t, filepath.Join("testdata", "real.txtar.gz"))["real"])
	if status.State != facts.OK {
		t.Fatal(status)
	}
	seen := 0
	for line := range strings.Lines(string(b)) {
		name, want, _ := strings.Cut(strings.TrimSpace(line), " ")
		seen++
		u := got[name]
		if u == nil {
			t.Errorf("%s: missing, want %s", name, want)
			continue
		}
		_, answer, _ := strings.Cut(answer(u, 4), " ")
		if answer != want {
			t.Errorf("%s: got %s, want %s", name, answer, want)
		}
	}
	if seen < 200 {
		t.Errorf("compared %d units, want the 200 and more of a Debian 12", seen)
	}
	for name, want := range map[string]string{
		"ssh.service": "boot", "cron.service": "boot", "getty@tty1.service": "boot", "logrotate.service": "trigger", "systemd-hostnamed.service": "trigger",
		"nginx.service": "boot", "ssh.socket": "", "rescue.service": "",
	} {
		if u := got[name]; u == nil || u.Starts != want {
			t.Errorf("%s: got %s, want it started by %q", name, line(u), want)
		}
	}
}

// TestScriptsAreTheGenerators compares with what systemd-sysv-generator made of the same scripts.
func TestScriptsAreTheGenerators(t *testing.T) {
	answers, err := txtar.ParseFile(filepath.Join("testdata", "generated.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	trees := factstest.Trees(t, filepath.Join("testdata", "sysv.txtar"))
	for _, a := range answers.Files {
		units, status := collectUnits(t, trees[a.Name])
		var got []string
		for name, u := range units {
			if !u.SysV {
				continue
			}
			got = append(got, name)
			for _, target := range u.WantedBy {
				got = append(got, target+".wants/"+name)
			}
		}
		slices.Sort(got)
		if want := strings.Fields(string(a.Data)); !slices.Equal(got, want) || status.State != facts.OK {
			t.Errorf("%s:\ngot  %q\nwant %q (%v)", a.Name, got, want, status.Problems)
		}
	}
}
