package sysctl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const systemdPath = "/usr/lib/systemd/systemd-sysctl"

func collectText(t *testing.T, files map[string]string) (*facts.Sysctl, facts.Status) {
	t.Helper()
	all := map[string]memfs.File{systemdPath: {}}
	for path, f := range factstest.Text(files) {
		all[path] = f
	}
	return factstest.Collect[facts.Sysctl](t, factstest.Guest(t, all), facts.Request{}, Collector)
}

// TestLikeTheRealPrograms compares with what systemd-sysctl and procps wrote for the same trees: see testdata/record.sh.
func TestLikeTheRealPrograms(t *testing.T) {
	trees, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(trees) < 3 {
		t.Fatal(trees, err)
	}
	for _, tree := range trees {
		for _, program := range []string{systemd, procps} {
			t.Run(filepath.Base(tree)+"/"+program, func(t *testing.T) {
				files := factstest.Tree(t, tree)
				if program == systemd {
					files[systemdPath] = memfs.File{}
				}
				got, status := factstest.Collect[facts.Sysctl](t, factstest.Guest(t, files), facts.Request{}, Collector)
				if status.State != facts.OK || got.Loader != program {
					t.Fatalf("%s read for %s: %v", status.State, got.Loader, status.Problems)
				}
				compareWithRecord(t, got, strings.TrimSuffix(tree, ".txtar")+"."+program)
			})
		}
	}
}

func compareWithRecord(t *testing.T, got *facts.Sysctl, record string) {
	t.Helper()
	b, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		key, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if key == "fs/x" && got.Loader == procps {
			continue // procps reads hidden files too
		}
		value := ""
		if v := got.Find(dotted(key)); v != nil {
			value = v.Value
		}
		if value != want {
			t.Errorf("%s is %q, want %q", key, value, want)
		}
	}
}

func TestProvenance(t *testing.T) {
	got, _ := collectText(t, map[string]string{
		"/usr/lib/sysctl.d/10.conf": "kernel.a = 1\n",
		"/etc/sysctl.d/20.conf":     "# c\nkernel/a=2\nkernel.a = 3\n",
	})
	want := facts.Value[string]{
		Value: "3", Explicit: true, Source: &facts.Source{Path: "/etc/sysctl.d/20.conf", Line: 3, Text: "kernel.a = 3"},
		Shadowed: []facts.Shadow[string]{
			{Source: facts.Source{Path: "/usr/lib/sysctl.d/10.conf", Line: 1, Text: "kernel.a = 1"}, Value: "1"},
			{Source: facts.Source{Path: "/etc/sysctl.d/20.conf", Line: 2, Text: "kernel/a=2"}, Value: "2"},
		},
	}
	if diff := cmp.Diff(want, got.Effective["kernel.a"]); diff != "" {
		t.Errorf("kernel.a (-want +got):\n%s", diff)
	}
}

