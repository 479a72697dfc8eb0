package packages

import (
	"crypto"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func verify(t *testing.T, g *guest.Guest, opts Options) *Result {
	t.Helper()
	index, err := shipped.Load(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	opts.Packages = index
	opts.Owners, _ = facts.OwnersOf(g)
	r, err := Verify(t.Context(), g, opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func hexMD5(content string) string {
	sum := md5.Sum([]byte(content))
	return hex.EncodeToString(sum[:])
}

const info = "/var/lib/dpkg/info/"

// tree is a guest with a package of some files, all of them as shipped.
func tree() map[string]memfs.File {
	return map[string]memfs.File{
		"/bin": {Link: "usr/bin"}, "/usr/bin/tool": {Data: "tool", Mode: 0o755}, "/usr/lib/libtool.so.1": {Data: "lib"},
		"/etc/tool.conf": {Data: "config"}, "/usr/lib/python3/dist-packages/tool.py": {Data: "py"},
		"/etc/passwd": {Data: "root:x:0:0::/:\n"}, "/etc/group": {Data: "root:x:0:\ntool:x:7:\n"},
		info + "tool.list": {Data: "/.\n/bin\n/bin/tool\n/etc\n/etc/tool.conf\n/usr\n/usr/lib\n/usr/lib/libtool.so.1\n" +
			"/usr/lib/python3/dist-packages/tool.py\n"},
		info + "tool.md5sums": {Data: hexMD5("tool") + "  bin/tool\n" + hexMD5("lib") + "  usr/lib/libtool.so.1\n" +
			hexMD5("py") + "  usr/lib/python3/dist-packages/tool.py\n"},
		"/var/lib/dpkg/status": {Data: "Package: tool\nStatus: install ok installed\nConffiles:\n /etc/tool.conf " + hexMD5("config") + "\n\n"},
	}
}

func TestDifferences(t *testing.T) {
	for _, c := range []struct {
		name    string
		planted map[string]memfs.File
		opts    Options
		want    []string // "path kind severity"
	}{
		{name: "nothing changed"},
		{name: "content", planted: map[string]memfs.File{"/usr/bin/tool": {Data: "loot", Mode: 0o755}}, want: []string{"/usr/bin/tool modified critical"}},
		{
			name: "content, ignored", planted: map[string]memfs.File{"/usr/bin/tool": {Data: "loot", Mode: 0o755}},
			opts: Options{Ignore: func(p string) bool { return p == "/usr/bin/tool" }},
		},
		{name: "configuration", planted: map[string]memfs.File{"/etc/tool.conf": {Data: "mine"}}, want: []string{"/etc/tool.conf config_changed low"}},
		{name: "configuration, allowed", planted: map[string]memfs.File{"/etc/tool.conf": {Data: "mine"}}, opts: Options{AllowConfig: true}},
		{name: "a link in place of a program", planted: map[string]memfs.File{"/usr/bin/tool": {Link: "/tmp/x"}}, want: []string{"/usr/bin/tool type critical"}},
		{name: "a directory in place of a library", planted: map[string]memfs.File{"/usr/lib/libtool.so.1": memfs.Dir()}, want: []string{"/usr/lib/libtool.so.1 type critical"}},
		{
			name: "mode of an override", planted: map[string]memfs.File{"/var/lib/dpkg/statoverride": {Data: "root root 4755 /bin/tool\n"}},
			want: []string{"/usr/bin/tool mode high"},
		},
		{
			name: "group of an override", planted: map[string]memfs.File{"/var/lib/dpkg/statoverride": {Data: "root tool 755 /usr/bin/tool\n"}},
			want: []string{"/usr/bin/tool owner high"},
		},
		{name: "override that holds", planted: map[string]memfs.File{"/var/lib/dpkg/statoverride": {Data: "root #0 755 /usr/bin/tool\n"}}},
		{
			name: "digest taken out", planted: map[string]memfs.File{info + "tool.md5sums": {Data: hexMD5("lib") + "  usr/lib/libtool.so.1\n"}},
			want: []string{"/usr/bin/tool no_digest medium", "/usr/lib/python3/dist-packages/tool.py no_digest medium"},
		},
		{name: "program of nobody", planted: map[string]memfs.File{"/usr/bin/other": {Mode: 0o755}, "/usr/bin/notes": {}}, want: []string{"/usr/bin/other unowned high"}},
		{name: "setuid program of nobody", planted: map[string]memfs.File{"/usr/bin/other": {Mode: 0o4755}}, want: []string{"/usr/bin/other unowned critical"}},
		{name: "library, module and units of nobody", planted: map[string]memfs.File{
			"/usr/lib/x.so": {}, "/usr/lib/modules/6.1/x.ko.xz": {}, "/usr/lib/modules/6.1/updates/dkms/y.ko": {}, "/etc/systemd/system/x.service": {},
			"/usr/lib/systemd/system/tool.service.d/x.conf": {}, "/usr/lib/modules/6.1/modules.dep": {},
		}, want: []string{
			"/etc/systemd/system/x.service unowned medium", "/usr/lib/modules/6.1/updates/dkms/y.ko unowned medium", "/usr/lib/modules/6.1/x.ko.xz unowned critical",
			"/usr/lib/systemd/system/tool.service.d/x.conf unowned high", "/usr/lib/x.so unowned high",
		}},
		{name: "links of alternatives, ldconfig and systemctl", planted: map[string]memfs.File{
			"/usr/bin/alias": {Link: "/etc/alternatives/alias"}, "/etc/alternatives/alias": {Link: "/usr/bin/tool"}, "/usr/lib/libtool.so": {Link: "libtool.so.1"},
			"/etc/systemd/system/masked.service": {Link: "/dev/null"}, "/usr/bin/dangling": {Link: "/nowhere"}, "/usr/bin/itself": {Link: "itself"},
		}},
		{name: "link to what nobody owns", planted: map[string]memfs.File{"/usr/bin/alias": {Link: "/srv/x"}, "/srv/x": {Mode: 0o755}}, want: []string{"/usr/bin/alias unowned high"}},
		{name: "compiled Python", planted: map[string]memfs.File{
			"/usr/lib/python3/dist-packages/__pycache__/tool.cpython-311.pyc": {}, "/usr/lib/python3/dist-packages/__pycache__/evil.cpython-311.pyc": {},
			"/usr/lib/python3/dist-packages/evil.pth": {},
		}, want: []string{
			"/usr/lib/python3/dist-packages/__pycache__/evil.cpython-311.pyc unowned high", "/usr/lib/python3/dist-packages/evil.pth unowned high",
		}},
		{
			name: "local programs", planted: map[string]memfs.File{"/usr/local/bin/mine": {Mode: 0o755}, "/opt/app/run": {Mode: 0o755}, "/opt/su": {Mode: 0o4755}},
			want: []string{"/opt/su unowned critical"},
		},
		{
			name: "local programs, told", planted: map[string]memfs.File{"/usr/local/bin/mine": {Mode: 0o755}, "/opt/app/run": {Mode: 0o755}}, opts: Options{Local: true},
			want: []string{"/opt/app/run unowned low", "/usr/local/bin/mine unowned low"},
		},
		{name: "a program in a home", planted: map[string]memfs.File{"/home/ana/x": {Mode: 0o755}}},
	} {
		files := tree()
		for path, f := range c.planted {
			files[path] = f
		}
		c.opts.Files, c.opts.Unowned = true, true
		r := verify(t, factstest.Guest(t, files), c.opts)
		var got []string
		for _, d := range r.Differences {
			got = append(got, d.Path+" "+string(d.Kind)+" "+string(d.Severity))
		}
		if d := cmp.Diff(c.want, got); d != "" || !r.Whole() {
			t.Errorf("%s: whole %t, unread %v (-want +got)\n%s", c.name, r.Whole(), r.Unread, d)
		}
	}
}

func TestMissing(t *testing.T) {
	files := tree()
	delete(files, "/usr/bin/tool")
	delete(files, "/etc/tool.conf")
	files["/usr/bin"] = memfs.Dir()
	r := verify(t, factstest.Guest(t, files), Options{Files: true})
	if len(r.Differences) != 2 || r.Differences[0].Kind != Missing || r.Differences[1].Kind != Missing || r.Differences[1].Path != "/usr/bin/tool" {
		t.Errorf("%+v", r.Differences)
	}
	if r = verify(t, factstest.Guest(t, files), Options{Files: true, AllowConfig: true}); len(r.Differences) != 1 || r.Stats.Config != 1 {
		t.Errorf("%+v", r.Differences)
	}
	files["/etc/dpkg/dpkg.cfg.d/slim"] = memfs.File{Data: "path-exclude=/bin/*\n"}
	if r = verify(t, factstest.Guest(t, files), Options{Files: true, AllowConfig: true}); len(r.Differences) != 0 || r.Stats.LeftOut != 1 {
		t.Errorf("%+v", r.Differences)
	}
}

// TestWhatCannotBeReadIsUnread damages one thing at a time: the result is not whole, and the damage is no difference.
func TestWhatCannotBeReadIsUnread(t *testing.T) {
	broken := errors.New("bad sector")
	for name, planted := range map[string]map[string]memfs.File{
		"a file":               {"/usr/bin/tool": {Data: "tool", Mode: 0o755, Err: broken}},
		"an inode":             {"/usr/bin/tool": {Data: "tool", Mode: 0o755, StatErr: broken}},
		"the digests":          {info + "tool.md5sums": {Data: "x", Err: broken}},
		"the list":             {info + "tool.list": {Data: "x", Err: broken}},
		"the status":           {"/var/lib/dpkg/status": {Data: "x", Err: broken}},
		"a volume of packages": {"/etc/fstab": {Data: "LABEL=none /usr/lib ext4 defaults 0 0\n"}},
	} {
		files := tree()
		for path, f := range planted {
			files[path] = f
		}
		r := verify(t, factstest.Guest(t, files), Options{Files: true, Unowned: true})
		if r.Whole() {
			t.Errorf("%s: whole, %s", name, r.Summary())
		}
		for _, d := range r.Differences {
			if d.Kind == Missing || d.Kind == Modified || d.Kind == Unowned {
				t.Errorf("%s: %s is %s", name, d.Path, d.Kind)
			}
		}
	}
	if r := verify(t, factstest.Guest(t, map[string]memfs.File{"/usr/bin/tool": {Mode: 0o755}}), Options{Files: true, Unowned: true}); r.Whole() || len(r.Differences) > 0 {
		t.Errorf("without a database: %s, %+v", r.Summary(), r.Differences)
	}
}

// TestDigestsOfAScanAreUsed gives a digest for a file whose content cannot be read.
func TestDigestsOfAScanAreUsed(t *testing.T) {
	files := tree()
	files["/usr/bin/tool"] = memfs.File{Data: "tool", Mode: 0o755, Err: errors.New("was read before")}
	sum := func(path string, h crypto.Hash) ([]byte, bool) {
		d := md5.Sum([]byte("tool"))
		return d[:], path == "/usr/bin/tool" && h == crypto.MD5
	}
	if r := verify(t, factstest.Guest(t, files), Options{Files: true, Sum: sum}); !r.Whole() || len(r.Differences) > 0 || r.Stats.Verified != 4 {
		t.Errorf("%s, unread %v", r.Summary(), r.Unread)
	}
}

func TestNotesSayWhatTheResultRestsOn(t *testing.T) {
	files := tree()
	files["/usr/local/bin/mine"] = memfs.File{Mode: 0o755}
	r := verify(t, factstest.Guest(t, files), Options{Files: true, Unowned: true})
	for _, want := range []string{"lies in the guest", "dpkg-statoverride", "below /usr/local and /opt"} {
		if !slices.ContainsFunc(r.Notes, func(n string) bool { return strings.Contains(n, want) }) {
			t.Errorf("no note has %q: %q", want, r.Notes)
		}
	}
}
