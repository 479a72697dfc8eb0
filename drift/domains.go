package drift

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// domain is how one domain of the facts is compared. One without entries and compare is compared value by value.
type domain struct {
	name     string
	severity finding.Severity // of a change that nothing explains
	ordered  bool             // the order of the entries decides
	entries  func(*facts.Document) []entry
	compare  func(before, after *facts.Document) []Change
}

// domains lists those that are compared in words of their own.
func domains() []domain {
	return []domain{
		{name: "packages", compare: packages},
		{name: "units", severity: finding.Medium, entries: units},
		{name: "users", severity: finding.High, entries: users},
		{name: "groups", severity: finding.Medium, entries: groups},
		{name: "sudoers", severity: finding.High, ordered: true, entries: sudo},
		{name: "ssh_keys", severity: finding.High, entries: keys},
		{name: "sshd", severity: finding.High, entries: sshd},
		{name: "sysctl", severity: finding.Medium, entries: sysctl},
		{name: "mounts", severity: finding.Medium, entries: mounts},
		{name: "cron", severity: finding.High, entries: cron},
		{name: "boot", severity: finding.High, entries: boot},
		{name: "pam", severity: finding.High, entries: pam},
		{name: "certificates", severity: finding.Medium, entries: certificates},
		{name: "apt", severity: finding.High, entries: aptSources},
		{name: "homes", severity: finding.Medium, entries: homes},
		{name: "programs", severity: finding.High, entries: programs},
		{name: "firewall", severity: finding.High},
		{name: "loader", severity: finding.High},
		{name: "selinux", severity: finding.High},
		{name: "apparmor", severity: finding.High},
		{name: "scan", severity: finding.High},
		{name: "kernel", severity: finding.Medium},
		{name: "dnf", severity: finding.High},
		{name: "zypper", severity: finding.High},
		{name: "apk", severity: finding.High},
		{name: "pacman", severity: finding.High},
	}
}

// get is what the facts say under a name, or its zero value.
func get[T any](d *facts.Document, name string) T {
	if v, ok := facts.Get[T](d, name); ok {
		return *v
	}
	var none T
	return none
}

func units(d *facts.Document) (list []entry) {
	all := get[facts.Units](d, "units")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		u := all[name]
		list = append(list, entry{name, strings.TrimSuffix(u.State+", started by "+cmp.Or(u.Starts, "nothing"), ", started by nothing"), u, u.Source})
	}
	return list
}

func users(d *facts.Document) (list []entry) {
	for _, u := range get[facts.Users](d, "users") {
		list = append(list, entry{u.Name, fmt.Sprintf("uid %d, gid %d, home %s, shell %s", u.UID, u.GID, u.Home, cmp.Or(u.Shell, "none")), u, &u.Source})
	}
	return list
}

func groups(d *facts.Document) (list []entry) {
	for _, g := range get[facts.Groups](d, "groups") {
		list = append(list, entry{g.Name, fmt.Sprintf("gid %d, members %s", g.GID, joined(g.Members)), g, &g.Source})
	}
	return list
}

func sudo(d *facts.Document) (list []entry) {
	s := get[facts.Sudoers](d, "sudoers")
	for _, r := range s.Rules {
		text := fmt.Sprintf("%s %s=(%s) %s", joined(r.Users), joined(r.Hosts), joined(r.Runas), strings.TrimSpace(strings.Join(r.Tags, ":")+" "+joined(r.Commands)))
		list = append(list, entry{text, text, r, &r.Source})
	}
	for _, o := range s.Scoped {
		text := fmt.Sprintf("Defaults of %s %s: %s", o.Scope, joined(o.Names), o.Key)
		list = append(list, entry{text, o.Value, o, &o.Source})
	}
	for _, i := range s.Ignored {
		list = append(list, entry{"passed over: " + i.Path, i.Reason, i, &facts.Source{Path: i.Path}})
	}
	return append(list, settings("Defaults ", s.Defaults)...)
}

// settings are effective values by their names.
func settings[T any](prefix string, all map[string]*facts.Value[T]) (list []entry) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if v := all[name]; v != nil {
			list = append(list, entry{prefix + name, shown(plain(v.Value)), v, v.Source})
		}
	}
	return list
}

func keys(d *facts.Document) (list []entry) {
	k := get[facts.SSHKeys](d, "ssh_keys")
	for _, f := range k.Authorized {
		for _, key := range f.Keys {
			text := strings.TrimSpace(fmt.Sprintf("%s %s %s", key.Type, key.Fingerprint, key.Comment))
			list = append(list, entry{"authorized " + f.User + " " + key.Fingerprint, "lets in " + f.User + ": " + text, key, &key.Source})
		}
	}
	for _, h := range k.Host {
		if h.Key != nil {
			list = append(list, entry{"host " + h.Key.Type, h.Key.Fingerprint, h.Key, &h.Key.Source})
		}
	}
	for _, p := range k.Private {
		list = append(list, entry{"private " + p.Path, "key of " + p.User, p, &facts.Source{Path: p.Path}})
	}
	return list
}

func sshd(d *facts.Document) (list []entry) {
	s := get[facts.SSHD](d, "sshd")
	list = settings("", s.Effective)
	for _, m := range s.Match {
		list = append(list, settings("Match "+m.Criteria+": ", m.Settings)...)
	}
	for _, o := range s.CommandLine {
		list = append(list, entry{"command line " + o.Key, o.Value, o, &o.Source})
	}
	return list
}

