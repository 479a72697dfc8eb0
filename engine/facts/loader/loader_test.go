package loader

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/groups"
	"github.com/guestctl/guestctl/engine/facts/logindefs"
	"github.com/guestctl/guestctl/engine/facts/nsswitch"
	"github.com/guestctl/guestctl/engine/facts/osrelease"
	"github.com/guestctl/guestctl/engine/facts/shells"
	"github.com/guestctl/guestctl/engine/facts/units"
	"github.com/guestctl/guestctl/engine/facts/users"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectIn(t testing.TB, files map[string]memfs.File) (*facts.Loader, facts.Status) {
	t.Helper()
	all := map[string]memfs.File{
		"/etc/passwd": {Data: "root:x:0:0::/root:/bin/sh\nbob:x:1000:1000::/home/bob:/bin/sh\n"}, "/etc/shadow": {}, "/etc/group": {Data: "root:x:0:\nbob:x:1000:\n"},
		"/root": memfs.Dir(), "/home/bob": memfs.Dir(), "/etc/login.defs": {}, "/etc/shells": {Data: "/bin/sh\n"}, "/etc/gshadow": {}, "/etc/nsswitch.conf": {Data: "passwd: files\n"},
		"/usr/lib/systemd/system/default.target": {},
	}
	for path, f := range files {
		all[path] = f
	}
	return factstest.Collect[facts.Loader](t, factstest.Guest(t, all), facts.Request{},
		osrelease.Collector, nsswitch.Collector, shells.Collector, logindefs.Collector, groups.Collector, units.Collector, users.Collector, Collector)
}

// TestPreload: what do_preload in glibc's elf/rtld.c takes out of the file.
func TestPreload(t *testing.T) {
	for text, want := range map[string]string{
		"/lib/a.so\n":                        "1 /lib/a.so",
		"/lib/a.so /lib/b.so:/lib/c.so\td\n": "1 /lib/a.so;1 /lib/b.so;1 /lib/c.so;1 d",
		"\n  /lib/a.so":                      "2 /lib/a.so",
		"# /lib/a.so\n/lib/b.so # c\n":       "2 /lib/b.so",
		"":                                   "",
		" \n\n":                              "",
		"/lib/$LIB/a.so\r\n":                 "1 /lib/$LIB/a.so",
	} {
		t.Run(text, func(t *testing.T) {
			got, status := collectIn(t, map[string]memfs.File{"/etc/ld.so.preload": {Data: text}})
			var all []string
			for _, l := range got.Preload {
				all = append(all, fmt.Sprintf("%d %s", l.Source.Line, l.Library))
			}
			if d := cmp.Diff(want, strings.Join(all, ";")); d != "" || status.State != facts.OK {
				t.Errorf("%s %v\n%s", status.State, status.Problems, d)
			}
		})
	}
}

func TestWhoseLibraryItIs(t *testing.T) {
	files := map[string]memfs.File{
		"/etc/fstab": {Data: "LABEL=far /far ext4 defaults 0 2\n"}, "/far": memfs.Dir(),
		"/etc/ld.so.preload": {Data: "/usr/lib/a.so /usr/lib/b.so /usr/lib/gone.so /far/c.so d.so\n"}, "/usr/lib/a.so": {Mode: 0o755}, "/usr/lib/b.so": {UID: 7},
		"/var/lib/dpkg/status":      {Data: "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n"},
		"/var/lib/dpkg/info/a.list": {Data: "/usr/lib/a.so\n"},
	}
	got, _ := collectIn(t, files)
	var all []string
	for _, l := range got.Preload {
		exists, pkg := "?", "?"
		if l.Exists != nil {
			exists = strconv.FormatBool(*l.Exists)
		}
		if l.Package != nil {
			pkg = fmt.Sprintf("%q", *l.Package)
		}
		all = append(all, fmt.Sprintf("%s %s %s %s %d", l.Library, exists, pkg, l.Mode, l.UID))
	}
	want := []string{`/usr/lib/a.so true "a" 0755 0`, `/usr/lib/b.so true "" 0644 7`, `/usr/lib/gone.so false ""  0`, "/far/c.so ? ?  0", "d.so ? ?  0"}
	if d := cmp.Diff(want, all); d != "" {
		t.Error(d)
	}
}

