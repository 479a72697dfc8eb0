package timesyncd

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestDropInBeatsTheMainFile(t *testing.T) {
	got, status := factstest.Collect[facts.Timesyncd](t, factstest.Guest(t, map[string]memfs.File{
		"/etc/systemd/timesyncd.conf":              {Data: "[Time]\nNTP=x y\n"},
		"/usr/lib/systemd/timesyncd.conf.d/a.conf": {Data: "[Time]\nNTP=\nNTP=a\nNTP=b\n"},
		"/etc/resolv.conf":                         {Link: "../run/systemd/resolve/stub-resolv.conf"},
	}), facts.Request{}, Collector)
	if got == nil || status.State != facts.OK {
		t.Fatal(status)
	}
	if v := (*got)["Time.NTP"]; v.Value != "a b" || v.Source.Path != "/usr/lib/systemd/timesyncd.conf.d/a.conf" || len(v.Shadowed) == 0 {
		t.Errorf("got %+v, want a b", v)
	}
}

func TestNotInstalledIsAbsent(t *testing.T) {
	if got, status := factstest.Collect[facts.Timesyncd](t, factstest.Guest(t, nil), facts.Request{}, Collector); got != nil || status.State != facts.Absent {
		t.Errorf("got %v, %s", got, status.State)
	}
}
