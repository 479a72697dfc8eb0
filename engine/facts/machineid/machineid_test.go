package machineid

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestMachineID(t *testing.T) {
	const id, other = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
	for name, c := range map[string]struct {
		files               map[string]memfs.File
		state, value, found string
		status              facts.State
	}{
		"set":                           {map[string]memfs.File{path: {Data: id + "\n"}}, "set", id, path, facts.OK},
		"empty is not missing":          {map[string]memfs.File{path: {}}, "empty", "", path, facts.OK},
		"uninitialized":                 {map[string]memfs.File{path: {Data: "uninitialized\n"}}, "uninitialized", "", path, facts.OK},
		"missing":                       {nil, "missing", "", "", facts.OK},
		"dbus link to an empty file":    {map[string]memfs.File{path: {}, dbusPath: {Link: path}}, "empty", "", path, facts.OK},
		"dbus id is taken over at boot": {map[string]memfs.File{path: {}, dbusPath: {Data: id}}, "set", id, dbusPath, facts.OK},
		"dbus id does not beat the set": {map[string]memfs.File{path: {Data: other}, dbusPath: {Data: id}}, "set", other, path, facts.OK},
		"31 digits":                     {map[string]memfs.File{path: {Data: id[1:]}}, "", "", "", facts.Error},
		"no digits":                     {map[string]memfs.File{path: {Data: id[1:] + "x"}}, "", "", "", facts.Error},
		"all zero is no id":             {map[string]memfs.File{path: {Data: "00000000000000000000000000000000"}}, "", "", "", facts.Error},
		"a directory":                   {map[string]memfs.File{path: memfs.Dir()}, "", "", "", facts.Error},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.MachineID](t, factstest.Guest(t, c.files), facts.Request{}, Collector)
			if status.State != c.status {
				t.Fatalf("status is %s (%v), want %s", status.State, status.Problems, c.status)
			}
			if c.state == "" {
				return
			}
			found := ""
			if got.Source != nil {
				found = got.Source.Path
			}
			if got.State != c.state || got.Value != c.value || found != c.found {
				t.Errorf("got %s %q from %q, want %s %q from %q", got.State, got.Value, found, c.state, c.value, c.found)
			}
		})
	}
}
