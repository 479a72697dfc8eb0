package useradd

import (
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestUseradd(t *testing.T) {
	for name, c := range map[string]struct {
		files    map[string]memfs.File
		inactive string
		explicit bool
		state    facts.State
	}{
		"written":                   {factstest.Text(map[string]string{"/etc/default/useradd": "# INACTIVE=1\nINACTIVE=30\n"}), "30", true, facts.OK},
		"the last counts":           {factstest.Text(map[string]string{"/etc/default/useradd": "INACTIVE=-1\nINACTIVE=45\n"}), "45", true, facts.OK},
		"commented: the default":    {factstest.Text(map[string]string{"/etc/default/useradd": "# INACTIVE=30\nSHELL=/bin/sh\n"}), "-1", false, facts.OK},
		"indented is another name":  {factstest.Text(map[string]string{"/etc/default/useradd": " INACTIVE=30\n"}), "-1", false, facts.OK},
		"no file and the program":   {factstest.Text(map[string]string{"/usr/sbin/useradd": "x"}), "-1", false, facts.OK},
		"no file and no program":    {nil, "", false, facts.Absent},
		"SUSE":                      {factstest.Text(map[string]string{"/usr/etc/default/useradd": "INACTIVE=7\n"}), "7", true, facts.OK},
		"a directory in its place":  {map[string]memfs.File{"/etc/default/useradd": memfs.Dir(), "/usr/sbin/useradd": {}}, "", false, facts.Error},
		"a million lines of a kind": {factstest.Text(map[string]string{"/etc/default/useradd": strings.Repeat("INACTIVE=1\n", maxLines+9)}), "1", true, facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.Useradd](t, factstest.Guest(t, c.files), facts.Request{}, Collector)
			if status.State != c.state {
				t.Fatalf("state %s %v, want %s", status.State, status.Problems, c.state)
			}
			if got == nil {
				return
			}
			if v := (*got)["INACTIVE"]; v.Value != c.inactive || v.Explicit != c.explicit {
				t.Errorf("got %+v, want %q, explicit %v", v, c.inactive, c.explicit)
			}
		})
	}
}
