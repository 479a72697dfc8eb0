package shells

import (
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestShells(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  []string
		state facts.State
	}{
		"comments and blanks":    {factstest.Text(map[string]string{"/etc/shells": "# x\n\n  /bin/sh # y\n/bin/bash#z\n#/bin/zsh\ntmux\n"}), []string{"/bin/sh", "/bin/bash"}, facts.OK},
		"missing":                {nil, nil, facts.Absent},
		"empty allows none":      {factstest.Text(map[string]string{"/etc/shells": ""}), nil, facts.OK},
		"SUSE":                   {factstest.Text(map[string]string{"/usr/etc/shells": "/bin/sh\n"}), []string{"/bin/sh"}, facts.OK},
		"etc before usr":         {factstest.Text(map[string]string{"/usr/etc/shells": "/bin/sh\n", "/etc/shells": "/bin/ash\n"}), []string{"/bin/ash"}, facts.OK},
		"a FIFO":                 {map[string]memfs.File{"/etc/shells": {Mode: 0o010644}}, nil, facts.Error},
		"a line of a million /s": {factstest.Text(map[string]string{"/etc/shells": strings.Repeat("/", 1<<20)}), []string{strings.Repeat("/", 1<<20)}, facts.OK},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.Shells](t, factstest.Guest(t, c.files), facts.Request{}, Collector)
			if status.State != c.state {
				t.Fatalf("state %s %v, want %s", status.State, status.Problems, c.state)
			}
			if got != nil && !slices.Equal(*got, c.want) {
				t.Errorf("got %q, want %q", *got, c.want)
			}
		})
	}
}

func TestTooManyShells(t *testing.T) {
	g := factstest.Guest(t, factstest.Text(map[string]string{"/etc/shells": strings.Repeat("/a\n", maxShells+1)}))
	if got, status := factstest.Collect[facts.Shells](t, g, facts.Request{}, Collector); status.State != facts.Partial || len(*got) != maxShells {
		t.Errorf("%d shells, %v", len(*got), status)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(" /bin/sh # x")
	f.Fuzz(func(t *testing.T, line string) {
		if shell := parse(line); shell != "" && shell[0] != '/' {
			t.Errorf("%q is %q", line, shell)
		}
	})
}