func TestVariables(t *testing.T) {
	const unit = "/etc/systemd/system/a.service"
	for name, c := range map[string]struct{ path, text, want string }{
		"environment":         {"/etc/environment", "A=b\nLD_PRELOAD=\"/x.so\"\n", "LD_PRELOAD /x.so session  2"},
		"with export":         {"/etc/environment", "export LD_AUDIT='/x.so' # y\n", "LD_AUDIT /x.so session  1"},
		"in a comment":        {"/etc/environment", "#LD_PRELOAD=/x.so\n # LD_PRELOAD=/x.so\n", ""},
		"empty":               {"/etc/environment", "LD_PRELOAD=\nLD_PRELOAD=\"\"\n", ""},
		"another name":        {"/etc/environment", "OLD_PRELOAD=/x\nLD_PRELOADS=/x\nLD_BIND_NOW=1\n", ""},
		"environment.d":       {"/etc/environment.d/a.conf", "LD_LIBRARY_PATH=/x\n", "LD_LIBRARY_PATH /x session  1"},
		"of a user":           {"/home/bob/.config/environment.d/a.conf", "LD_PRELOAD=/x\n", "LD_PRELOAD /x session bob 1"},
		"pam_env":             {"/etc/security/pam_env.conf", "LD_PRELOAD DEFAULT=/x OVERRIDE=\"/y\"\nLD_PRELOAD\n", "LD_PRELOAD /x pam_env  1;LD_PRELOAD /y pam_env  1"},
		"pam_env of a user":   {"/home/bob/.pam_environment", "LD_PRELOAD=/x\n", "LD_PRELOAD /x pam_env bob 1"},
		"ssh":                 {"/root/.ssh/environment", "LD_PRELOAD=/x\n", "LD_PRELOAD /x ssh root 1"},
		"profile.d":           {"/etc/profile.d/a.sh", "LD_PRELOAD=/x; export LD_PRELOAD\n", "LD_PRELOAD /x shell  1"},
		"bash of a user":      {"/home/bob/.bashrc", "if true; then\n  export A=1 LD_PRELOAD='/x y'\nfi\n", "LD_PRELOAD /x y shell bob 2"},
		"before a command":    {"/etc/profile", "LD_PRELOAD=/x LD_AUDIT=/y ls\n", "LD_PRELOAD /x shell  1;LD_AUDIT /y shell  1"},
		"by env":              {"/etc/profile", "env -u A LD_PRELOAD=/x ls\n", ""},
		"by env alone":        {"/etc/profile", "env LD_PRELOAD=/x ls\n", "LD_PRELOAD /x shell  1"},
		"csh":                 {"/etc/csh.cshrc", "setenv LD_PRELOAD /x\n", "LD_PRELOAD /x shell  1"},
		"said, not done":      {"/etc/profile", "echo LD_PRELOAD=/x\necho 'LD_PRELOAD=/x'\nunset LD_PRELOAD\n", ""},
		"unit":                {unit, "[Service]\nEnvironment=A=b \"LD_PRELOAD=/x /y\"\n", "LD_PRELOAD /x /y unit a.service 2"},
		"unit, taken back":    {unit, "[Service]\nEnvironment=LD_PRELOAD=/x\nEnvironment=\n", ""},
		"unit, not a service": {unit, "[Install]\nEnvironment=LD_PRELOAD=/x\n", ""},
		"file of a unit":      {unit, "[Service]\nEnvironmentFile=-/etc/default/*\n", "LD_PRELOAD /x.so unit file a.service 3"},
		"systemd's manager":   {"/etc/systemd/system.conf", "[Manager]\n#DefaultEnvironment=\nDefaultEnvironment=\"A=b\" \"LD_PRELOAD=/x\"\n", "LD_PRELOAD /x systemd  3"},
		"manager of users":    {"/etc/systemd/user.conf.d/a.conf", "[Manager]\nManagerEnvironment=LD_PRELOAD=/x\n", "LD_PRELOAD /x systemd  2"},
		"a home of nobody":    {"/home/eve/.bashrc", "export LD_PRELOAD=/x\n", ""},
		"a file nobody reads": {"/etc/motd", "LD_PRELOAD=/x\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, map[string]memfs.File{c.path: {Data: c.text}, "/etc/default/a": {Data: "A=b\n\nLD_PRELOAD=/x.so\n"}})
			var all []string
			for _, v := range got.Variables {
				all = append(all, fmt.Sprintf("%s %s %s %s %d", v.Name, v.Value, v.Place, v.Of, v.Source.Line))
			}
			if d := cmp.Diff(c.want, strings.Join(all, ";")); d != "" || status.State != facts.OK {
				t.Errorf("%s %v\n%s", status.State, status.Problems, d)
			}
		})
	}
}

