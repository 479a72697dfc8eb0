package policy_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// detail judges one check of text on the guest after change.
func detail[T any](t *testing.T, text, domain string, change func(*T)) finding.Finding {
	t.Helper()
	doc := guestFacts()
	v, ok := facts.Get[T](doc, domain)
	if !ok {
		t.Fatalf("no facts %s", domain)
	}
	change(v)
	return load(t, text).Judge(t.Context(), doc)[0]
}

func keep[T any](*T) {}

func TestRequiredPackageBesidesTheGoodCase(t *testing.T) {
	required := func(entry string, change func(*facts.Packages)) finding.Finding {
		return detail(t, list("packages.required", entry), "packages", change)
	}
	f := required(`"postgresql"`, keep)
	if !slices.Equal(f.Notes, []string{"near: postgresql-common 248"}) || f.Fix != "apt install postgresql" {
		t.Errorf("%v, %s", f.Notes, f.Fix)
	}
	if f = required(`"nginx-full"`, keep); f.Notes != nil {
		t.Errorf("%v", f.Notes)
	}
	if f = required(`"ngixn"`, keep); !slices.Equal(f.Notes, []string{"near: nginx 1.22.1-9"}) {
		t.Errorf("%v", f.Notes)
	}
	if f = required(`"telnet"`, func(p *facts.Packages) { p.Installed["inetutils-telnet"][0].State = "unpacked" }); f.Status != fail {
		t.Errorf("provided by a package that is not installed: %s %s", f.Status, f.Message)
	}
	versioned := `{ name = "nginx", version = ">=1" }`
	if f = required(versioned, func(p *facts.Packages) { p.Manager = "opkg" }); f.Status != unknown {
		t.Errorf("order of another manager: %s %s", f.Status, f.Message)
	}
	if f = required(versioned, func(p *facts.Packages) { p.Installed["nginx"][0].Version = "one" }); f.Status != unknown {
		t.Errorf("version without an order: %s %s", f.Status, f.Message)
	}
	two := func(p *facts.Packages) {
		old := p.Installed["nginx"][0]
		old.Version = "0.9"
		p.Installed["nginx"] = append([]facts.Package{old}, p.Installed["nginx"]...)
	}
	if f = required(versioned, two); f.Status != pass || f.Message != "nginx 1.22.1-9" {
		t.Errorf("one of two versions: %s %s", f.Status, f.Message)
	}
	if f = detail(t, entry("packages.versions", "nginx", `">=1"`), "packages", two); f.Status != fail || f.Message != "want >=1, is 0.9" {
		t.Errorf("one of two versions: %s %s", f.Status, f.Message)
	}
}

func TestNoCommandFromNamesOfTheGuest(t *testing.T) {
	f := detail(t, list("packages.forbidden", `"x*"`), "packages", func(p *facts.Packages) {
		p.Installed["x;reboot"] = []facts.Package{{Name: "x;reboot", Version: "1", State: "installed"}}
	})
	if f.Status != fail || f.Fix != "" {
		t.Errorf("%s, fix %q", f.Status, f.Fix)
	}
}

func TestAllowListKnowsArchitectures(t *testing.T) {
	all := `"n*", "libp*", "exim4", "i*", "p*", "z*", "linux*", `
	for arch, want := range map[string]finding.Status{`"libc6:amd64"`: fail, `"libc6:amd64", "libc6:i386"`: pass, `"libc6"`: pass} {
		if f := detail(t, list("packages.only", all+arch), "packages", keep[facts.Packages]); f.Status != want {
			t.Errorf("%s: %s %s", arch, f.Status, f.Message)
		}
	}
}

func TestPermissionsSayWhatElseMatters(t *testing.T) {
	f := detail(t, entry("files.permissions", "/etc/loose", `{ mode = "<=0640", owner = "root", group = "shadow|root" }`), "files", keep[facts.Files])
	if f.Fix != "chmod 0600 /etc/loose && chown root /etc/loose && chgrp shadow /etc/loose" || len(f.Notes) != 1 {
		t.Errorf("fix %q, notes %q", f.Fix, f.Notes)
	}
	f = detail(t, entry("files.permissions", "/etc/shadow", `"0640"`), "files", func(f *facts.Files) { (*f)["/etc/shadow"].Mode = "" })
	if f.Status != unknown {
		t.Errorf("no mode: %s", f.Status)
	}
	f = detail(t, list("files.must_exist", `"/etc/localtime"`), "files", keep[facts.Files])
	want := []finding.Location{{Path: "/usr/share/zoneinfo/Etc/UTC", Note: "by way of /etc/localtime"}}
	if diff := cmp.Diff(want, f.Where); diff != "" {
		t.Error(diff)
	}
}

