package coredump

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestDropInBeatsTheMainFile(t *testing.T) {
	got, status := factstest.Collect[facts.Coredump](t, factstest.Guest(t, map[string]memfs.File{
		"/etc/systemd/coredump.conf":              {Data: "[Coredump]\nStorage=external\n"},
		"/usr/lib/systemd/coredump.conf.d/a.conf": {Data: "[Coredump]\nStorage=none\n"},
		"/etc/resolv.conf":                        {Link: "../run/systemd/resolve/stub-resolv.conf"},
	}), facts.Request{}, Collector)
	if got == nil || status.State != facts.OK {
		t.Fatal(status)
	}
	if v := (*got)["Coredump.Storage"]; v.Value != "none" || v.Source.Path != "/usr/lib/systemd/coredump.conf.d/a.conf" || len(v.Shadowed) == 0 {
		t.Errorf("got %+v, want none", v)
	}
}

func TestNotInstalledIsAbsent(t *testing.T) {
	if got, status := factstest.Collect[facts.Coredump](t, factstest.Guest(t, nil), facts.Request{}, Collector); got != nil || status.State != facts.Absent {
		t.Errorf("got %v, %s", got, status.State)
	}
}