func sysctl(d *facts.Document) (list []entry) {
	s := get[facts.Sysctl](d, "sysctl")
	for _, name := range slices.Sorted(maps.Keys(s.Effective)) {
		v := s.Effective[name]
		list = append(list, entry{name, v.Value, v.Value, v.Source})
	}
	for _, g := range s.Globs {
		list = append(list, entry{g.Key, g.Value, g.Value, &g.Source})
	}
	return append(list, entry{key: "loader", text: cmp.Or(s.Loader, "none"), value: s.Loader})
}

func mounts(d *facts.Document) (list []entry) {
	for _, m := range get[facts.Mounts](d, "mounts") {
		list = append(list, entry{m.Target, fmt.Sprintf("%s, %s, %s", m.Device, m.FSType, joined(m.Options)), m, m.Source})
	}
	return list
}

func cron(d *facts.Document) (list []entry) {
	for _, j := range get[facts.Cron](d, "cron") {
		list = append(list, entry{
			strings.TrimSpace(fmt.Sprintf("%s: %s", j.Source.Path, cmp.Or(j.Command, j.Kind))), fmt.Sprintf("%s as %s: %s", j.Schedule, j.User, j.Command), j, &j.Source,
		})
	}
	return list
}

func boot(d *facts.Document) (list []entry) {
	b := get[facts.Boot](d, "boot")
	type started struct{ Kernel, Initrd, Args, Kind string }
	of := func(e facts.BootEntry) started { return started{e.Kernel, e.Initrd, arguments(e.Args), e.Kind} }
	for _, e := range b.Entries {
		list = append(list, entry{"entry " + e.Title, strings.TrimSpace(e.Kernel + " " + arguments(e.Args)), of(e), &e.Source})
	}
	if b.Default >= 0 && b.Default < len(b.Entries) {
		e := b.Entries[b.Default]
		list = append(list, entry{"default", e.Title, struct {
			Title string
			started
		}{e.Title, of(e)}, &e.Source})
	}
	if b.Pending != nil {
		list = append(list, entry{"next", arguments(b.Pending.Args), arguments(b.Pending.Args), nil})
	}
	return append(list, entry{"menu", b.Loader, struct {
		Loader   string
		GRUB     *facts.GRUB
		Firmware []facts.FirmwareLoader
	}{b.Loader, b.GRUB, b.Firmware}, nil})
}

// arguments is the command line of a kernel.
func arguments(args []facts.BootArg) string {
	var words []string
	for _, a := range args {
		if a.Value == "" {
			words = append(words, a.Key)
		} else {
			words = append(words, a.Key+"="+a.Value)
		}
	}
	return strings.Join(words, " ")
}

func pam(d *facts.Document) (list []entry) {
	p := get[facts.PAM](d, "pam")
	for _, name := range slices.Sorted(maps.Keys(p.Services)) {
		s := p.Services[name]
		if s == nil {
			continue
		}
		for _, stack := range []struct {
			name  string
			rules []facts.PAMRule
		}{{"auth", s.Auth}, {"account", s.Account}, {"password", s.Password}, {"session", s.Session}} {
			var lines []string
			for _, r := range stack.rules {
				lines = append(lines, strings.TrimSpace(strings.Join(append([]string{r.Control, r.Path}, r.Args...), " ")))
			}
			list = append(list, entry{name + " " + stack.name, joined(lines), lines, &facts.Source{Path: s.Path}})
		}
	}
	return slices.Concat(list, settings("pwquality ", p.Pwquality), settings("faillock ", p.Faillock), settings("pwhistory ", p.Pwhistory))
}

func certificates(d *facts.Document) (list []entry) {
	for _, c := range get[facts.Certificates](d, "certificates") {
		list = append(list, entry{c.Use + " " + c.Subject + " " + c.SHA256, "until " + c.NotAfter, c, &c.Source})
	}
	return list
}

func aptSources(d *facts.Document) (list []entry) {
	a := get[facts.Apt](d, "apt")
	for _, s := range a.Sources {
		text := strings.Join([]string{joined(s.Types), joined(s.URIs), joined(s.Suites), joined(s.Components)}, " ")
		list = append(list, entry{text, text, s, &s.Source})
	}
	for _, name := range slices.Sorted(maps.Keys(a.Lists)) {
		for _, v := range a.Lists[name] {
			list = append(list, entry{name + " " + v.Value, v.Value, v.Value, v.Source})
		}
	}
	for _, k := range a.Keys {
		list = append(list, entry{"keyring " + k, k, k, &facts.Source{Path: k}})
	}
	return append(list, settings("", a.Conf)...)
}

func programs(d *facts.Document) (list []entry) {
	for _, p := range get[facts.Programs](d, "programs") {
		key := strings.Join(strings.Fields(strings.Join([]string{p.Kind, p.Name, p.Setting, p.Path}, " ")), " ")
		list = append(list, entry{key, "runs " + p.Path + " as " + p.User, p, &p.Source})
	}
	return list
}

func homes(d *facts.Document) (list []entry) {
	for _, h := range get[facts.Homes](d, "homes") {
		source := &facts.Source{Path: h.Path}
		list = append(list, entry{h.Path, "mode " + h.Mode + ", owner " + h.Owner, struct {
			Exists             *bool
			Mode, Owner, Group string
		}{h.Exists, h.Mode, h.Owner, h.Group}, source})
		for _, f := range h.Entries {
			list = append(list, entry{f.Path, f.Type + ", mode " + f.Mode + ", owner " + f.Owner, f, &facts.Source{Path: f.Path}})
		}
	}
	return list
}
