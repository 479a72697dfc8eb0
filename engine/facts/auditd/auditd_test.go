package auditd

import (
	"errors"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestAuditd(t *testing.T) {
	got, status := factstest.Collect[facts.Auditd](t, factstest.Guest(t, factstest.Text(map[string]string{
		path: "# c\n\n  Max_Log_File = 8\nmax_log_file\t=\t20\n##name = x\nspace_left = 25%\n",
	})), facts.Request{}, Collector)
	if got == nil || status.State != facts.OK {
		t.Fatal(status)
	}
	v := (*got)["max_log_file"]
	if v.Value != "20" || v.Source.Line != 4 || len(v.Shadowed) != 1 || v.Shadowed[0].Value != "8" || len(*got) != 2 {
		t.Errorf("got %+v", v)
	}
}

func TestHostile(t *testing.T) {
	for name, c := range map[string]struct {
		file  memfs.File
		state facts.State
	}{
		"no spaces":   {memfs.File{Data: "a=b\n"}, facts.Partial},
		"two words":   {memfs.File{Data: "a = b c\n"}, facts.Partial},
		"no value":    {memfs.File{Data: "a =\n"}, facts.Partial},
		"line of 1MB": {memfs.File{Data: strings.Repeat("x", 1<<20)}, facts.Partial},
		"unreadable":  {memfs.File{Data: "x", Err: errors.New("sector 9")}, facts.Error},
		"directory":   {memfs.Dir(), facts.Error},
	} {
		_, status := factstest.Collect[facts.Auditd](t, factstest.Guest(t, map[string]memfs.File{path: c.file}), facts.Request{}, Collector)
		if status.State != c.state {
			t.Errorf("%s: got %+v, want %s", name, status, c.state)
		}
	}
	if _, status := factstest.Collect[facts.Auditd](t, factstest.Guest(t, nil), facts.Request{}, Collector); status.State != facts.Absent {
		t.Errorf("not installed: %+v", status)
	}
}

func FuzzLine(f *testing.F) {
	f.Add("max_log_file = 8")
	f.Add("=\x00")
	f.Fuzz(func(t *testing.T, text string) {
		if key, value, ok, _ := parseLine(text); ok && (key == "" || value == "") {
			t.Errorf("%q: %q, %q", text, key, value)
		}
	})
}
