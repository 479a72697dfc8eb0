package guest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// Commits of two deployments.
var older, newer = strings.Repeat("a", 64) + ".0", strings.Repeat("b", 64) + ".0"

const deployDir = "/ostree/deploy/os/deploy/"

// deployed is a physical root with two deployments, as ostree admin deploy lays them out, and the changes of a test.
func deployed(change files) files {
	all := files{
		"/boot/loader":                        {Link: "loader.0"},
		"/boot/loader.0/entries/a.conf":       {Data: "title x\nversion 2\noptions root=UUID=x ostree=/ostree/boot.0/os/sum/0\n"},
		"/boot/loader.0/entries/b.conf":       {Data: "version 10\noptions ro ostree=/ostree/boot.0/os/sum/1\n"},
		"/ostree/boot.0":                      {Link: "boot.0.1"},
		"/ostree/boot.0.1/os/sum/0":           {Link: "../../../deploy/os/deploy/" + newer},
		"/ostree/boot.0.1/os/sum/1":           {Link: "../../../deploy/os/deploy/" + older},
		"/ostree/repo/objects/aa/x":           {},
		"/ostree/deploy/os/var/lib/shared":    {},
		deployDir + older + "/etc/passwd":     {},
		deployDir + older + "/var":            memfs.Dir(),
		deployDir + older + "/sysroot":        memfs.Dir(),
		deployDir + older + "/boot":           memfs.Dir(),
		deployDir + older + ".origin":         {Data: "[origin]\nrefspec=os/stable\n", Modify: time.Unix(1, 0)},
		deployDir + newer + "/etc/passwd":     {},
		deployDir + newer + ".origin":         {Data: "[origin]\ncontainer-image-reference=ostree-unverified-registry:x\n", Modify: time.Unix(2, 0)},
		deployDir + "not-a-deployment/etc/x":  {},
		deployDir + strings.Repeat("c", 64):   {},
		"/ostree/deploy/stray":                {},
		"/ostree/deploy/empty/var/lib/nobody": {},
	}
	for path, f := range change {
		all[path] = f
	}
	return all
}

func TestTheDeploymentThatBoots(t *testing.T) {
	entry := func(text string) files { return files{"/boot/loader.0/entries/b.conf": {Data: text}} }
	for name, test := range map[string]struct {
		change  files
		boots   string
		problem string
	}{
		"the highest version, as a number":     {nil, older, ""},
		"an entry that leads nowhere":          {entry("version 10\noptions ostree=/ostree/boot.0/os/sum/7\n"), newer, "ostree=/ostree/boot.0/os/sum/7: "},
		"an entry that leads to no deployment": {entry("version 10\noptions ostree=/../../ostree/repo\n"), newer, "is no deployment: took the newest of 2 deployments"},
		"a link in a circle":                   {files{"/ostree/boot.0": {Link: "boot.0"}}, newer, "more than 40 links"},
		"an entry of another system":           {entry("version 10\noptions root=UUID=x\n"), newer, ""},
		"no entries":                           {files{"/boot/loader": {Link: "gone"}}, newer, "no boot entry with the argument ostree= was found"},
		"a deployment of composefs":            {files{deployDir + older + "/.ostree.cfs": {Data: "x"}}, older, "read was the checkout beside it"},
	} {
		g := find(t, volume(2, "x", deployed(test.change)))
		var problems []string
		for _, p := range g.Problems {
			problems = append(problems, p.Message)
		}
		told := strings.Join(problems, "\n")
		if g.Tree.Name != deployDir[1:]+test.boots || (test.problem == "") != (told == "") && test.boots == older || !strings.Contains(told, test.problem) {
			t.Errorf("%s: %s boots, want %s; problems %q, want %q", name, g.Tree.Name, test.boots, told, test.problem)
		}
	}
}

func TestADeploymentIsPutTogether(t *testing.T) {
	v := volume(2, "x", deployed(nil))
	g := find(t, v)
	for _, path := range []string{"/etc/passwd", "/var/lib/shared", "/sysroot/ostree/repo", "/boot/loader/entries/a.conf"} {
		if _, err := g.Stat(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	others, err := guest.Others(context.Background(), []guest.Volume{v}, []*guest.Guest{g})
	if err != nil || len(others) != 1 || others[0].Name() != "p2:"+deployDir[1:]+newer || others[0].Tree.Made.Type != "ostree-unverified-registry:x" {
		t.Errorf("others %+v, %v, want one", others, err)
	}
	for _, path := range listed(t, g, "/") {
		if strings.HasSuffix(path, "/aa/x") || strings.HasPrefix(path, "/sysroot/ostree/deploy/os/deploy/a") && !strings.HasSuffix(path, "(deployments)") && !strings.HasSuffix(path, ".origin") {
			t.Errorf("walked: %s", path)
		}
	}
}

// The deployment has no /var, /sysroot and /boot of its own: what is to be there is not known to be missing.
func TestADeploymentWithoutMountPoints(t *testing.T) {
	g := find(t, volume(2, "x", deployed(files{"/boot/loader": {Link: "gone"}})))
	if _, err := g.Stat("/var/lib/shared"); !errors.Is(err, guest.ErrUnread) {
		t.Errorf("%v, want %v", err, guest.ErrUnread)
	}
}
