package selinux

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const (
	entryPath  = "/boot/loader/entries/x.conf"
	policyPath = "/etc/selinux/targeted/policy/policy.33"
	release    = "5.14.0-427.el9.x86_64"
	buildPath  = "/boot/config-" + release
)

// bootWith stands in for the collector of boot: one default entry with the given arguments, or none of them for "none".
func bootWith(args string) facts.Collector {
	return facts.New("boot", "", func(context.Context, *facts.Scope) (*facts.Boot, error) {
		if args == "none" {
			return &facts.Boot{Loader: "none", Default: -1}, nil
		}
		if args == "unknown" {
			return &facts.Boot{Loader: "grub2", Default: -1, Why: "nobody knows"}, nil
		}
		e := facts.BootEntry{Kernel: "/boot/vmlinuz-" + release, Source: facts.Source{Path: entryPath, Line: 5}}
		for _, a := range strings.Fields(args) {
			key, value, _ := strings.Cut(a, "=")
			e.Args = append(e.Args, facts.BootArg{Key: key, Value: value})
		}
		return &facts.Boot{Loader: "grub2", Entries: []facts.BootEntry{e}}, nil
	})
}

const (
	rhelBuild   = "CONFIG_SECURITY_SELINUX=y\nCONFIG_SECURITY_SELINUX_BOOTPARAM=y\nCONFIG_LSM=\"lockdown,yama,integrity,selinux,bpf\"\n"
	debianBuild = "CONFIG_SECURITY_SELINUX=y\nCONFIG_SECURITY_APPARMOR=y\nCONFIG_LSM=\"landlock,yama,integrity,apparmor,selinux,bpf\"\n"
	oldBuild    = "CONFIG_SECURITY_SELINUX=y\nCONFIG_SECURITY_SELINUX_BOOTPARAM_VALUE=1\nCONFIG_DEFAULT_SECURITY=\"selinux\"\n"
)

func TestMode(t *testing.T) {
	const on = "# c\nSELINUX=enforcing\nSELINUXTYPE=targeted\n"
	type files = map[string]string
	for name, c := range map[string]struct {
		config, args string
		more         files
		want, from   string
		line         int
		state        facts.State
	}{
		"enforcing":  {on, "ro", nil, enforcing, configPath, 2, facts.OK},
		"permissive": {"SELINUX=permissive\n", "ro", nil, permissive, configPath, 1, facts.OK},
		"disabled":   {"SELINUX=disabled\n", "ro", nil, disabled, configPath, 1, facts.OK},
		"disabled is not overruled by enforcing=1": {"SELINUX=disabled\n", "enforcing=1", nil, disabled, configPath, 1, facts.OK},
		"first line with a mode wins":              {"SELINUX=what\nSELINUX=permissive\nSELINUX=enforcing\n", "ro", nil, permissive, configPath, 2, facts.OK},
		"any case, spaces, and more behind":        {"SELINUX= Enforcing # really\n", "ro", nil, enforcing, configPath, 1, facts.OK},
		"space before the name: no setting":        {" SELINUX=enforcing\n", "ro", nil, permissive, "", 0, facts.OK},
		"space before the equals sign":             {"SELINUX =enforcing\n", "ro", nil, permissive, "", 0, facts.OK},
		"commented out":                            {"#SELINUX=enforcing\n", "ro", nil, permissive, "", 0, facts.OK},
		"enforcing=0 beats the file":               {on, "ro enforcing=0", nil, permissive, entryPath, 5, facts.OK},
		"enforcing=1 beats the file":               {"SELINUX=permissive\n", "enforcing=1", nil, enforcing, entryPath, 5, facts.OK},
		"first enforcing= wins":                    {on, "enforcing=0 enforcing=1", nil, permissive, entryPath, 5, facts.OK},
		"enforcing= of another name hides it":      {on, "xenforcing=0 enforcing=0", nil, enforcing, configPath, 2, facts.OK},
		"selinux=0 beats all":                      {on, "selinux=0 enforcing=1", nil, disabled, entryPath, 5, facts.OK},
		"last selinux= wins":                       {on, "selinux=0 selinux=1", nil, enforcing, configPath, 2, facts.OK},
		"security= another":                        {on, "security=apparmor", nil, disabled, entryPath, 5, facts.OK},
		"lsm= without it":                          {on, "lsm=yama,apparmor", nil, disabled, entryPath, 5, facts.OK},
		"lsm= with it, security= is ignored":       {on, "lsm=yama,selinux security=apparmor", nil, enforcing, configPath, 2, facts.OK},
		"lsm= with AppArmor before it":             {on, "lsm=apparmor,selinux", nil, disabled, entryPath, 5, facts.OK},
		"lsm= with AppArmor switched off":          {on, "lsm=apparmor,selinux apparmor=0", nil, enforcing, configPath, 2, facts.OK},
		"kernel of RHEL":                           {on, "ro", files{buildPath: rhelBuild}, enforcing, configPath, 2, facts.OK},
		"kernel before Linux 5.1":                  {on, "ro", files{buildPath: oldBuild}, enforcing, configPath, 2, facts.OK},
		"kernel of Debian starts AppArmor":         {on, "ro", files{buildPath: debianBuild}, disabled, buildPath, 3, facts.OK},
		"kernel of Debian, told otherwise":         {on, "security=selinux", files{buildPath: debianBuild}, enforcing, configPath, 2, facts.OK},
		"kernel without SELinux":                   {on, "ro", files{buildPath: "CONFIG_SECURITY_YAMA=y\n"}, disabled, buildPath, 0, facts.OK},
		"kernel that wants selinux=1":              {on, "ro", files{buildPath: strings.ReplaceAll(oldBuild, "VALUE=1", "VALUE=0")}, disabled, buildPath, 2, facts.OK},
		"kernel that wants selinux=1, and has it":  {on, "selinux=1", files{buildPath: strings.ReplaceAll(oldBuild, "VALUE=1", "VALUE=0")}, enforcing, configPath, 2, facts.OK},
		"unknown kernel of Debian":                 {on, "ro", files{"/etc/debian_version": "12"}, enforcing, configPath, 2, facts.Partial},
		"no boot loader":                           {on, "none", nil, enforcing, configPath, 2, facts.OK},
		"default entry not known":                  {on, "unknown", nil, enforcing, configPath, 2, facts.Partial},
		"policy of another type only":              {"SELINUX=enforcing\nSELINUXTYPE=mls\n", "ro", nil, disabled, "/etc/selinux/mls/policy", 0, facts.OK},
		"last type wins":                           {"SELINUXTYPE=mls\nSELINUX=enforcing\n  selinuxtype= targeted \n", "ro", nil, enforcing, configPath, 2, facts.OK},
		"type that leaves the directory":           {"SELINUX=enforcing\nSELINUXTYPE=../../x\n", "ro", nil, disabled, "/etc/selinux/../../x/policy", 0, facts.OK},
	} {
		t.Run(name, func(t *testing.T) {
			all := map[string]string{configPath: c.config, policyPath: "policy"}
			for path, text := range c.more {
				all[path] = text
			}
			se, status := factstest.Collect[facts.SELinux](t, factstest.Guest(t, factstest.Text(all)), facts.Request{}, bootWith(c.args), Collector)
			if status.State != c.state {
				t.Fatalf("state is %s (%v), want %s", status.State, status.Problems, c.state)
			}
			from := facts.Source{}
			if se.Mode.Source != nil {
				from = *se.Mode.Source
			}
			if se.Mode.Value != c.want || from.Path != c.from || from.Line != c.line || se.Mode.Explicit != (c.from != "") {
				t.Errorf("got %s from %+v, want %s from %s line %d", se.Mode.Value, from, c.want, c.from, c.line)
			}
		})
	}
}

