package disks

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/internal/factstest"
)

// TestStates tells a disk whose table could not be read, which may hold more, from one partition that could not.
func TestStates(t *testing.T) {
	for name, c := range map[string]struct {
		disks []guest.Disk
		want  facts.State
	}{
		"no disk is known":       {nil, facts.Absent},
		"read":                   {[]guest.Disk{{Device: "disk", Content: "ext4"}}, facts.OK},
		"partition not read":     {[]guest.Disk{{Device: "disk", Content: "gpt", Parts: []guest.Disk{{Device: "p1", Content: "LUKS", Unread: "encrypted"}}}}, facts.OK},
		"table not read":         {[]guest.Disk{{Device: "disk", Content: "gpt", Unread: "header"}}, facts.Partial},
		"table in one, not read": {[]guest.Disk{{Device: "disk", Content: "mbr", Parts: []guest.Disk{{Device: "p1", Content: "gpt", Unread: "header"}}}}, facts.Partial},
	} {
		g := factstest.Guest(t, nil)
		g.Disks = c.disks
		got, status := factstest.Collect[facts.Disks](t, g, facts.Request{}, Collector)
		if status.State != c.want || got != nil && len(*got) != len(c.disks) {
			t.Errorf("%s: %s, want %s", name, status.State, c.want)
		}
	}
}
