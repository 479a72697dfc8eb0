package locale

import (
	"errors"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestLocale(t *testing.T) {
	for name, c := range map[string]struct {
		files          map[string]memfs.File
		want, shadowed string
		line           int
		state          facts.State
	}{
		"locale.conf":             {map[string]memfs.File{"/etc/locale.conf": {Data: "LC_TIME=C\nLANG=\"en_US.UTF-8\"\n"}}, "en_US.UTF-8", "", 2, facts.OK},
		"Debian":                  {map[string]memfs.File{"/etc/default/locale": {Data: "#  File generated\nLANG=C.UTF-8\n"}}, "C.UTF-8", "", 2, facts.OK},
		"Debian 13: a link":       {map[string]memfs.File{"/etc/locale.conf": {Data: "LANG=C.UTF-8\n"}, "/etc/default/locale": {Link: "../locale.conf"}}, "C.UTF-8", "", 1, facts.OK},
		"both, and they disagree": {map[string]memfs.File{"/etc/locale.conf": {Data: "LANG=a\n"}, "/etc/default/locale": {Data: "LANG=b\n"}}, "a", "b", 1, facts.OK},
		"last one wins":           {map[string]memfs.File{"/etc/locale.conf": {Data: "LANG=a\nLANG=b\n"}}, "b", "a", 2, facts.OK},
		"RHEL 6":                  {map[string]memfs.File{"/etc/sysconfig/i18n": {Data: "LANG=\"de_DE.UTF-8\"\n"}}, "de_DE.UTF-8", "", 1, facts.OK},
		"commented out is absent": {map[string]memfs.File{"/etc/locale.conf": {Data: "#LANG=a\n"}}, "", "", 0, facts.Absent},
		"none is absent":          {nil, "", "", 0, facts.Absent},
		"unreadable":              {map[string]memfs.File{"/etc/locale.conf": {Data: "LANG=a", Err: errors.New("bad sector")}}, "", "", 0, facts.Error},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.Locale](t, factstest.Guest(t, c.files), facts.Request{}, Collector)
			if status.State != c.state {
				t.Fatalf("state is %s (%v), want %s", status.State, status.Problems, c.state)
			}
			if got == nil {
				return
			}
			shadowed := ""
			if len(got.Shadowed) > 0 {
				shadowed = got.Shadowed[0].Value
			}
			if got.Value != c.want || got.Source.Line != c.line || shadowed != c.shadowed {
				t.Errorf("got %q from line %d over %q, want %q from line %d over %q", got.Value, got.Source.Line, shadowed, c.want, c.line, c.shadowed)
			}
		})
	}
}
