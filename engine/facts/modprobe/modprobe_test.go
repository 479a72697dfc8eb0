package modprobe

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// collectWith stands in for the collectors of kernel and boot: one kernel with three modules, and its arguments.
func collectWith(t testing.TB, files map[string]memfs.File, args string) (*facts.Modprobe, facts.Status) {
	t.Helper()
	kernels := facts.New("kernel", "", func(context.Context, *facts.Scope) (*facts.Kernels, error) {
		return &facts.Kernels{Installed: []facts.Kernel{{Builtin: []string{"ext4"}, Loadable: []string{"cramfs", "usb_storage"}}}}, nil
	})
	boot := facts.New("boot", "", func(context.Context, *facts.Scope) (*facts.Boot, error) {
		e := facts.BootEntry{Source: facts.Source{Path: "/boot/grub/grub.cfg", Line: 7}}
		for _, a := range strings.Fields(args) {
			key, value, _ := strings.Cut(a, "=")
			e.Args = append(e.Args, facts.BootArg{Key: key, Value: value})
		}
		b := &facts.Boot{Loader: "grub2", Entries: []facts.BootEntry{e}}
		if strings.Contains(args, "undecided") {
			b.Default = -1
		}
		return b, nil
	})
	return factstest.Collect[facts.Modprobe](t, factstest.Guest(t, files), facts.Request{}, kernels, boot, Collector)
}

// TestLikeModprobe compares with what modprobe -n -v said about the same trees: see testdata/record.sh.
func TestLikeModprobe(t *testing.T) {
	trees, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(trees) < 2 {
		t.Fatal(trees, err)
	}
	for _, tree := range trees {
		t.Run(filepath.Base(tree), func(t *testing.T) {
			got, status := collectWith(t, factstest.Tree(t, tree), "")
			if status.State != facts.OK {
				t.Fatal(status)
			}
			b, err := os.ReadFile(strings.TrimSuffix(tree, ".txtar") + ".dry")
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(b)) {
				name, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
				compareWithRecord(t, name, got.Find(name), strings.TrimSpace(want))
			}
		})
	}
}

func compareWithRecord(t *testing.T, name string, m facts.Module, want string) {
	t.Helper()
	command, runs := strings.CutPrefix(want, "install ")
	switch {
	case want == "" || strings.Contains(want, "m-plain.ko"): // an alias leads elsewhere
		if m.Install != nil || m.Blocked != (want == "") {
			t.Errorf("%s: %+v, modprobe says %q", name, m, want)
		}
	case runs != (m.Install != nil) || runs && m.Install.Value != command:
		t.Errorf("%s: install %+v, modprobe says %q", name, m.Install, want)
	}
}

func TestTraps(t *testing.T) {
	conf := func(lines string) map[string]string { return map[string]string{"/etc/modprobe.d/a.conf": lines} }
	for name, c := range map[string]struct {
		files       map[string]string
		args        string
		module      string
		blocked     bool
		blacklisted bool
		present     string
	}{
		"- and _ are the same":                       {conf("install usb_storage /bin/true\n"), "", "usb-storage", true, false, "module"},
		"a blacklist alone blocks nothing":           {conf("blacklist cramfs\n"), "", "cramfs", false, true, "module"},
		"install with --ignore-install loads":        {conf("install cramfs /sbin/modprobe --ignore-install cramfs\n"), "", "cramfs", false, false, "module"},
		"/bin/true; modprobe loads":                  {conf("install cramfs /bin/true; /sbin/modprobe -i cramfs\n"), "", "cramfs", false, false, "module"},
		"/bin/false with a comment blocks":           {conf("install cramfs /bin/false # CIS\n"), "", "cramfs", true, false, "module"},
		"nologin blocks":                             {conf("install cramfs /sbin/nologin\n"), "", "cramfs", true, false, "module"},
		"a comment as command loads nothing we know": {conf("install cramfs # nothing\n"), "", "cramfs", false, false, "module"},
		"the first install counts":                   {conf("install cramfs /sbin/modprobe -i cramfs\ninstall cramfs /bin/false\n"), "", "cramfs", false, false, "module"},
		"a wildcard counts too":                      {conf("install usb* /bin/false\nblacklist usb-storage\n"), "", "usb_storage", true, true, "module"},
		"built in":                                   {conf("install ext4 /bin/false\n"), "", "ext4", true, false, "builtin"},
		"not shipped":                                {conf("blacklist hfs\n"), "", "hfs", false, true, "absent"},
		"alias to off":                               {conf("alias cramfs off\n"), "", "cramfs", true, false, "module"},
		"the kernel refuses it":                      {nil, "module_blacklist=hfs,usb-storage", "usb_storage", true, false, "module"},
		"modprobe.blacklist is only a blacklist":     {nil, "modprobe.blacklist=cramfs", "cramfs", false, true, "module"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectWith(t, factstest.Text(c.files), c.args)
			if status.State != facts.OK {
				t.Fatal(status)
			}
			m := got.Find(c.module)
			if m.Blocked != c.blocked || m.Blacklisted != c.blacklisted || m.Present == nil || *m.Present != c.present {
				t.Errorf("got %+v", m)
			}
			if m.Blocked && (m.BlockedBy == nil || m.BlockedBy.Line == 0) {
				t.Errorf("blocked by %+v, want a line", m.BlockedBy)
			}
		})
	}
}