func TestAbsentIsNotDisabled(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"nothing":                    nil,
		"the directory of a library": {"/etc/selinux/semanage.conf": "module-store = direct\n"},
	} {
		t.Run(name, func(t *testing.T) {
			se, status := factstest.Collect[facts.SELinux](t, factstest.Guest(t, factstest.Text(files)), facts.Request{}, bootWith("selinux=0"), Collector)
			if se == nil || se.Mode.Value != absent || se.Mode.Explicit || se.Config != nil || se.Policy != nil || status.State != facts.OK {
				t.Errorf("got %+v, %s", se, status.State)
			}
			if len(se.Kernel) != 1 {
				t.Errorf("settings of the kernel: got %v, want selinux=0", se.Kernel)
			}
		})
	}
}

func TestPolicyWithoutConfigIsPermissive(t *testing.T) {
	g := factstest.Guest(t, factstest.Text(map[string]string{policyPath: "x"}))
	se, _ := factstest.Collect[facts.SELinux](t, g, facts.Request{}, bootWith("ro"), Collector)
	if se.Mode.Value != permissive || se.Mode.Explicit {
		t.Errorf("got %+v, want permissive, not explicit", se.Mode)
	}
}

// TestProvenance is the example of the documentation: the file says one thing and the boot entry another.
func TestProvenance(t *testing.T) {
	g := factstest.Guest(t, factstest.Text(map[string]string{
		configPath: "SELINUX=enforcing\nSELINUXTYPE=targeted\n", policyPath: "x",
		"/etc/selinux/targeted/policy/policy.9": "old", "/etc/selinux/targeted/policy/policy.99": "", "/.autorelabel": "",
	}))
	got, _ := factstest.Collect[facts.SELinux](t, g, facts.Request{}, bootWith("ro enforcing=0"), Collector)
	config := facts.Source{Path: configPath, Line: 1, Text: "SELINUX=enforcing"}
	entry := facts.Source{Path: entryPath, Line: 5}
	want := &facts.SELinux{
		Mode: facts.Value[string]{
			Value: permissive, Explicit: true, Source: &entry,
			Shadowed: []facts.Shadow[string]{{Source: config, Value: enforcing}},
		},
		Config:  &facts.Value[string]{Value: enforcing, Explicit: true, Source: &config},
		Type:    &facts.Value[string]{Value: "targeted", Explicit: true, Source: &facts.Source{Path: configPath, Line: 2, Text: "SELINUXTYPE=targeted"}},
		Kernel:  []facts.KernelSetting{{Key: "enforcing", Value: "0", Source: entry}},
		Policy:  &facts.Source{Path: policyPath},
		Relabel: true,
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error("want -, got +\n" + diff)
	}
}

func TestUnreadable(t *testing.T) {
	broken := errors.New("bad sector")
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  facts.State
	}{
		"config":       {map[string]memfs.File{configPath: {Data: "SELINUX=enforcing", Err: broken}, policyPath: {Data: "x"}}, facts.Error},
		"policy":       {map[string]memfs.File{configPath: {Data: "SELINUX=enforcing"}, policyPath: {Data: "x", StatErr: broken}}, facts.Partial},
		"kernel build": {map[string]memfs.File{configPath: {Data: "SELINUX=enforcing"}, policyPath: {Data: "x"}, buildPath: {Data: "x", Err: broken}}, facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			if se, status := factstest.Collect[facts.SELinux](t, factstest.Guest(t, c.files), facts.Request{}, bootWith("ro"), Collector); status.State != c.want {
				t.Errorf("got %+v, %s (%v), want %s", se, status.State, status.Problems, c.want)
			}
		})
	}
}
