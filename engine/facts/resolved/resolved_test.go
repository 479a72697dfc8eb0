package resolved

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestDropInBeatsTheMainFile(t *testing.T) {
	got, status := factstest.Collect[facts.Resolved](t, factstest.Guest(t, map[string]memfs.File{
		"/etc/systemd/resolved.conf":              {Data: "[Resolve]\nDNS=1.1.1.1\n"},
		"/usr/lib/systemd/resolved.conf.d/a.conf": {Data: "[Resolve]\nDNS=9.9.9.9\n"},
		"/etc/resolv.conf":                        {Link: "../run/systemd/resolve/stub-resolv.conf"},
	}), facts.Request{}, Collector)
	if got == nil || status.State != facts.OK {
		t.Fatal(status)
	}
	if v := (*got)["Resolve.DNS"]; v.Value != "1.1.1.1 9.9.9.9" || v.Source.Path != "/usr/lib/systemd/resolved.conf.d/a.conf" || len(v.Shadowed) == 0 {
		t.Errorf("got %+v, want 1.1.1.1 9.9.9.9", v)
	}
}

func TestNotInstalledIsAbsent(t *testing.T) {
	if got, status := factstest.Collect[facts.Resolved](t, factstest.Guest(t, nil), facts.Request{}, Collector); got != nil || status.State != facts.Absent {
		t.Errorf("got %v, %s", got, status.State)
	}
}
