package compare

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
)

// Identity is what tells a machine from others.
type Identity struct {
	MachineIDs  []string          `json:"machine_ids"` // of each system that has one
	FileSystems map[string]string `json:"filesystems"` // UUIDs by volume
}

// identityOf reads the identity of a machine. What cannot be read is missing.
func identityOf(ctx context.Context, m *engine.Machine) Identity {
	id := Identity{MachineIDs: []string{}, FileSystems: map[string]string{}}
	for _, v := range m.Volumes {
		if v.FS == nil {
			continue
		}
		if uuid := v.FS.Description().UUID; strings.Trim(uuid, "0-") != "" {
			id.FileSystems[v.Name] = uuid
		}
	}
	for _, g := range m.Guests {
		doc, err := m.Facts(ctx, g, facts.Request{Domains: []string{"machine_id"}}, time.Time{})
		if err != nil {
			continue
		}
		if f, ok := facts.Get[facts.MachineID](doc, "machine_id"); ok && f.State == "set" {
			id.MachineIDs = append(id.MachineIDs, f.Value)
		}
	}
	return id
}

// strangers says why two images are not of one machine, and what is odd though they may be.
func (id Identity) strangers(other Identity) (why, notes []string) {
	why, notes = []string{}, []string{}
	if len(id.MachineIDs) > 0 && len(other.MachineIDs) > 0 && !share(id.MachineIDs, other.MachineIDs) {
		why = append(why, fmt.Sprintf("the machine id of the source is %s, of the backup %s",
			strings.Join(id.MachineIDs, ", "), strings.Join(other.MachineIDs, ", ")))
	}
	a, b := uuids(id), uuids(other)
	switch {
	case len(a) == 0 || len(b) == 0 || slices.Equal(a, b):
	case !share(a, b):
		why = append(why, fmt.Sprintf("the file systems of the source are %s, of the backup %s", strings.Join(a, ", "), strings.Join(b, ", ")))
	default:
		notes = append(notes, fmt.Sprintf("some file systems are others: those of the source are %s, of the backup %s",
			strings.Join(a, ", "), strings.Join(b, ", ")))
	}
	return why, notes
}

func uuids(id Identity) []string {
	var all []string
	for _, uuid := range id.FileSystems {
		all = append(all, uuid)
	}
	slices.Sort(all)
	return all
}

func share(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
