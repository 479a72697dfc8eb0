package defaulttarget

import (
	"context"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const (
	etc = "/etc/systemd/system/default.target"
	lib = "/usr/lib/systemd/system/"
)

// bootWith stands in for the collector of boot.
func bootWith(args string) facts.Collector {
	return facts.New("boot", "", func(context.Context, *facts.Scope) (*facts.Boot, error) {
		if args == "none" {
			return &facts.Boot{Loader: "none", Default: -1}, nil
		}
		e := facts.BootEntry{Source: facts.Source{Path: "/boot/grub/grub.cfg", Line: 9}}
		for _, a := range strings.Fields(args) {
			key, value, _ := strings.Cut(a, "=")
			e.Args = append(e.Args, facts.BootArg{Key: key, Value: value})
		}
		return &facts.Boot{Loader: "grub2", Entries: []facts.BootEntry{e}}, nil
	})
}

func TestDefaultTarget(t *testing.T) {
	base := map[string]memfs.File{
		"/lib":                     {Link: "usr/lib"},
		lib + "graphical.target":   {},
		lib + "multi-user.target":  {},
		lib + "runlevel3.target":   {Link: "multi-user.target"},
		lib + "default.target":     {Link: "graphical.target"},
		"/dev/null":                {Mode: 0o020666},
		"/usr/lib/systemd/x.mount": {},
	}
	for name, c := range map[string]struct {
		etc        memfs.File
		args       string
		want, from string
		state      facts.State
	}{
		"vendor's":                       {memfs.File{}, "ro", "graphical.target", lib + "default.target", facts.OK},
		"etc beats the vendor":           {memfs.File{Link: "/lib/systemd/system/multi-user.target"}, "ro", "multi-user.target", etc, facts.OK},
		"alias is followed":              {memfs.File{Link: lib + "runlevel3.target"}, "ro", "multi-user.target", etc, facts.OK},
		"a file of its own":              {memfs.File{Data: "[Unit]\n"}, "ro", "default.target", etc, facts.OK},
		"dangling":                       {memfs.File{Link: lib + "gone.target"}, "ro", "gone.target", etc, facts.Partial},
		"masked":                         {memfs.File{Link: "/dev/null"}, "ro", "null", etc, facts.Partial},
		"no target":                      {memfs.File{Link: "/usr/lib/systemd/x.mount"}, "ro", "x.mount", etc, facts.Partial},
		"systemd.unit= of the kernel":    {memfs.File{}, "ro systemd.unit=multi-user.target", "multi-user.target", "/boot/grub/grub.cfg", facts.OK},
		"runlevel of the kernel":         {memfs.File{}, "ro 3", "multi-user.target", "/boot/grub/grub.cfg", facts.OK},
		"last word of the kernel counts": {memfs.File{}, "single systemd.unit=graphical.target", "graphical.target", "/boot/grub/grub.cfg", facts.OK},
		"no boot loader":                 {memfs.File{}, "none", "graphical.target", lib + "default.target", facts.OK},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]memfs.File{}
			for path, f := range base {
				files[path] = f
			}
			if c.etc.Data != "" || c.etc.Link != "" {
				files[etc] = c.etc
			}
			got, status := factstest.Collect[facts.DefaultTarget](t, factstest.Guest(t, files), facts.Request{}, bootWith(c.args), Collector)
			if status.State != c.state {
				t.Fatalf("state is %s (%v), want %s", status.State, status.Problems, c.state)
			}
			if got.Value != c.want || got.Source.Path != c.from {
				t.Errorf("got %s from %s, want %s from %s", got.Value, got.Source.Path, c.want, c.from)
			}
		})
	}
}

func TestGuestWithoutSystemdHasNone(t *testing.T) {
	if got, status := factstest.Collect[facts.DefaultTarget](t, factstest.Guest(t, nil), facts.Request{}, bootWith("ro"), Collector); got != nil || status.State != facts.Absent {
		t.Errorf("got %+v, %s, want none, absent", got, status.State)
	}
}
