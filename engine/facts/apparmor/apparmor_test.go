package apparmor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// TestNamesLikeApparmorParser compares with apparmor_parser -N: see testdata/record.sh.
func TestNamesLikeApparmorParser(t *testing.T) {
	text, err := os.ReadFile("testdata/traps")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/traps.names")
	if err != nil {
		t.Fatal(err)
	}
	all, err := parse("traps", string(text))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	modes := map[string]string{}
	for _, f := range all {
		names = append(names, f.profile.Name)
		modes[f.profile.Name] = f.profile.Mode
	}
	slices.Sort(names)
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(want)), "\n"), names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{
		"/usr/sbin/plain": "enforce", "named": "complain", "named//child": "complain", "quoted name": "unconfined", "split": "enforce",
		"/usr/bin/old": "complain", "tight": "complain", "glob": "enforce",
	} {
		if modes[name] != want {
			t.Errorf("%s is in mode %q, want %q", name, modes[name], want)
		}
	}
}

const (
	profile = "/etc/apparmor.d/usr.bin.x"
	text    = "/usr/bin/x {\n  include if exists <local/usr.bin.x>\n  / r,\n}\n"
)

func collectWith(t testing.TB, files map[string]memfs.File, args, config, starts string) (*facts.AppArmor, facts.Status) {
	t.Helper()
	boot := facts.New("boot", "", func(context.Context, *facts.Scope) (*facts.Boot, error) {
		e := facts.BootEntry{Kernel: "/boot/vmlinuz-6.1", Source: facts.Source{Path: "/boot/grub/grub.cfg", Line: 7}}
		for _, a := range strings.Fields(args) {
			key, value, _ := strings.Cut(a, "=")
			e.Args = append(e.Args, facts.BootArg{Key: key, Value: value})
		}
		b := &facts.Boot{Loader: "grub2", Entries: []facts.BootEntry{e}}
		if args == "undecided" {
			b.Default = -1
		}
		return b, nil
	})
	kernel := facts.New("kernel", "", func(context.Context, *facts.Scope) (*facts.Kernels, error) {
		k := facts.Kernel{Release: "6.1", ConfigPath: "/boot/config-6.1"}
		for _, o := range strings.Fields(config) {
			name, value, _ := strings.Cut(o, "=")
			if k.Config == nil {
				k.Config = map[string]string{}
			}
			k.Config["CONFIG_"+name] = value
		}
		return &facts.Kernels{Installed: []facts.Kernel{k}}, nil
	})
	units := facts.New("units", "", func(context.Context, *facts.Scope) (*facts.Units, error) {
		return &facts.Units{"apparmor.service": {Starts: starts, Source: &facts.Source{Path: "/usr/lib/systemd/system/apparmor.service"}}}, nil
	})
	return factstest.Collect[facts.AppArmor](t, factstest.Guest(t, files), facts.Request{}, boot, kernel, units, Collector)
}

func TestMode(t *testing.T) {
	const debian = "SECURITY_APPARMOR=y SECURITY_SELINUX=y LSM=landlock,apparmor,selinux,bpf"
	const red = "SECURITY_APPARMOR=y SECURITY_SELINUX=y LSM=landlock,selinux,apparmor,bpf"
	installed := map[string]memfs.File{"/usr/sbin/apparmor_parser": {}, profile: {Data: text}}
	for name, c := range map[string]struct {
		files                map[string]memfs.File
		args, config, starts string
		want                 string
		state                facts.State
	}{
		"Debian":                                {installed, "quiet", debian, "boot", enabled, facts.OK},
		"no configuration of the kernel":        {installed, "quiet", "", "boot", enabled, facts.OK},
		"told apparmor=0":                       {installed, "apparmor=0", debian, "boot", disabled, facts.OK},
		"the last argument wins":                {installed, "apparmor=0 apparmor=1", debian, "boot", enabled, facts.OK},
		"told security=selinux":                 {installed, "security=selinux", debian, "boot", disabled, facts.OK},
		"told security=apparmor":                {installed, "security=apparmor", red, "boot", enabled, facts.OK},
		"lsm= without it":                       {installed, "lsm=landlock,yama", debian, "boot", disabled, facts.OK},
		"lsm= beside security=":                 {installed, "lsm=apparmor security=selinux", debian, "boot", enabled, facts.OK},
		"SELinux goes before it":                {installed, "quiet", red, "boot", disabled, facts.OK},
		"SELinux before it is off":              {installed, "selinux=0", red, "boot", enabled, facts.OK},
		"built without it":                      {installed, "quiet", "SECURITY_SELINUX=y", "boot", disabled, facts.OK},
		"unit is not started":                   {installed, "quiet", debian, "", disabled, facts.OK},
		"profiles and no parser":                {map[string]memfs.File{profile: {Data: text}}, "quiet", debian, "boot", absent, facts.OK},
		"nothing of it":                         {nil, "quiet", debian, "", absent, facts.OK},
		"arguments of the kernel are not known": {installed, "undecided", debian, "boot", enabled, facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectWith(t, c.files, c.args, c.config, c.starts)
			if got == nil || got.Mode.Value != c.want || status.State != c.state {
				t.Errorf("got %+v, %v; want %s, %s", got, status, c.want, c.state)
			}
		})
	}
}

