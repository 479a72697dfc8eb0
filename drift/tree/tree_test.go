package tree

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// disk is a guest of packages and other files.
type disk map[string]memfs.File

// with returns the disk with a file more, or another one.
func (d disk) with(path string, f memfs.File) disk {
	c := maps.Clone(d)
	c[path] = f
	return c
}

func (d disk) text(path, data string) disk { return d.with(path, memfs.File{Data: data}) }

func (d disk) without(path string) disk {
	c := maps.Clone(d)
	delete(c, path)
	return c
}

// installed puts the files of a package on the disk, and what dpkg writes about them.
func (d disk) installed(name string, files map[string]memfs.File) disk {
	c := maps.Clone(d)
	var list, sums strings.Builder
	list.WriteString("/.\n")
	dirs := map[string]bool{}
	for _, p := range slices.Sorted(maps.Keys(files)) {
		f := files[p]
		for dir := path.Dir(p); dir != "/" && !dirs[dir]; dir = path.Dir(dir) {
			dirs[dir] = true
		}
		if f.Link == "" {
			fmt.Fprintf(&sums, "%x  %s\n", md5.Sum([]byte(f.Data)), p[1:])
		}
		c[p] = f
	}
	all := slices.Concat(slices.Collect(maps.Keys(dirs)), slices.Collect(maps.Keys(files)))
	slices.Sort(all)
	list.WriteString(strings.Join(all, "\n") + "\n")
	c["/var/lib/dpkg/info/"+name+".list"] = memfs.File{Data: list.String()}
	c["/var/lib/dpkg/info/"+name+".md5sums"] = memfs.File{Data: sums.String()}
	return c
}

func status(version string) string {
	return "Package: tool\nStatus: install ok installed\nVersion: " + version + "\n\n"
}

func plain(data string) memfs.File { return memfs.File{Data: data} }

func program(data string) memfs.File { return memfs.File{Data: data, Mode: 0o755} }

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// golden has one package, accounts and a skeleton.
func golden() disk {
	return disk{
		"/etc/passwd": plain("root:x:0:0\nana:x:1000:1000\n"), "/etc/shadow": plain("root:!:1\nana:!:1\n"), "/etc/passwd-": plain("root:x:0:0\n"),
		"/etc/skel/.profile": plain("PS1=x\n"), "/srv/data": plain("one"), "/etc/motd": plain("hello"), "/var/lib/dpkg/status": plain(status("1")),
		"/var/log/syslog": plain("a"), "/etc/ld.so.cache": plain("old"), "/usr/lib/python3/own.py": plain("own"),
		"/etc/systemd/system": memfs.Dir(),
	}.installed("tool", map[string]memfs.File{"/usr/bin/tool": program("v1"), "/usr/share/tool/data": plain("d1"), "/usr/share/tool/link": {Link: "data"}})
}

// upgraded is golden with the next version of its package.
func upgraded() disk {
	return golden().installed("tool", map[string]memfs.File{
		"/usr/bin/tool": program("v2!"), "/usr/share/tool/data": plain("d1"), "/usr/share/tool/new": plain("n"), "/usr/share/tool/link": {Link: "new"},
	})
}

var (
	one = map[string]string{"tool": "1"}
	two = map[string]string{"tool": "2"}
)

