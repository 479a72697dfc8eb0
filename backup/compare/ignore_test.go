package compare

import (
	"strings"
	"testing"
)

func TestIgnoredChanges(t *testing.T) {
	for name, c := range map[string]struct {
		change Change
		want   Class
	}{
		"edited":               {Change{Path: "/var/log/a", Class: Edit}, Ignored},
		"corrupt":              {Change{Path: "/var/log/a", Class: Corruption, What: []string{"content"}}, Ignored},
		"unreadable":           {Change{Path: "/var/log/a", Class: Corruption, What: []string{"unreadable"}}, Corruption},
		"elsewhere":            {Change{Path: "/etc/a", Class: Edit}, Edit},
		"moved within":         {Change{Path: "/var/log/a", From: "/var/log/b", Kind: Moved, Class: Edit}, Ignored},
		"moved in from beyond": {Change{Path: "/var/log/a", From: "/etc/shadow", Kind: Moved, Class: Edit}, Edit},
	} {
		f := &files{Comparison: &Comparison{Files: []Change{c.change}}, ignore: func(p string) bool { return strings.HasPrefix(p, "/var/log/") }}
		f.ignored()
		if got := f.Files[0].Class; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	f := &files{Comparison: &Comparison{Files: []Change{{Path: "/a", Class: Edit}}}}
	if f.ignored(); f.Files[0].Class != Edit {
		t.Error("nothing is ignored, and a change is")
	}
}
