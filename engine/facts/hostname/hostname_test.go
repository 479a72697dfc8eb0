package hostname

import (
	"errors"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestHostname(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
		line  int
		state facts.State
	}{
		"plain":                      {map[string]string{"/etc/hostname": "web01\n"}, "web01", 1, facts.OK},
		"no newline at the end":      {map[string]string{"/etc/hostname": "web01"}, "web01", 1, facts.OK},
		"comment and blank first":    {map[string]string{"/etc/hostname": "# by hand\n\n  web02.example.org \nold\n"}, "web02.example.org", 3, facts.OK},
		"missing is absent":          {nil, "", 0, facts.Absent},
		"empty is absent":            {map[string]string{"/etc/hostname": "\n# none\n"}, "", 0, facts.Absent},
		"RHEL 6":                     {map[string]string{"/etc/sysconfig/network": "NETWORKING=yes\nHOSTNAME=db1\n"}, "db1", 2, facts.OK},
		"RHEL 6 without a name":      {map[string]string{"/etc/sysconfig/network": "NETWORKING=yes\n"}, "", 0, facts.Absent},
		"not a name":                 {map[string]string{"/etc/hostname": "web 01\n"}, "web 01", 1, facts.Partial},
		"longer than Linux takes it": {map[string]string{"/etc/hostname": strings.Repeat("a", 65)}, strings.Repeat("a", 65), 1, facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.Hostname](t, factstest.Guest(t, factstest.Text(c.files)), facts.Request{}, Collector)
			if status.State != c.state {
				t.Fatalf("state is %s (%v), want %s", status.State, status.Problems, c.state)
			}
			if c.want == "" {
				if got != nil {
					t.Errorf("got %+v, want none", got)
				}
				return
			}
			if got.Value != c.want || got.Source.Line != c.line || !got.Explicit {
				t.Errorf("got %q from line %d, want %q from line %d", got.Value, got.Source.Line, c.want, c.line)
			}
		})
	}
}

func TestUnreadableIsNotAbsent(t *testing.T) {
	g := factstest.Guest(t, map[string]memfs.File{
		"/etc/hostname":          {Data: "web01", Err: errors.New("sector 9 cannot be read")},
		"/etc/sysconfig/network": {Data: "HOSTNAME=other"},
	})
	if got, status := factstest.Collect[facts.Hostname](t, g, facts.Request{}, Collector); got != nil || status.State != facts.Error {
		t.Errorf("got %+v, %s, want an error", got, status.State)
	}
}