func compared(t *testing.T, before, after disk, opts Options) *Result {
	t.Helper()
	opts.Before.Guest, opts.After.Guest = factstest.Guest(t, before), factstest.Guest(t, after)
	opts.Before.Packages, opts.After.Packages = shipped.Load, shipped.Load
	if opts.Before.Versions == nil {
		opts.Before.Versions = one
	}
	if opts.After.Versions == nil {
		opts.After.Versions = one
	}
	opts.Now = epoch
	r, err := Compare(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var resized = regexp.MustCompile(`content: \d+ bytes, was \d+`)

func lines(r *Result) []string {
	all := []string{}
	for _, c := range r.Changes {
		for i := range c.What {
			c.What[i] = resized.ReplaceAllString(c.What[i], "content: resized")
		}
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s [%s] %s", c.Path, c.Kind, strings.Join(c.What, "; "), c.Class, c.By)))
	}
	for _, u := range r.Unread {
		all = append(all, u.Path+" unread "+u.Cause)
	}
	return all
}

// TestChangesAndTheirExplanations makes one change after the other, named for what it is.
func TestChangesAndTheirExplanations(t *testing.T) {
	evil := "a program\n"
	eve := Accounts{Homes: map[string]string{"eve": "/home/eve"}, Whole: map[string]bool{"eve": true}, Touched: map[string]bool{"eve": true}}
	newer := Options{After: Side{Versions: two}}
	for name, c := range map[string]struct {
		after disk
		opts  Options
		want  []string
	}{
		"nothing":                {golden(), Options{}, []string{}},
		"a file was added":       {golden().text("/srv/new", "x"), Options{}, []string{"/srv/new added  [unexplained]"}},
		"a file is gone":         {golden().without("/srv/data"), Options{}, []string{"/srv removed  [unexplained]", "/srv/data removed  [unexplained]"}},
		"other content":          {golden().text("/srv/data", "two"), Options{}, []string{"/srv/data corrupted content, with the size and times of before [unexplained]"}},
		"other content, later":   {golden().with("/srv/data", memfs.File{Data: "two", Modify: epoch}), Options{}, []string{"/srv/data changed content [unexplained]"}},
		"longer content":         {golden().text("/srv/data", "longer"), Options{}, []string{"/srv/data changed content: resized [unexplained]"}},
		"another mode":           {golden().with("/srv/data", memfs.File{Data: "one", Mode: 0o666}), Options{}, []string{"/srv/data changed mode 0666, was 0644 [unexplained]"}},
		"another owner":          {golden().with("/srv/data", memfs.File{Data: "one", UID: 7, GID: 8}), Options{}, []string{"/srv/data changed owner 7:8, was 0:0 [unexplained]"}},
		"another type":           {golden().with("/srv/data", memfs.File{Link: "/etc/shadow"}), Options{}, []string{"/srv/data changed symlink, was a file [unexplained]"}},
		"another target":         {golden().with("/usr/share/tool/link", memfs.File{Link: "/etc"}), Options{}, []string{"/usr/share/tool/link changed leads to /etc, to data before [unexplained]"}},
		"an attribute":           {golden().with("/usr/bin/tool", memfs.File{Data: "v1", Mode: 0o755, Xattrs: map[string][]byte{"security.capability": []byte("x")}}), Options{}, []string{"/usr/bin/tool changed attribute security.capability [unexplained]"}},
		"a flag":                 {golden().with("/srv/data", memfs.File{Data: "one", Flags: []string{"immutable"}}), Options{}, []string{`/srv/data changed flags "immutable", were "" [unexplained]`}},
		"a log":                  {golden().text("/var/log/syslog", "longer"), Options{}, []string{"/var/log/syslog changed content: resized [volatile]"}},
		"a program among logs":   {golden().with("/var/log/x", program(evil)), Options{}, []string{"/var/log/x added  [unexplained]"}},
		"a program in /tmp":      {golden().with("/tmp/x", program(evil)), Options{}, []string{"/tmp added  [volatile]", "/tmp/x added  [unexplained]"}},
		"what is ignored":        {golden().text("/etc/motd", "other!"), Options{Ignore: func(p string) bool { return p == "/etc/motd" }}, []string{"/etc/motd changed content: resized [ignored]"}},
		"a cache and no package": {golden().text("/etc/ld.so.cache", "other"), Options{}, []string{"/etc/ld.so.cache changed content: resized [unexplained]"}},
		"an upgrade": {
			upgraded().text("/var/lib/dpkg/status", status("2~")).text("/etc/ld.so.cache", "newer"), newer,
			[]string{
				"/etc/ld.so.cache changed content: resized [generated] scripts of packages",
				"/usr/bin/tool changed content: resized [package] tool 1→2",
				"/usr/share/tool/link changed leads to new, to data before [package] tool 1→2",
				"/usr/share/tool/new added  [package] tool 1→2",
				"/var/lib/dpkg/info/tool.list changed content: resized [generated] tool 1→2",
				"/var/lib/dpkg/info/tool.md5sums changed content: resized [generated] tool 1→2",
				"/var/lib/dpkg/status changed content: resized [generated] scripts of packages",
			},
		},
		"an upgrade that another file hides in": {
			upgraded().with("/usr/bin/tool", program(evil)), newer, []string{"/usr/bin/tool changed content: resized [unexplained]"},
		},
		"the same version with other digests": {
			upgraded(), Options{}, []string{
				"/usr/bin/tool changed content: resized [unexplained]", "/usr/share/tool/link changed leads to new, to data before [unexplained]",
				"/usr/share/tool/new added  [unexplained]", "/var/lib/dpkg/info/tool.list changed content: resized [unexplained]",
				"/var/lib/dpkg/info/tool.md5sums changed content: resized [unexplained]",
			},
		},
		"an upgrade that makes a program setuid": {
			upgraded().with("/usr/bin/tool", memfs.File{Data: "v2!", Mode: 0o4755}), newer, []string{"/usr/bin/tool changed content: resized; mode 4755, was 0755 [unexplained]"},
		},
		"the digests of another package": {
			upgraded().text("/var/lib/dpkg/info/other.md5sums", "x"), newer, []string{"/var/lib/dpkg/info/other.md5sums added  [unexplained]"},
		},
		"a link to a unit": {
			upgraded().with("/etc/systemd/system/multi-user.target.wants/t.service", memfs.File{Link: "/usr/share/tool/new"}), newer,
			[]string{
				"/etc/systemd/system/multi-user.target.wants added  [generated] scripts of packages",
				"/etc/systemd/system/multi-user.target.wants/t.service added  [generated] tool 1→2",
			},
		},
		"a link to what no package has": {
			upgraded().with("/etc/systemd/system/multi-user.target.wants/t.service", memfs.File{Link: "/srv/data"}), newer,
			[]string{
				"/etc/systemd/system/multi-user.target.wants added  [generated] scripts of packages",
				"/etc/systemd/system/multi-user.target.wants/t.service added  [unexplained]",
			},
		},
		"compiled without a source": {
			upgraded().text("/usr/lib/python3/__pycache__/own.cpython-311.pyc", "x"), newer,
			[]string{"/usr/lib/python3/__pycache__ added  [unexplained]", "/usr/lib/python3/__pycache__/own.cpython-311.pyc added  [unexplained]"},
		},
		"a new user": {
			golden().text("/etc/passwd", "root:x:0:0\nana:x:1000:1000\neve:x:1:1\n").text("/etc/shadow", "root:!:1\nana:!:1\neve:!:1\n").
				text("/etc/passwd-", "root:x:0:0\nana:x:1000:1000\n").with("/home/eve/.profile", memfs.File{Data: "PS1=x\n", UID: 1}).text("/var/mail/eve", ""),
			Options{Accounts: eve},
			[]string{
				"/etc/passwd changed content: resized [facts] accounts eve", "/etc/passwd- changed content: resized [facts] a copy of /etc/passwd as it was",
				"/etc/shadow changed content: resized [facts] accounts eve", "/home added  [unexplained]", "/home/eve added  [facts] the new user eve",
				"/home/eve/.profile added  [facts] the new user eve", "/var/mail added  [unexplained]", "/var/mail/eve added  [facts] the new user eve",
			},
		},
		"a copy with an account that never was": {
			golden().text("/etc/passwd-", "root:x:0:0\nmallory:x:0:0\n"), Options{}, []string{"/etc/passwd- changed content: resized [unexplained]"},
		},
		"a new user, and the password of another": {
			golden().text("/etc/shadow", "root:$6$x:1\nana:!:1\neve:!:1\n"),
			Options{Accounts: eve},
			[]string{"/etc/shadow changed content: resized [unexplained]"},
		},
		"another password of a user whose shell changed": {
			golden().text("/etc/shadow", "root:!:1\nana:$6:1\n"),
			Options{Accounts: Accounts{Touched: map[string]bool{"ana": true}}},
			[]string{"/etc/shadow changed content: resized [unexplained]"},
		},
		"a home with more than its skeleton": {
			golden().with("/home/eve/.profile", memfs.File{Data: "curl x|sh\n", UID: 1}),
			Options{Accounts: eve},
			[]string{"/home added  [unexplained]", "/home/eve added  [facts] the new user eve", "/home/eve/.profile added  [unexplained]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := lines(compared(t, golden(), c.after, c.opts))
			want := c.want
			if name != "an upgrade" && name != "the same version with other digests" && c.opts.After.Versions != nil {
				got = slices.DeleteFunc(got, func(s string) bool { return slices.Contains(upgradeLines(t), s) })
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// upgradeLines are what the upgrade alone comes to.
func upgradeLines(t *testing.T) []string {
	return lines(compared(t, golden(), upgraded(), Options{After: Side{Versions: two}}))
}

// TestRemovedWithItsPackage: what a package takes with it is explained, and what it leaves and somebody else removes is not.
func TestRemovedWithItsPackage(t *testing.T) {
	after := golden()
	for p := range golden() {
		if strings.Contains(p, "tool") {
			delete(after, p)
		}
	}
	got := lines(compared(t, golden(), after, Options{After: Side{Versions: map[string]string{}}}))
	for _, line := range got {
		if strings.Contains(line, "unexplained") {
			t.Error(line)
		}
	}
	if len(got) < 5 {
		t.Errorf("%v", got)
	}
	got = lines(compared(t, golden(), golden().without("/usr/bin/tool"), Options{}))
	if !slices.Contains(got, "/usr/bin/tool removed  [unexplained]") {
		t.Errorf("%v", got)
	}
}

// TestWhatCouldNotBeReadIsNoChange: below a directory that one side cannot list nothing is added or removed, and it is told.
func TestWhatCouldNotBeReadIsNoChange(t *testing.T) {
	bad := binread.Corrupt("bad block")
	dir := memfs.Dir()
	dir.Err = bad
	unlisted := golden().with("/srv", dir).without("/srv/data")
	for name, c := range map[string]struct{ before, after disk }{
		"a directory before": {unlisted, golden()}, "a directory now": {golden(), unlisted},
		"content": {golden(), golden().with("/srv/data", memfs.File{Data: "two", Err: bad})},
		"status":  {golden(), golden().with("/srv/data", memfs.File{Data: "two", StatErr: bad})},
	} {
		r := compared(t, c.before, c.after, Options{})
		if len(r.Changes) > 0 || len(r.Unread) != 1 || !strings.HasPrefix(r.Unread[0].Path, "/srv") {
			t.Errorf("%s: %v", name, lines(r))
		}
	}
}

// TestStampsOfARunningKernelAreBelieved: only a time with a fraction of a second is one, and who wants all is read all.
func TestStampsOfARunningKernelAreBelieved(t *testing.T) {
	stamp := func(node filesys.Node, at time.Time) guest.Object {
		return guest.Object{Stat: filesys.Stat{Node: node, Mode: filesys.ModeRegular | 0o644, Size: 1, Modify: epoch, Change: at}}
	}
	running := epoch.Add(7 * time.Nanosecond)
	for name, c := range map[string]struct {
		a, b guest.Object
		want bool
	}{
		"left alone":                  {stamp(7, running), stamp(7, running), true},
		"another inode":               {stamp(7, running), stamp(8, running), false},
		"changed later":               {stamp(7, running), stamp(7, running.Add(1)), false},
		"made in one go by a builder": {stamp(7, epoch), stamp(7, epoch), false},
	} {
		all := &comparison{Options: Options{ReadAll: true}, result: &Result{}}
		some := &comparison{result: &Result{}}
		if got := untouched(c.a, c.b); got != c.want || all.known(c.a, c.b) || c.want && !some.known(c.a, c.b) {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

// TestPathsAreInTheOrderOfAWalk: a directory comes before names that begin with its own.
func TestPathsAreInTheOrderOfAWalk(t *testing.T) {
	g := factstest.Guest(t, factstest.Text(map[string]string{"/a/b": "", "/a-b/c": "", "/a/b-/d": "", "/a.x": "", "/é/\xff": ""}))
	last := ""
	err := g.Walk(t.Context(), "/", func(o guest.Object, err error) error {
		if last != "" && comparePaths(last, o.Path) >= 0 {
			t.Errorf("%q before %q", last, o.Path)
		}
		last = o.Path
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g := factstest.Guest(t, golden())
	side := Side{Guest: g, Packages: shipped.Load}
	if _, err := Compare(ctx, Options{Before: side, After: side}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