func TestHomesThatAreNotThereAreNamed(t *testing.T) {
	got, status := collectIn(t, map[string]memfs.File{"/etc/fstab": {Data: "LABEL=home /home ext4 defaults 0 2\n"}})
	if d := cmp.Diff([]string{"/home/bob"}, got.UnreadHomes); d != "" {
		t.Errorf("%s: %s", status.State, d)
	}
}

func TestSecretsBesideAVariableStayInTheGuest(t *testing.T) {
	got, _ := collectIn(t, map[string]memfs.File{"/etc/profile": {Data: "export API_TOKEN=hunter2 LD_PRELOAD=/x\n"}})
	if len(got.Variables) != 1 || strings.Contains(got.Variables[0].Source.Text, "hunter2") {
		t.Errorf("%+v", got.Variables)
	}
}

func TestWhatCannotBeReadIsAProblem(t *testing.T) {
	bad := errors.New("sector 9 cannot be read")
	for name, files := range map[string]map[string]memfs.File{
		"ld.so.preload":      {"/etc/ld.so.preload": {Data: "x", Err: bad}},
		"a library":          {"/etc/ld.so.preload": {Data: "/x"}, "/x": {StatErr: bad}},
		"a library in loop":  {"/etc/ld.so.preload": {Data: "/x"}, "/x": {Link: "x"}},
		"too many libraries": {"/etc/ld.so.preload": {Data: strings.Repeat("a ", maxPreload+9)}},
		"a start-up file":    {"/home/bob/.bashrc": {Data: "x", Err: bad}},
		"profile.d":          {"/etc/profile.d": {Mode: memfs.Dir().Mode, Err: bad}},
		"too many variables": {"/etc/environment": {Data: strings.Repeat("LD_PRELOAD=a\n", maxVariables+9)}},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, files)
			if status.State != facts.Partial || len(got.Preload) > maxPreload || len(got.Variables) > maxVariables {
				t.Errorf("%s with %d libraries and %d variables", status.State, len(got.Preload), len(got.Variables))
			}
		})
	}
}

func FuzzFiles(f *testing.F) {
	f.Add("/lib/a.so:b # c\n", "export LD_PRELOAD=\"/x\nLD_AUDIT DEFAULT=/y\nDefaultEnvironment=\"LD_PRELOAD=/z\"")
	f.Add("\x00$LIB/a", "setenv LD_PRELOAD\nLD_PRELOAD='a b")
	f.Fuzz(func(t *testing.T, preload, text string) {
		got, status := collectIn(t, map[string]memfs.File{
			"/etc/ld.so.preload": {Data: preload}, "/etc/profile": {Data: text}, "/etc/environment": {Data: text},
			"/etc/security/pam_env.conf": {Data: text}, "/etc/systemd/system.conf": {Data: text},
		})
		for _, v := range got.Variables {
			if strings.TrimSpace(v.Value) == "" || !slices.Contains(variables, v.Name) || v.Source.Line == 0 {
				t.Errorf("%s: %+v", status.State, v)
			}
		}
	})
}