func TestTraps(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		key   string
		want  string // "" for not set
		state facts.State
	}{
		"sysctl.conf without the link does not count": {
			map[string]string{"/etc/sysctl.conf": "kernel.a = 1\n"}, "kernel.a", "", facts.OK,
		},
		"ufw comes last when it is on": {
			map[string]string{
				"/etc/sysctl.d/z.conf": "net/ipv4/conf/all/rp_filter = 0\n", "/etc/ufw/ufw.conf": "ENABLED=yes\n",
				"/etc/default/ufw": "IPT_SYSCTL=/etc/ufw/sysctl.conf\n", "/etc/ufw/sysctl.conf": "net/ipv4/conf/all/rp_filter=1\n",
			}, "net.ipv4.conf.all.rp_filter", "1", facts.OK,
		},
		"ufw that is off does not count": {
			map[string]string{
				"/etc/sysctl.d/z.conf": "net/ipv4/conf/all/rp_filter = 0\n", "/etc/ufw/ufw.conf": "ENABLED=no\n",
				"/etc/default/ufw": "IPT_SYSCTL=/etc/ufw/sysctl.conf\n", "/etc/ufw/sysctl.conf": "net/ipv4/conf/all/rp_filter=1\n",
			}, "net.ipv4.conf.all.rp_filter", "0", facts.OK,
		},
		"ip_forward switches forwarding of all on": {
			map[string]string{"/etc/sysctl.d/a.conf": "net.ipv4.ip_forward = 1\n"}, forwarding, "1", facts.OK,
		},
		"forwarding of all is ip_forward, and the later one counts": {
			map[string]string{"/etc/sysctl.d/a.conf": "net.ipv4.conf.all.forwarding = 1\nnet.ipv4.ip_forward = 0\n"}, forwarding, "0", facts.OK,
		},
		"forwarding switches accept_redirects off": {
			map[string]string{"/etc/sysctl.d/a.conf": "net.ipv4.conf.all.accept_redirects = 1\nnet.ipv4.ip_forward = 1\n"},
			"net.ipv4.conf.all.accept_redirects", "0", facts.OK,
		},
		"accept_redirects behind forwarding counts": {
			map[string]string{"/etc/sysctl.d/a.conf": "net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.accept_redirects = 1\n"},
			"net.ipv4.conf.all.accept_redirects", "1", facts.OK,
		},
		"forwarding that stays off changes nothing": {
			map[string]string{"/etc/sysctl.d/a.conf": "net.ipv4.ip_forward = 0\n"}, "net.ipv4.conf.all.accept_redirects", "", facts.OK,
		},
		"forwarding of IPv6 goes to default": {
			map[string]string{"/etc/sysctl.d/a.conf": "net.ipv6.conf.all.forwarding = 1\n"}, "net.ipv6.conf.default.forwarding", "1", facts.OK,
		},
		"a secret stays in the guest": {
			map[string]string{"/etc/sysctl.d/a.conf": "net.ipv6.conf.default.stable_secret = 2001::1\n"},
			"net.ipv6.conf.default.stable_secret", "(secret)", facts.OK,
		},
		"no file at all":       {nil, "kernel.a", "", facts.Absent},
		"not UTF-8":            {map[string]string{"/etc/sysctl.d/a.conf": "kernel.a = \xff\x00\n"}, "kernel.a", "\xff\x00", facts.OK},
		"a line of a megabyte": {map[string]string{"/etc/sysctl.d/a.conf": "kernel.a = 1\n" + strings.Repeat("x", maxLine+1)}, "kernel.a", "1", facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectText(t, c.files)
			if status.State != c.state {
				t.Fatalf("state is %s (%v), want %s", status.State, status.Problems, c.state)
			}
			value := ""
			if got != nil && got.Find(c.key) != nil {
				value = got.Find(c.key).Value
			}
			if value != c.want {
				t.Errorf("%s is %q, want %q", c.key, value, c.want)
			}
			if s := fmt.Sprint(got); strings.Contains(s, "2001::") {
				t.Errorf("the secret is in the facts: %s", s)
			}
		})
	}
}

func TestProcpsIsToldApart(t *testing.T) {
	got, _ := collectText(t, map[string]string{"/etc/sysctl.conf": "kernel.a = 1\nkernel.b = 2\n", "/etc/sysctl.d/a.conf": "kernel.a = 3\nkernel.b = 2\nnonsense\n"})
	if v := got.Procps["kernel.a"]; v.Value != "1" || len(got.Procps) != 1 {
		t.Errorf("sysctl --system sets %v, want kernel.a = 1 alone", got.Procps)
	}
	if diff := cmp.Diff([]string{"/etc/sysctl.conf"}, got.Unread); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
	want := []facts.Ignored{{Source: facts.Source{Path: "/etc/sysctl.d/a.conf", Line: 3, Text: "nonsense"}, Reason: "is no assignment"}}
	if diff := cmp.Diff(want, got.Ignored); diff != "" {
		t.Errorf("ignored (-want +got):\n%s", diff)
	}
}

func TestMaskedFilesAreTold(t *testing.T) {
	got, _ := factstest.Collect[facts.Sysctl](t, factstest.Guest(t, factstest.Tree(t, "testdata/traps.txtar")), facts.Request{}, Collector)
	want := facts.MaskedFile{Path: "/usr/lib/sysctl.d/30-same.conf", By: "/etc/sysctl.d/30-same.conf"}
	found := false
	for _, m := range got.Masked {
		found = found || m == want
	}
	if !found {
		t.Errorf("%v is not in %v", want, got.Masked)
	}
}