func TestContentIsSearchedByLines(t *testing.T) {
	p := load(t, entry("files.content", "/etc/issue", `{ not_match = "^a$", contains = "b.c" }`))
	want := []string{"(?m)^a$", `b\.c`}
	if got := p.Request().Files["/etc/issue"].Content; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSelinuxWithoutACompetitor(t *testing.T) {
	f := detail(t, system("selinux", `"enforcing"`), "selinux", func(s *facts.SELinux) {
		s.Config.Value, s.Kernel, s.Mode = "disabled", nil, *s.Config
		s.Mode.Value = "disabled"
	})
	want := []finding.Location{{Path: "/etc/selinux/config", Line: 7, Text: "SELINUX=enforcing"}}
	if diff := cmp.Diff(want, f.Where); diff != "" {
		t.Error(diff)
	}
	if f.Fix != "write SELINUX=enforcing into /etc/selinux/config" {
		t.Errorf("fix %q", f.Fix)
	}
}

func TestSelinuxFixOfRedHat(t *testing.T) {
	doc := guestFacts()
	os, _ := facts.Get[facts.OS](doc, "os")
	os.Family = "rhel"
	f := load(t, system("selinux", `"enforcing"`)).Judge(t.Context(), doc)[0]
	if want := "grubby --update-kernel=ALL --remove-args=enforcing"; f.Fix != want {
		t.Errorf("fix %q, want %q", f.Fix, want)
	}
	f = load(t, system("selinux", `{ not = "permissive" }`)).Judge(t.Context(), doc)[0]
	if f.Status != fail || f.Fix != "" {
		t.Errorf("%s, fix %q for a value that is not told", f.Status, f.Fix)
	}
}

func TestTimezoneFilesThatDisagree(t *testing.T) {
	f := detail(t, system("timezone", `"UTC"`), "timezone", func(z *facts.Timezone) {
		z.Text = &facts.Value[string]{Value: "Europe/Paris", Source: &facts.Source{Path: "/etc/timezone", Line: 1}}
	})
	want := []finding.Location{{Path: "/etc/localtime"}, {Path: "/etc/timezone", Line: 1, Note: "disagrees, and some programs read it"}}
	if diff := cmp.Diff(want, f.Where); diff != "" || f.Status != pass {
		t.Errorf("%s %s", f.Status, diff)
	}
	f = detail(t, system("timezone", `"Europe/Oslo"`), "timezone", func(z *facts.Timezone) {
		z.How, z.Names, z.Zone.Value = "copy", []string{"Europe/Berlin", "Europe/Oslo"}, "Europe/Berlin"
	})
	if f.Status != pass {
		t.Errorf("a copy with the same rules: %s %s", f.Status, f.Message)
	}
}

func TestKernelThatBoots(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*facts.Boot)
		want   finding.Status
	}{
		"the new one":            {keep[facts.Boot], pass},
		"the old one":            {func(b *facts.Boot) { b.Entries[0].Kernel = "/boot/vmlinuz-5.10.0-8-amd64" }, fail},
		"one that is not there":  {func(b *facts.Boot) { b.Entries[0].Kernel = "/boot/vmlinuz" }, unknown},
		"which cannot be told":   {func(b *facts.Boot) { b.Default = -1 }, unknown},
		"an entry out of bounds": {func(b *facts.Boot) { b.Default = 9 }, unknown},
	} {
		if f := detail(t, system("kernel", `">=6"`), "boot", c.change); f.Status != c.want {
			t.Errorf("%s: %s %s", name, f.Status, f.Message)
		}
	}
}

func TestFIPSOfTheKernelsArguments(t *testing.T) {
	for value, want := range map[string]finding.Status{"1": pass, "0": fail, "": fail} {
		f := detail(t, system("fips", "true"), "boot", func(b *facts.Boot) { b.Entries[0].Args[0].Value = value })
		if f.Status != want {
			t.Errorf("fips=%s: %s", value, f.Status)
		}
	}
	if f := detail(t, system("fips", "false"), "boot", func(b *facts.Boot) { b.Entries[0].Args = nil }); f.Status != pass {
		t.Errorf("no argument: %s %s", f.Status, f.Message)
	}
	if f := detail(t, system("fips", "false"), "boot", func(b *facts.Boot) { b.Default = -1 }); f.Status != unknown {
		t.Errorf("no default entry: %s %s", f.Status, f.Message)
	}
}

func TestEndOfSupport(t *testing.T) {
	for _, c := range []struct {
		id, version, says string
		day               int
		want              finding.Status
	}{
		{"debian", "12", "", 21365, pass}, // 2028-06-30, the last day
		{"debian", "12", "", 21366, fail},
		{"rocky", "9.4", "", 20780, pass},
		{"centos", "7", "", 20780, fail},
		{"ubuntu", "22.10", "", 20780, unknown},
		{"rocky", "99", "", 20780, unknown},
		{"void", "", "", 20780, unknown},
		{"fedora", "40", "2025-05-13", 20780, fail},
		{"debian", "12", "2027-01-01", 20780, pass},
		{"debian", "12", "soon", 20780, unknown},
		{"debian", "12", "", 0, unknown},
	} {
		doc := guestFacts()
		os, _ := facts.Get[facts.OS](doc, "os")
		os.ID, os.VersionID, os.SupportEnd, doc.Meta.NowDay = c.id, c.version, c.says, c.day
		if f := load(t, system("supported", "true")).Judge(t.Context(), doc)[0]; f.Status != c.want {
			t.Errorf("%s %s %q on day %d: %s %s, want %s", c.id, c.version, c.says, c.day, f.Status, f.Message, c.want)
		}
	}
}

func TestAuthorsFixIsForFailures(t *testing.T) {
	f := detail(t, system("os", `{ equals = "debian", fix = "reinstall" }`), "os", func(os *facts.OS) { os.Source = facts.Source{} })
	if f.Status != pass || f.Fix != "" || len(f.Where) != 0 {
		t.Errorf("%+v", f)
	}
	if f = detail(t, system("os", `{ equals = "rocky", fix = "reinstall" }`), "os", keep[facts.OS]); f.Fix != "reinstall" {
		t.Errorf("%+v", f)
	}
}