func TestProfiles(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  string
		from  string
	}{
		"flags decide":                          {map[string]memfs.File{profile: {Data: "/usr/bin/x flags=(complain) {\n}\n"}}, "complain", profile},
		"disable beats the flags":               {map[string]memfs.File{profile: {Data: text}, "/etc/apparmor.d/disable/usr.bin.x": {Link: profile}}, "disabled", "/etc/apparmor.d/disable/usr.bin.x"},
		"a dangling link in disable is nothing": {map[string]memfs.File{profile: {Data: text}, "/etc/apparmor.d/disable/usr.bin.x": {Link: "nowhere"}}, "enforce", profile},
		"force-complain":                        {map[string]memfs.File{profile: {Data: text}, "/etc/apparmor.d/force-complain/usr.bin.x": {Link: profile}}, "complain", "/etc/apparmor.d/force-complain/usr.bin.x"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectWith(t, c.files, "", "", "boot")
			if status.State != facts.OK || len(got.Profiles) != 1 || got.Profiles[0].Mode != c.want || got.Profiles[0].Source.Path != c.from {
				t.Errorf("%v, %+v, want %s from %s", status, got.Profiles, c.want, c.from)
			}
		})
	}
}

func TestLocalAdditionsAreTold(t *testing.T) {
	for text, want := range map[string]string{"# nothing\n\n": "[]", "/x rw,\n": "[/etc/apparmor.d/local/usr.bin.x]"} {
		got, _ := collectWith(t, factstest.Text(map[string]string{profile: "/usr/bin/x {\n #include <local/usr.bin.x>\n}\n", "/etc/apparmor.d/local/usr.bin.x": text}), "", "", "boot")
		if s := fmt.Sprint(got.Profiles[0].Local); s != want {
			t.Errorf("local files are %s, want %s", s, want)
		}
	}
}

func TestFilesThatAreNotLoaded(t *testing.T) {
	files := map[string]memfs.File{}
	for _, name := range []string{".x", "README", "x.dpkg-old", "x~", "abstractions/base", "tunables/x", "cache.d"} {
		files["/etc/apparmor.d/"+name] = memfs.File{Data: text}
	}
	files["/etc/apparmor.d/cache.d"] = memfs.File{Link: "abstractions"}
	if got, status := collectWith(t, files, "", "", "boot"); len(got.Profiles) != 0 || status.State != facts.OK {
		t.Errorf("%v, %+v", status, got.Profiles)
	}
}

func TestHostile(t *testing.T) {
	for name, f := range map[string]memfs.File{
		"a FIFO":                {Mode: filesys.ModeFIFO | 0o644},
		"a link to itself":      {Link: "usr.bin.x"},
		"cannot be read":        {Data: "x", Err: errors.New("sector 9")},
		"blocks without an end": {Data: strings.Repeat("x {\n", maxNesting+1)},
		"an end too many":       {Data: "}\n"},
		"an open block":         {Data: "profile x {\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, status := collectWith(t, map[string]memfs.File{profile: f}, "", "", "boot"); status.State != facts.Partial {
				t.Errorf("state is %s, want partial", status.State)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	b, err := os.ReadFile("testdata/traps")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(b))
	f.Add("profile x flags=(a, {\n}\n\"\x00 {")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parse("x", text)
		for _, one := range all {
			if err == nil && one.profile.Source.Line == 0 {
				t.Errorf("%+v has no line", one)
			}
		}
	})
}