// TestNothingIsAppliedWhenTheUnitIsMasked: sysctl --system by hand would still set what the files say, and ufw does set its own.
func TestNothingIsAppliedWhenTheUnitIsMasked(t *testing.T) {
	for name, c := range map[string]struct {
		mask   memfs.File
		loader string
	}{
		"link to /dev/null":          {memfs.File{Link: "/dev/null"}, ""},
		"relative link to /dev/null": {memfs.File{Link: "../../../dev/null"}, ""},
		"empty file":                 {memfs.File{}, ""},
		"a unit of its own":          {memfs.File{Data: "[Service]\n"}, systemd},
		"link to another unit":       {memfs.File{Link: "/usr/lib/systemd/system/other.service"}, systemd},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.Sysctl](t, factstest.Guest(t, map[string]memfs.File{
				systemdPath: {}, "/etc/systemd/system/" + unit: c.mask, "/etc/sysctl.d/a.conf": {Data: "kernel.a = 1\n"},
				"/etc/ufw/ufw.conf": {Data: "ENABLED=yes\n"}, "/etc/default/ufw": {Data: "IPT_SYSCTL=/etc/ufw/sysctl.conf\n"},
				"/etc/ufw/sysctl.conf": {Data: "kernel/b=2\n"},
			}), facts.Request{}, Collector)
			if status.State != facts.OK || got.Loader != c.loader {
				t.Fatalf("%s %v, loader %q, want ok and %q", status.State, status.Problems, got.Loader, c.loader)
			}
			if got.Effective["kernel.b"].Value != "2" {
				t.Error("what ufw sets is missing")
			}
			if c.loader != "" {
				if got.Effective["kernel.a"].Value != "1" || len(got.Masked) != 0 {
					t.Errorf("got %v and masked %v, want kernel.a = 1", got.Effective, got.Masked)
				}
				return
			}
			if _, set := got.Effective["kernel.a"]; set || got.Procps["kernel.a"].Value != "1" {
				t.Errorf("boot sets %v, sysctl --system %v, want kernel.a of the latter alone", got.Effective, got.Procps)
			}
			want := []facts.MaskedFile{{Path: "/usr/lib/systemd/system/" + unit, By: "/etc/systemd/system/" + unit}}
			if diff := cmp.Diff(want, got.Masked); diff != "" {
				t.Errorf("masked (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"/etc/sysctl.d/a.conf"}, got.Unread); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHostile(t *testing.T) {
	many := map[string]memfs.File{}
	for i := range maxFiles + 1 {
		many[fmt.Sprintf("/etc/sysctl.d/%d.conf", i)] = memfs.File{Data: "kernel.a = 1\n"}
	}
	for name, files := range map[string]map[string]memfs.File{
		"a FIFO in place of a file":      {"/etc/sysctl.d/a.conf": {Mode: filesys.ModeFIFO | 0o644}},
		"a device in place of a file":    {"/etc/sysctl.d/a.conf": {Mode: filesys.ModeChar | 0o644}},
		"a link to itself":               {"/etc/sysctl.d/a.conf": {Link: "a.conf"}},
		"a file that cannot be read":     {"/etc/sysctl.d/a.conf": {Data: "x", Err: errors.New("sector 9")}},
		"sysctl.d is a file":             {"/etc/sysctl.d": {Data: "x"}, "/etc/sysctl.conf": {Data: "x", Err: errors.New("sector 9")}},
		"more files than anyone has":     many,
		"more parameters than there are": {"/etc/sysctl.d/a.conf": {Data: manyKeys()}},
	} {
		t.Run(name, func(t *testing.T) {
			_, status := factstest.Collect[facts.Sysctl](t, factstest.Guest(t, files), facts.Request{}, Collector)
			if status.State == facts.OK || status.State == facts.Absent || len(status.Problems) > maxLosses+1 {
				t.Errorf("state is %s with %d problems, want partial or error", status.State, len(status.Problems))
			}
		})
	}
}

func manyKeys() string {
	var b strings.Builder
	for i := range maxKeys + maxLosses + 10 {
		fmt.Fprintf(&b, "k.%d=1\n", i)
	}
	return b.String()
}

func FuzzSysctl(f *testing.F) {
	f.Add("kernel.a = 1\n-net.ipv4.conf.all.x\nnet.ipv4.conf.*.x = 2\n; c\n")
	f.Add("net.ipv4.ip_forward=1\nnet/ipv4/conf/eth0.1/rp_filter = 1\n")
	f.Add("a/./../b=\n=\n-\n[[=1\n")
	f.Fuzz(func(t *testing.T, text string) {
		g := factstest.Guest(t, factstest.Text(map[string]string{"/etc/sysctl.d/a.conf": text}))
		got, status := factstest.Collect[facts.Sysctl](t, g, facts.Request{}, Collector)
		if got == nil {
			t.Fatalf("nothing: %v", status)
		}
		for key := range got.Effective {
			if strings.HasPrefix(key, ".") || got.Find(key) == nil {
				t.Errorf("key %q", key)
			}
		}
	})
}
