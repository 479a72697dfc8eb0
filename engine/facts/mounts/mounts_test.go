package mounts

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/osrelease"
	"github.com/guestctl/guestctl/engine/facts/units"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectMounts(t testing.TB, files map[string]memfs.File) (facts.Mounts, facts.Status) {
	t.Helper()
	m, status := factstest.Collect[facts.Mounts](t, factstest.Guest(t, files), facts.Request{}, osrelease.Collector, units.Collector, Collector)
	if m == nil {
		t.Fatalf("no mounts: %+v", status)
	}
	return *m, status
}

func answers(t *testing.T, name string) map[string]string {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range a.Files {
		all[f.Name] = string(f.Data)
	}
	return all
}

func TestLinesAreFindmnts(t *testing.T) {
	trees, found, made := factstest.Trees(t, filepath.Join("testdata", "trees.txtar")), answers(t, "findmnt.txtar"), answers(t, "generator.txtar")
	for name, tree := range trees {
		t.Run(name, func(t *testing.T) {
			tree["/usr/lib/systemd/system/default.target"] = memfs.File{Data: "[Unit]\n"}
			all, _ := collectMounts(t, tree)
			var lines, generated []string
			for _, m := range all {
				if m.Origin != "fstab" {
					continue
				}
				lines = append(lines, strings.Join([]string{m.Device, m.Target, m.FSType, strings.Join(m.Options, ",")}, " "))
				if m.Hidden == "" && (m.Target == "/" || !slices.ContainsFunc(builtin, func(b struct{ target, device, fstype, options string }) bool { return b.target == m.Target })) {
					generated = append(generated, m.Unit+" "+strings.Join(m.Options, ","))
				}
			}
			for line := range strings.Lines(found[name]) {
				line = strings.NewReplacer(`"`, "", `\x20`, " ", `\x5c`, `\`).Replace(strings.TrimSpace(line))
				fields := strings.Fields(line)
				if fields[len(fields)-2] == "swap" {
					continue
				}
				if !slices.ContainsFunc(lines, func(l string) bool { return strings.ReplaceAll(l, "/ ", " ") == strings.ReplaceAll(line, "/ ", " ") }) {
					t.Errorf("findmnt has %s, which is not among %q", line, lines)
				}
			}
			var want []string
			for line := range strings.Lines(made[name]) {
				unit, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
				_, options, _ := strings.Cut(rest, " ")
				want = append(want, unit+" "+options)
			}
			slices.Sort(want)
			slices.Sort(generated)
			for i := range generated { // the generator leaves out an option that says nothing
				if unit, ok := strings.CutSuffix(generated[i], " defaults"); ok {
					generated[i] = unit + " "
				}
			}
			if !slices.Equal(want, generated) {
				t.Errorf("got  %q\nwant %q", generated, want)
			}
		})
	}
}

// TestFlagsAreTheKernels compares with the flags that the kernel had after mount(8).
func TestFlagsAreTheKernels(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "options.flags"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		options, flags, _ := strings.Cut(strings.TrimSpace(line), " ")
		m, ok, err := parseLine("tmpfs /x tmpfs " + options + " 0 0")
		if err != nil || !ok {
			t.Fatal(options, err)
		}
		kernel := strings.Split(flags, ",")
		has := func(f string) bool { return slices.Contains(kernel, f) }
		if m.NoDev != has("nodev") || m.NoSUID != has("nosuid") || m.NoExec != has("noexec") || m.ReadOnly != has("ro") {
			t.Errorf("%s: got %+v, the kernel has %s", options, m, flags)
		}
	}
}

func show(m facts.Mount) string {
	var flags []string
	for _, f := range []struct {
		name string
		on   bool
	}{{"nodev", m.NoDev}, {"nosuid", m.NoSUID}, {"noexec", m.NoExec}, {"ro", m.ReadOnly}, {"auto", m.Auto}, {"automount", m.Automount}, {"hidden", m.Hidden != ""}} {
		if f.on {
			flags = append(flags, f.name)
		}
	}
	return m.Origin + " " + m.Device + " " + strings.Join(flags, ",")
}

func TestTraps(t *testing.T) {
	const usr, etc = "/usr/lib/systemd/system/", "/etc/systemd/system/"
	tmp := memfs.File{Data: "[Mount]\nWhat=tmpfs\nWhere=/tmp\nType=tmpfs\nOptions=mode=1777,nosuid,nodev\n[Install]\nWantedBy=local-fs.target\n"}
	systemd := map[string]memfs.File{
		usr + "default.target": {Data: "[Unit]\nWants=local-fs.target\n"}, usr + "local-fs.target": {Data: "[Unit]\n"},
	}
	line := func(text string) memfs.File { return memfs.File{Data: text + "\n"} }
	for name, c := range map[string]struct {
		files  map[string]memfs.File
		target string
		want   []string
	}{
		"tmp.mount enabled":               {map[string]memfs.File{usr + "tmp.mount": tmp, etc + "local-fs.target.wants/tmp.mount": {Link: usr + "tmp.mount"}}, "/tmp", []string{"unit tmpfs nodev,nosuid,auto"}},
		"tmp.mount linked from usr/share": {map[string]memfs.File{"/usr/share/systemd/tmp.mount": tmp, etc + "tmp.mount": {Link: "/usr/share/systemd/tmp.mount"}, etc + "local-fs.target.wants/tmp.mount": {Link: "/usr/share/systemd/tmp.mount"}}, "/tmp", []string{"unit tmpfs nodev,nosuid,auto"}},
		"tmp.mount there and not enabled": {map[string]memfs.File{usr + "tmp.mount": tmp}, "/tmp", []string{"unit tmpfs nodev,nosuid"}},
		"drop-in of tmp.mount":            {map[string]memfs.File{usr + "tmp.mount": tmp, etc + "tmp.mount.d/o.conf": {Data: "[Mount]\nOptions=noexec\n"}, usr + "local-fs.target.wants/tmp.mount": {Link: "../tmp.mount"}}, "/tmp", []string{"unit tmpfs noexec,auto"}},
		"fstab before a unit in usr/lib":  {map[string]memfs.File{usr + "tmp.mount": tmp, usr + "local-fs.target.wants/tmp.mount": {Link: "../tmp.mount"}, fstab: line("/dev/a /tmp ext4 noexec")}, "/tmp", []string{"fstab /dev/a noexec,auto"}},
		"unit in etc before fstab":        {map[string]memfs.File{etc + "tmp.mount": tmp, etc + "local-fs.target.wants/tmp.mount": {Link: "../tmp.mount"}, fstab: line("/dev/a /tmp ext4 noexec")}, "/tmp", []string{"fstab /dev/a noexec,auto,hidden", "unit tmpfs nodev,nosuid,auto"}},
		"mask in etc before fstab":        {map[string]memfs.File{etc + "tmp.mount": {Link: "/dev/null"}, fstab: line("/dev/a /tmp ext4 noexec")}, "/tmp", []string{"fstab /dev/a noexec,auto,hidden"}},
		"drop-in for a line of fstab":     {map[string]memfs.File{etc + "tmp.mount.d/a.conf": {Data: "[Mount]\nOptions=nosuid\n"}, fstab: line("/dev/a /tmp ext4 noexec")}, "/tmp", []string{"fstab /dev/a nosuid,auto"}},
		"second line is refused":          {map[string]memfs.File{fstab: line("/dev/a /tmp ext4 noexec\n/dev/b /tmp ext4 nosuid")}, "/tmp", []string{"fstab /dev/a noexec,auto", "fstab /dev/b nosuid,auto,hidden"}},
		"second line after a noauto one":  {map[string]memfs.File{fstab: line("/dev/a /tmp ext4 noauto\n/dev/b /tmp ext4 nosuid")}, "/tmp", []string{"fstab /dev/a ", "fstab /dev/b nosuid,auto"}},
		"shared memory without fstab":     {nil, "/dev/shm", []string{"builtin tmpfs nodev,nosuid,auto"}},
		"shared memory with a line":       {map[string]memfs.File{fstab: line("tmpfs /dev/shm tmpfs defaults,noexec,nosuid")}, "/dev/shm", []string{"fstab tmpfs nosuid,noexec,auto"}},
		"root without a line":             {nil, "/", []string{"builtin p1 auto"}},
		"swap is no mount":                {map[string]memfs.File{fstab: line("/dev/a none swap sw\n/dev/b /swap swap sw")}, "/swap", nil},
		"noauto is not mounted":           {map[string]memfs.File{fstab: line("/dev/a /mnt ext4 noauto,nodev")}, "/mnt", []string{"fstab /dev/a nodev"}},
		"automount is mounted":            {map[string]memfs.File{fstab: line("/dev/a /mnt ext4 noauto,x-systemd.automount")}, "/mnt", []string{"fstab /dev/a auto,automount"}},
		"bind has the flags of its mount": {map[string]memfs.File{fstab: line("/dev/a /srv ext4 nosuid,ro\n/srv/x /mnt none bind")}, "/mnt", []string{"fstab /srv/x nosuid,ro,auto"}},
		"bind with flags of its own":      {map[string]memfs.File{fstab: line("/dev/a /srv ext4 nosuid,ro\n/srv/x /mnt none bind,noexec")}, "/mnt", []string{"fstab /srv/x noexec,auto"}},
		"octal escapes":                   {map[string]memfs.File{fstab: line(`/dev/a /mnt\040\011\134x ext4 ro`)}, "/mnt \t\\x", []string{"fstab /dev/a ro,auto"}},
		"commas in quotes":                {map[string]memfs.File{fstab: line(`/dev/a /mnt ext4 context="a:b,nosuid",ro`)}, "/mnt", []string{"fstab /dev/a ro,auto"}},
		"slash at the end":                {map[string]memfs.File{fstab: line("/dev/a /mnt// ext4 ro")}, "/mnt", []string{"fstab /dev/a ro,auto"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]memfs.File{}
			for _, m := range []map[string]memfs.File{systemd, c.files} {
				for path, f := range m {
					files[path] = f
				}
			}
			all, status := collectMounts(t, files)
			var got []string
			for _, m := range all {
				if m.Target == c.target {
					got = append(got, show(m))
				}
			}
			if !slices.Equal(got, c.want) || status.State != facts.OK {
				t.Errorf("got %q, want %q (%v)", got, c.want, status.Problems)
			}
		})
	}
}

func TestWithoutSystemdTheLaterLineIsOnTop(t *testing.T) {
	all, _ := collectMounts(t, factstest.Text(map[string]string{fstab: "/dev/a /tmp ext4 noexec 0 0\n/dev/b /tmp ext4 nosuid 0 0\n"}))
	if got := []string{show(all[0]), show(all[1])}; !slices.Equal(got, []string{"fstab /dev/a noexec,auto,hidden", "fstab /dev/b nosuid,auto"}) {
		t.Errorf("got %q", got)
	}
	if len(all) != 3 {
		t.Errorf("got %d mounts, want those of fstab and the root", len(all))
	}
}

func TestSecretsStayInTheGuest(t *testing.T) {
	all, _ := collectMounts(t, factstest.Text(map[string]string{fstab: "//nas/x /nas cifs username=u,password=hunter2,uid=0 0 0\n"}))
	if text := fmt.Sprintf("%+v %+v", all, all[0].Source); strings.Contains(text, "hunter2") {
		t.Error(text)
	}
}

func TestHostile(t *testing.T) {
	for name, f := range map[string]memfs.File{
		"one field":           {Data: "/dev/a\n"},
		"mount point no path": {Data: "/dev/a mnt ext4\n"},
		"line too long":       {Data: "/dev/a /" + strings.Repeat("x", maxLine) + " ext4\n"},
		"too many lines":      {Data: strings.Repeat("/dev/a /x ext4 ro 0 0\n", maxLines+1)},
		"not numbers":         {Data: "/dev/a /x ext4 ro a b\n"},
		"FIFO":                {Mode: filesys.ModeFIFO},
		"unreadable":          {Data: "x", Err: errors.New("sector 9")},
	} {
		_, status := collectMounts(t, map[string]memfs.File{fstab: f, "/etc/passwd": {}})
		if status.State != facts.Partial || !slices.ContainsFunc(status.Problems, func(p facts.Problem) bool { return p.Path == fstab }) {
			t.Errorf("%s: got %+v", name, status)
		}
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{"UUID=\"x\" /mnt\\040x ext4 user,exec,noauto 0 0", "a b swap", `a /b\8 c context="a,b`, "\xff \x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, ok, _ := parseLine(text)
		if ok && !strings.HasPrefix(m.Target, "/") {
			t.Errorf("target is %q", m.Target)
		}
		if name := unitName(m.Target); strings.ContainsAny(name, "/ ") {
			t.Errorf("unit is %q", name)
		}
	})
}