func TestLoadedAtBoot(t *testing.T) {
	got, _ := collectWith(t, map[string]memfs.File{
		"/etc/modules":                     {Data: "# c\nloop\n"},
		"/etc/modules-load.d/modules.conf": {Link: "../modules"},
		"/usr/lib/modules-load.d/z.conf":   {Data: "; c\nusb-storage \n\n"},
	}, "modules-load=dummy nomodule")
	var names []string
	for _, l := range got.Load {
		names = append(names, l.Name)
	}
	if present := got.Load[1].Present; present == nil || *present != "module" || *got.Load[2].Present != "absent" {
		t.Errorf("%+v", got.Load)
	}
	if fmt.Sprint(names) != "[loop usb_storage dummy]" || got.Disabled == nil {
		t.Errorf("loads %v, disabled %v", names, got.Disabled)
	}
}

func TestUndecidedCommandLineIsAProblem(t *testing.T) {
	if _, status := collectWith(t, nil, "module_blacklist=hfs undecided"); status.State != facts.Partial {
		t.Errorf("state is %s, want partial", status.State)
	}
}

func TestHostile(t *testing.T) {
	for name, f := range map[string]memfs.File{
		"a FIFO":                        {Mode: filesys.ModeFIFO | 0o644},
		"a link to itself":              {Link: "a.conf"},
		"a line that never ends":        {Data: strings.Repeat("blacklist x\\\n", maxLine)},
		"more modules than there are":   {Data: manyModules("blacklist m%d\n", maxEntries+5)},
		"more patterns than anyone has": {Data: manyModules("install m%d* /bin/false\n", maxPatterns+5)},
	} {
		t.Run(name, func(t *testing.T) {
			_, status := collectWith(t, map[string]memfs.File{"/etc/modprobe.d/a.conf": f}, "")
			if status.State != facts.Partial {
				t.Errorf("state is %s, want partial", status.State)
			}
		})
	}
	got, status := collectWith(t, factstest.Text(map[string]string{"/etc/modprobe.d/a.conf": "install [a /bin/false\ninstall a]b x\n\x00\xff\nblacklist \xff\n"}), "")
	if status.State != facts.OK || len(got.Ignored) != 3 {
		t.Errorf("%s, ignored %v", status.State, got.Ignored)
	}
}

func manyModules(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func FuzzModprobe(f *testing.F) {
	f.Add("install a-b /bin/false # x\nblacklist c\\\nd\nalias e off\noptions f g=1\n", "install [a]* exec /bin/true")
	f.Add("\\\n\\\n#\\\ninstall x", "install a \"/bin/false")
	f.Fuzz(func(t *testing.T, a, b string) {
		got, _ := collectWith(t, factstest.Text(map[string]string{"/etc/modprobe.d/a.conf": a, "/usr/lib/modprobe.d/b.conf": b}), "")
		for name, m := range got.Modules {
			if m.Blocked && m.BlockedBy == nil {
				t.Errorf("%q is blocked by nothing", name)
			}
		}
	})
}
