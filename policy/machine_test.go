package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

func same[T any](t *testing.T, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func ptr[T any](v T) *T { return &v }

// machineFacts are the units, accounts, modules, mounts and the rest of the guest.
func machineFacts() map[string]any {
	at := func(path string, line int) facts.Source { return facts.Source{Path: path, Line: line} }
	unit := func(state, starts string, by ...string) *facts.Unit {
		return &facts.Unit{State: state, Init: "systemd", Starts: starts, TriggeredBy: by, Path: "/usr/lib/systemd/system/x"}
	}
	alias := func(of string) *facts.Unit { return &facts.Unit{State: "alias", Init: "systemd", AliasOf: &of} }
	shadow := func(state string, most *int64) *facts.Shadowed { return &facts.Shadowed{State: state, Max: most} }
	mount := func(target, device, fstype string, options ...string) facts.Mount {
		s := at("/etc/fstab", 3)
		return facts.Mount{Target: target, Device: device, FSType: fstype, Options: options, Auto: true, Origin: "fstab", Source: &s}
	}
	tmp := mount("/tmp", "tmpfs", "tmpfs", "nodev", "nosuid", "size=1g", "size=2g")
	tmp.NoDev, tmp.NoSUID = true, true
	off := mount("/opt", "/dev/sdb1", "ext4")
	off.Auto = false
	bind := mount("/export", "/home", "none", "bind")
	bind.Bind = true
	return map[string]any{
		"units": &facts.Units{
			"ssh.service": unit("enabled", "boot"), "sshd.service": alias("ssh.service"), "cups.service": unit("disabled", "trigger", "cups.socket", "dbus:org.cups"),
			"cups.socket": unit("enabled", "boot"), "nginx.service": unit("disabled", ""), "stray.service": unit("enabled", ""),
			"ctrl-alt-del.target": unit("masked", ""), "gone.service": unit("not-found", ""), "bad.service": unit("bad", ""),
			"a.service": alias("b.service"), "b.service": alias("a.service"), "veiled.service": unit("masked-runtime", ""),
			"autovt@.service": unit("disabled", ""),
			"crond":           &facts.Unit{State: "enabled", Init: "openrc", Starts: "boot"},
		},
		"users": &facts.Users{
			{Name: "root", UID: 0, Password: "x", Shadow: shadow(facts.PasswordLockedHash, ptr(int64(99999))), Source: at("/etc/passwd", 1)},
			{Name: "daemon", UID: 1, GID: 1, Password: "x", Shadow: shadow(facts.PasswordLocked, nil), Source: at("/etc/passwd", 2)},
			{Name: "ops", UID: 1000, GID: 10, Password: "x", Shadow: shadow(facts.PasswordHash, ptr(int64(90))), Source: at("/etc/passwd", 3)},
			{Name: "ana", UID: 1001, GID: 100, Password: "x", Shadow: shadow(facts.PasswordHash, ptr(int64(365))), Source: at("/etc/passwd", 4)},
		},
		"groups": &facts.Groups{
			{Name: "wheel", GID: 10, Members: []string{"ana"}, Source: at("/etc/group", 1)},
			{Name: "wheel2", GID: 10, Members: []string{"bob"}, Source: at("/etc/group", 2)},
			{Name: "web", GID: 20, Members: []string{"ana"}, Source: at("/etc/group", 3)},
		},
		"nis": &facts.NIS{{Name: "-mallory", Source: at("/etc/passwd", 9)}},
		"ssh_keys": &facts.SSHKeys{Authorized: []facts.SSHAuthorizedFile{
			{User: "ops", Path: "/home/ops/.ssh/authorized_keys", Keys: []facts.SSHKey{{Fingerprint: "SHA256:" + fingerprint, Source: at("/home/ops/.ssh/authorized_keys", 1)}}},
		}},
		"modprobe": &facts.Modprobe{Modules: map[string]facts.Module{
			"cramfs": {Blocked: true, BlockedBy: ptr(at("/etc/modprobe.d/a.conf", 1))}, "usb_storage": {Blacklisted: true, Blacklist: []facts.Source{at("/etc/modprobe.d/a.conf", 2)}},
			"loop": {Blocked: true}, "odd": {Blocked: true},
		}},
		"kernel": &facts.Kernels{Installed: []facts.Kernel{
			{Release: "6.1.0-18-amd64", Image: "/boot/vmlinuz-6.1.0-18-amd64", Builtin: []string{"loop"}, Loadable: []string{"cramfs", "dccp", "usb_storage"}},
			{Release: "5.10.0-8-amd64", Image: "/boot/vmlinuz-5.10.0-8-amd64", Builtin: []string{}, Loadable: []string{}},
		}},
		"mounts": &facts.Mounts{
			mount("/", "UUID=1c0f", "ext4", "errors=remount-ro"), tmp, off, bind, mount("/var", "/dev/mapper/vg-var", "xfs"), mount("/srv", "LABEL=srv", "btrfs", "noatime", "relatime"),
			mount("/vault", "/dev/mapper/vault", "ext4"), mount("/vault/2", "UUID=78", "ext4"), mount("/twins", "UUID=79", "ext4"), mount("/closed", "/dev/mapper/closed", "ext4"),
			mount("/plain", "/dev/mapper/vg-plain", "xfs"),
		},
		"disks": &facts.Disks{{Device: "disk", Content: "gpt", Partitions: []facts.Partition{
			{Device: "p2", FSType: "ext4", UUID: "1C0F", Label: "root"},
			{Device: "p3", FSType: "LUKS", UUID: "77"},
			{Device: "p3.luks", FSType: "ext4", UUID: "78", Encrypted: "aes-xts-plain64", Devices: []string{"/dev/mapper/luks-77", "/dev/mapper/vault"}},
			{Device: "p4", FSType: "ext4", UUID: "79"},
			{Device: "p5.luks", FSType: "ext4", UUID: "79", Encrypted: "aes-xts-plain64"},
			{Device: "p6.luks", FSType: "", UUID: "", Unread: "encrypted", Encrypted: "aes-xts-plain64", Devices: []string{"/dev/mapper/closed"}},
			{Device: "vg/plain", FSType: "xfs", UUID: "80", Devices: []string{"/dev/mapper/vg-plain"}},
		}}},
		"firewall": &facts.Firewall{Active: []string{"nftables"}, NFTables: &facts.NFTables{Enabled: ptr(true), Tables: []facts.NFTTable{{
			Family: "inet", Name: "filter", Chains: []facts.NFTChain{{Name: "input", Type: "filter", Hook: "input", Policy: "drop", Source: at("/etc/nftables.conf", 5)}},
		}}}},
		"certificates": &facts.Certificates{
			{Subject: "CN=web", Use: "host", NotAfterDay: 20780 + 31, Source: at("/etc/ssl/web.pem", 0)},
			{Subject: "CN=old CA", Use: "authority", NotAfterDay: 1, Source: at("/etc/ssl/certs/old.pem", 0)},
		},
		"apt": &facts.Apt{Sources: []facts.AptSource{
			{URIs: []string{"http://deb.debian.org/debian/"}, Enabled: true, Source: at("/etc/apt/sources.list", 1)},
			{URIs: []string{"http://evil.example/debian"}, Source: at("/etc/apt/sources.list", 2)},
		}},
		"dnf":     &facts.Dnf{Repos: []facts.Repo{{ID: "baseos", URLs: []string{"https://mirror.example/9/os"}, Enabled: &facts.Value[bool]{Value: true}, Source: at("/etc/yum.repos.d/a.repo", 1)}, {ID: "off", Enabled: &facts.Value[bool]{}}}},
		"zypper":  &facts.Zypper{},
		"apk":     &facts.Apk{},
		"pacman":  &facts.Pacman{},
		"history": &facts.History{Packages: &facts.HistoryTime{Time: "2026-10-14T00:00:00Z", Day: 20740, Source: at("/var/log/dpkg.log", 7)}},
	}
}

const fingerprint = "jXcBXWBuAkyKAQMUXwGV9bFfXrtbyCWDSEGVcVdLgMo"

// bootEntries gives the boot menu of guestFacts a second ordinary entry and one for recovery.
func bootEntries(b *facts.Boot) {
	arg := func(key, value string) facts.BootArg { return facts.BootArg{Key: key, Value: value} }
	e := &b.Entries[0]
	e.Title, e.Kind = "Debian", "normal"
	e.Args = append(e.Args, arg("audit", "1"), arg("apparmor", "1"), arg("apparmor", "0"), arg("quiet", ""), arg("console", "tty0"), arg("console", "ttyS0"))
	b.Entries = append(b.Entries, facts.BootEntry{
		Title: "Debian, old", Kind: "normal", Args: []facts.BootArg{arg("audit", "1"), arg("mitigations", "off"), arg("console", "tty0")}, Source: facts.Source{Path: "/boot/grub/grub.cfg", Line: 9},
	}, facts.BootEntry{Title: "Debian, recovery", Kind: "recovery", Args: []facts.BootArg{arg("selinux", "0")}, Source: facts.Source{Path: "/boot/grub/grub.cfg", Line: 12}})
	b.GRUB = &facts.GRUB{Config: "/boot/grub/grub.cfg"}
}

func machineCases() []wordCase {
	services := func(key, name string, status finding.Status, message string) wordCase {
		return wordCase{"services." + key, "[services]\n" + key + " = ['" + name + "']\n", "services." + key + "/" + name, status, message}
	}
	users := func(key, value string, status finding.Status, message string) wordCase {
		return wordCase{"users." + key, "[users]\n" + key + " = " + value + "\n", "users." + key, status, message}
	}
	keys := func(value string, status finding.Status, message string) wordCase {
		return wordCase{"users.authorized_keys.*", "[users]\nauthorized_keys = { ops = " + value + " }\n", "users.authorized_keys/ops", status, message}
	}
	group := func(name, value string, status finding.Status, message string) wordCase {
		return wordCase{"groups.*.members", "[groups." + name + "]\nmembers = " + value + "\n", "groups." + name + ".members", status, message}
	}
	kernel := func(key, name string, status finding.Status, message string) wordCase {
		return wordCase{"kernel." + key, "[kernel]\n" + key + " = ['" + name + "']\n", "kernel." + key + "/" + name, status, message}
	}
	separate := func(path string, status finding.Status, message string) wordCase {
		return wordCase{"storage.separate", "[storage]\nseparate = ['" + path + "']\n", "storage.separate:" + path, status, message}
	}
	mounted := func(path, options string, status finding.Status, message string) wordCase {
		return wordCase{"storage.options.*", entry("storage.options", path, options), "storage.options:" + path, status, message}
	}
	secret := func(path string, status finding.Status, message string) wordCase {
		return wordCase{"storage.encryption.required", "[storage.encryption]\nrequired = ['" + path + "']\n", "storage.encryption:" + path, status, message}
	}
	plain := func(table, key, value string, status finding.Status, message string) wordCase {
		id := table + "." + key
		return wordCase{id, "[" + table + "]\n" + key + " = " + value + "\n", id, status, message}
	}
	return []wordCase{
		services("enabled", "ssh", pass, "enabled, started at boot"),
		services("enabled", "sshd", pass, "ssh.service enabled, started at boot"),
		services("enabled", "cups", pass, "disabled, started by cups.socket, dbus:org.cups"),
		services("enabled", "crond", pass, "enabled, started at boot"),
		services("enabled", "nginx", fail, "want enabled, is disabled, started by nothing"),
		services("enabled", "stray", fail, "want enabled, is enabled, started by nothing"),
		services("enabled", "ctrl-alt-del.target", fail, ""),
		services("enabled", "rpcbind", fail, "want enabled, is not installed"),
		services("enabled", "gone", fail, ""),
		services("enabled", "bad", unknown, "bad.service cannot be read"),
		services("enabled", "a", unknown, "its aliases lead in a circle"),
		services("disabled", "nginx", pass, "disabled, started by nothing"),
		services("disabled", "rpcbind", pass, "not installed"),
		services("disabled", "cups", fail, "want disabled, is disabled, started by cups.socket, dbus:org.cups"),
		services("disabled", "sshd", fail, ""),
		services("disabled", "bad", unknown, ""),
		services("masked", "ctrl-alt-del.target", pass, "masked, started by nothing"),
		services("masked", "nginx", fail, "want masked, is disabled, started by nothing"),
		services("masked", "veiled", fail, ""), // until the next boot only
		services("masked", "rpcbind", fail, ""),
		services("absent", "rpcbind", pass, "not installed"),
		services("absent", "gone", pass, ""),
		services("absent", "ctrl-alt-del.target", fail, ""),
		services("absent", "sshd", fail, ""),
		services("absent", "autovt@tty1", fail, ""),

		users("allowed", `["root", { uid = "<1000" }, "ops", "ana"]`, pass, "all are allowed"),
		users("allowed", `["root", "ops", { uid = ">=1, <1000" }]`, fail, "want only allowed accounts, is ana"),
		users("allowed", `["root", { name = "ops", uid = 1001 }, { uid = "<1000" }]`, fail, "want only allowed accounts, is ops, ana"),
		users("uid0_only_root", `true`, pass, ""),
		users("no_empty_passwords", `true`, pass, ""),
		users("root_locked", `true`, pass, ""),
		users("password_max_days", `{ max = 365 }`, pass, ""),
		users("password_max_days", `{ max = 90 }`, fail, "want at most 90, is 365 for ana"),
		keys(`["SHA256:`+fingerprint+`"]`, pass, ""),
		keys(`[]`, fail, "want exactly nothing, is SHA256:"+fingerprint),
		group("wheel", `["ana", "bob", "ops"]`, pass, "ana, bob, ops"),
		group("wheel", `["ana"]`, fail, "want exactly ana, is ana, bob, ops"),
		group("web", `{ subset_of = ["ana", "eve"] }`, pass, ""),
		group("gone", `[]`, pass, "not set"),

		kernel("cmdline_required", "audit=1", pass, "each of 2 entries, by default Debian"),
		kernel("cmdline_required", "quiet", fail, "want quiet, is no quiet in Debian, old"),
		kernel("cmdline_required", "apparmor=1", fail, "want apparmor=1, is no apparmor in Debian (boots by default), Debian, old"),
		kernel("cmdline_required", "console=tty0", pass, ""),
		kernel("cmdline_forbidden", "selinux=0", pass, ""), // in the entry for recovery only
		kernel("cmdline_forbidden", "mitigations=off", fail, "want without mitigations=off, is mitigations=off in Debian, old"),
		kernel("cmdline_forbidden", "apparmor=1", fail, ""), // a later one wins, and it is there
		kernel("cmdline_forbidden", "quiet", fail, "want without quiet, is quiet in Debian (boots by default)"),
		kernel("modules_disabled", "cramfs", pass, "blocked"),
		kernel("modules_disabled", "hfs", pass, "not among the modules of the installed kernels"),
		kernel("modules_disabled", "usb-storage", fail, "want not loadable, is blacklisted, which does not keep it from being loaded by name"),
		kernel("modules_disabled", "dccp", fail, "want not loadable, is loadable"),
		kernel("modules_disabled", "loop", fail, "want not loadable, is built into the kernel, whatever modprobe's files say"),

		separate("/tmp", pass, "tmpfs on tmpfs"),
		separate("/home", fail, "want a file system of its own, is part of /"),
		separate("/opt", fail, ""),
		separate("/export", fail, "want a file system of its own, is a view of /home"),
		mounted("/tmp", `["nodev", "nosuid"]`, pass, ""),
		mounted("/tmp", `["nodev", "noexec"]`, fail, "lacks noexec"),
		mounted("/tmp", `["size=1g"]`, fail, "lacks size=1g"),
		mounted("/tmp", `["size=2g", "exec"]`, pass, ""),
		mounted("/tmp/x", `["nosuid"]`, pass, ""),
		mounted("/srv", `["noatime"]`, pass, ""),
		mounted("/home", `["nodev"]`, fail, "lacks nodev"),
		secret("/home", fail, "want encrypted, is plain ext4 on p2"),
		secret("/vault", pass, "encrypted, aes-xts-plain64 on p3.luks"),
		secret("/vault/2", pass, "encrypted, aes-xts-plain64 on p3.luks"),
		secret("/twins", fail, "want encrypted, is plain ext4 on p4"),
		secret("/closed", unknown, "whether ext4 on /dev/mapper/closed is encrypted cannot be told from the disks"),
		secret("/plain", fail, "want encrypted, is plain xfs on vg/plain"),
		secret("/var/log", unknown, "whether xfs on /dev/mapper/vg-var is encrypted cannot be told from the disks"),
		secret("/srv", unknown, ""),

		plain("network", "firewall", `"enabled"`, pass, "enabled"),
		plain("network", "firewall", `"disabled"`, fail, "want disabled, is enabled"),
		plain("certificates", "expire_within_days", `30`, pass, ""),
		plain("certificates", "expire_within_days", `31`, fail, "CN=web ends in 31 days"),
		plain("packages", "repos_allowed", `["http://deb.debian.org/debian", "baseos"]`, pass, "2, all allowed"),
		plain("packages", "repos_allowed", `["http://*.debian.org/*", "https://mirror.example/*"]`, pass, ""),
		plain("packages", "repos_allowed", `["baseos"]`, fail, "want only allowed repositories, is http://deb.debian.org/debian/"),
		plain("packages", "max_age_days", `40`, pass, "last change 2026-10-14T00:00:00Z"),
		plain("packages", "max_age_days", `39`, fail, "want at most 39 days, is 40 days: last change 2026-10-14T00:00:00Z"),
	}
}

func ruleCases() []wordCase {
	rule := func(body string, status finding.Status, message string) wordCase {
		return wordCase{"rule", "\n[[rule]]\nid = 'org.x'\ntitle = 'X'\n" + body + "\n", "org.x", status, message}
	}
	return []wordCase{
		rule("file = '/etc/issue'\ncontains = 'Authorized'\nmode = '0644'", pass, ""),
		rule("file = '/etc/issue'\ncontains = 'a.b'\nowner = 'ops'", fail, `want: contains "a.b"; want owner ops, is root`),
		rule("file = '/etc/issue'\nmatch = 'never asked'", unknown, ""),
		rule("file = '/etc/gone'\nexists = true\nmode = '0644'", fail, "does not exist"),
		rule("file = '/etc/gone'\nexists = false", pass, "absent"),
		rule("file = '/etc/gone'\nnot_match = 'x'", notApp, "does not exist"),
		rule("file = '/etc/gone'\nnot_match = 'x'\nmode = '0644'", fail, "does not exist"),
		rule("file = '/etc/issue'\nexists = false", fail, "exists: file"),
		rule("file = '/var/unread'\nexists = true", unknown, ""),
		rule("file = '/etc/issue'\nmatch = 'x'\nassessable = 'ask the owner of the data'", finding.Manual, "ask the owner of the data"),
	}
}

func TestAccountsThatBreakTheRule(t *testing.T) {
	for key, c := range map[string]struct {
		change func(facts.Users)
		status finding.Status
		fix    string
	}{
		"uid0_only_root = true":                         {func(u facts.Users) { u[2].UID = 0 }, fail, "give ops a user id of its own: usermod -u UID ops"},
		"no_empty_passwords = true":                     {func(u facts.Users) { u[3].Shadow.State = facts.PasswordEmpty }, fail, "passwd -l ana"},
		"no_empty_passwords = true # in passwd":         {func(u facts.Users) { u[3].Password = "empty" }, fail, "passwd -l ana"},
		"no_empty_passwords = true # no shadow":         {func(u facts.Users) { u[3].Shadow = nil }, unknown, ""},
		"root_locked = true":                            {func(u facts.Users) { u[0].Shadow.State = facts.PasswordHash }, fail, "passwd -l root"},
		"root_locked = true # toor":                     {func(u facts.Users) { u[2].UID = 0 }, fail, "passwd -l root"},
		"root_locked = true # no shadow":                {func(u facts.Users) { u[0].Shadow = nil }, unknown, ""},
		"password_max_days = { max = 365 } # never":     {func(u facts.Users) { u[3].Shadow.Max = nil }, fail, "chage --maxdays 365 for each of them"},
		"password_max_days = { max = 365 } # nobody":    {func(u facts.Users) { u[2].Shadow.State, u[3].Shadow.State = "locked", "locked" }, notApp, ""},
		"password_max_days = { max = 365 } # no shadow": {func(u facts.Users) { u[2].Shadow = nil }, unknown, ""},
		"uid0_only_root = true # hostile name":          {func(u facts.Users) { u[2].UID, u[2].Name = 0, "x;reboot" }, fail, ""},
	} {
		f := detail(t, "[users]\n"+key+"\n", "users", func(u *facts.Users) { c.change(*u) })
		if f.Status != c.status || f.Fix != c.fix {
			t.Errorf("%s: %s (%s), fix %q", key, f.Status, f.Message, f.Fix)
		}
	}
	f := detail(t, "[users]\nallowed = [{ uid = '>=0' }]\n", "nis", func(n *facts.NIS) { *n = append(*n, facts.NISEntry{Name: "+@all"}) })
	if f.Status != fail {
		t.Errorf("accounts of a network service: %s", f.Status)
	}
	f = detail(t, "[groups.web]\nmembers = ['ana']\n", "nis", func(n *facts.NIS) { *n = append(*n, facts.NISEntry{Name: "+"}) })
	if f.Status != unknown {
		t.Errorf("members of a network service: %s", f.Status)
	}
}

func TestFirewallsThatKeepNothingOut(t *testing.T) {
	chain := func(f *facts.Firewall) *facts.NFTChain { return &f.NFTables.Tables[0].Chains[0] }
	rules := func(f *facts.Firewall, n int, texts ...string) {
		c := chain(f)
		c.Policy, c.Rules = "accept", n
		for _, text := range texts {
			c.Lines = append(c.Lines, facts.NFTRule{Text: text})
		}
	}
	iptables := func(f *facts.Firewall, policy string, texts ...string) {
		c := facts.IPTablesChain{Name: "INPUT", Policy: policy, Rules: len(texts)}
		for _, text := range texts {
			c.Lines = append(c.Lines, facts.NFTRule{Text: text})
		}
		*f = facts.Firewall{Active: []string{"iptables"}, IPTables: &facts.IPTables{Enabled: ptr(true), Tables: []facts.IPTablesTable{{Family: "ip", Name: "filter", Chains: []facts.IPTablesChain{c}}}}}
	}
	for name, c := range map[string]struct {
		change func(*facts.Firewall)
		want   finding.Status
	}{
		"drops by policy":             {keep[facts.Firewall], pass},
		"no rule":                     {func(f *facts.Firewall) { rules(f, 0) }, fail},
		"accepts only":                {func(f *facts.Firewall) { rules(f, 1, "tcp dport 22 accept") }, fail},
		"a rule that drops":           {func(f *facts.Firewall) { rules(f, 1, "tcp dport 23 drop") }, pass},
		"a rule that leads elsewhere": {func(f *facts.Firewall) { rules(f, 1, "jump filter_in") }, pass},
		"more rules than are told":    {func(f *facts.Firewall) { rules(f, 300, "tcp dport 22 accept") }, unknown},
		"a chain for what goes out":   {func(f *facts.Firewall) { chain(f).Hook = "output" }, fail},
		"not started":                 {func(f *facts.Firewall) { f.Active, f.NFTables.Enabled = nil, ptr(false) }, fail},
		"not known whether started":   {func(f *facts.Firewall) { f.Active, f.NFTables.Enabled = nil, nil }, unknown},
		"iptables, policy":            {func(f *facts.Firewall) { iptables(f, "DROP") }, pass},
		"iptables, accepts": {func(f *facts.Firewall) {
			iptables(f, "ACCEPT", "-A INPUT -i lo -j ACCEPT", "-A INPUT -j LOG --log-prefix x")
		}, fail},
		"iptables, a chain of its own": {func(f *facts.Firewall) { iptables(f, "ACCEPT", "-A INPUT -j in_public") }, pass},
		"ufw": {func(f *facts.Firewall) {
			*f = facts.Firewall{Active: []string{"ufw"}, UFW: &facts.UFW{Enabled: ptr(true), DefaultInput: written("DROP", "/etc/default/ufw", 1)}}
		}, pass},
		"ufw that accepts": {func(f *facts.Firewall) {
			*f = facts.Firewall{Active: []string{"ufw"}, UFW: &facts.UFW{Enabled: ptr(true), DefaultInput: written("ACCEPT", "/etc/default/ufw", 1)}}
		}, fail},
		"firewalld": {func(f *facts.Firewall) {
			*f = facts.Firewall{Active: []string{"firewalld"}, FirewallD: &facts.FirewallD{Enabled: ptr(true), DefaultZone: written("public", "/x", 1), Zones: []facts.FirewallDZone{{Name: "public", Target: "default"}}}}
		}, pass},
		"firewalld that trusts": {func(f *facts.Firewall) {
			*f = facts.Firewall{Active: []string{"firewalld"}, FirewallD: &facts.FirewallD{Enabled: ptr(true), DefaultZone: written("trusted", "/x", 1), Zones: []facts.FirewallDZone{{Name: "trusted", Target: "ACCEPT"}}}}
		}, fail},
	} {
		if f := detail(t, "[network]\nfirewall = 'enabled'\n", "firewall", c.change); f.Status != c.want {
			t.Errorf("%s: %s (%s), want %s", name, f.Status, f.Message, c.want)
		}
	}
	f := load(t, "[network]\nfirewall = 'enabled'\n").Judge(t.Context(), without("firewall", facts.Absent))[0]
	if f.Status != fail || f.Fix == "" {
		t.Errorf("no firewall: %s, fix %q", f.Status, f.Fix)
	}
}

func TestAgesThatProveNothing(t *testing.T) {
	age := func(change func(*facts.History)) finding.Finding {
		return detail(t, "[packages]\nmax_age_days = 10\n", "history", change)
	}
	for name, c := range map[string]struct {
		change func(*facts.History)
		want   finding.Status
	}{
		"old":                          {keep[facts.History], fail},
		"no record":                    {func(h *facts.History) { h.Packages = nil }, unknown},
		"a later one may be elsewhere": {func(h *facts.History) { h.Unread = []string{"/var/lib/dnf/history.sqlite"} }, unknown},
		"of the future":                {func(h *facts.History) { h.Packages.Day = 20790 }, unknown},
		"of tomorrow":                  {func(h *facts.History) { h.Packages.Day = 20781 }, pass},
	} {
		if f := age(c.change); f.Status != c.want {
			t.Errorf("%s: %s (%s), want %s", name, f.Status, f.Message, c.want)
		}
	}
	for _, text := range []string{"[packages]\nmax_age_days = 10\n", "[certificates]\nexpire_within_days = 1\n"} {
		doc := guestFacts()
		doc.Meta.NowDay = 0
		if f := load(t, text).Judge(t.Context(), doc)[0]; f.Status != unknown {
			t.Errorf("no day, %s: %s", text, f.Status)
		}
	}
	f := detail(t, "[certificates]\nexpire_within_days = 30\n", "certificates", func(c *facts.Certificates) { (*c)[0].NotAfterDay = 20770 })
	if f.Status != fail || f.Message != "CN=web ended 10 days ago" {
		t.Errorf("%s %s", f.Status, f.Message)
	}
	f = detail(t, "[certificates]\nexpire_within_days = 30\n", "certificates", func(c *facts.Certificates) { *c = (*c)[1:] })
	if f.Status != notApp {
		t.Errorf("authorities only: %s %s", f.Status, f.Message)
	}
}

func TestModulesOfKernelsThatAreNotKnown(t *testing.T) {
	text := "[kernel]\nmodules_disabled = ['cramfs']\n"
	f := detail(t, text, "kernel", func(k *facts.Kernels) { k.Installed[0].Builtin, k.Installed[0].Loadable = nil, nil })
	if f.Status != unknown {
		t.Errorf("lists of modules that are not there: %s %s", f.Status, f.Message)
	}
	if f = detail(t, text, "kernel", func(k *facts.Kernels) { k.Installed = nil }); f.Status != pass {
		t.Errorf("no kernel: %s %s", f.Status, f.Message)
	}
	if f = load(t, text).Judge(t.Context(), without("modprobe", facts.Absent))[0]; f.Status != fail {
		t.Errorf("no file of modprobe: %s %s", f.Status, f.Message)
	}
}

func TestFixesOfBootAndMounts(t *testing.T) {
	for text, want := range map[string]string{
		"[kernel]\ncmdline_required = ['quiet']\n":            "add quiet to GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub",
		"[kernel]\ncmdline_forbidden = ['mitigations=off']\n": "remove mitigations=off from GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub",
		"[kernel]\nmodules_disabled = ['dccp']\n":             `write "install dccp /bin/false" into /etc/modprobe.d/dccp.conf`,
		"[storage.options]\n'/tmp' = ['noexec']\n":            "add noexec to the options in line 3 of /etc/fstab",
		"[services]\nenabled = ['nginx']\n":                   "systemctl enable nginx.service",
		"[services]\ndisabled = ['cups']\n":                   "systemctl disable --now cups.service cups.socket",
		"[services]\nmasked = ['nginx']\n":                    "systemctl mask nginx.service",
		"[services]\ndisabled = ['crond']\n":                  "rc-update del crond",
		"[config.sysctl]\n'net.ipv4.ip_forward' = 1\n":        `write "net.ipv4.ip_forward = 1" in place of line 1 of /etc/sysctl.d/10.conf`,
		"[config.sysctl]\n'kernel.dmesg_restrict' = 1\n":      `write "kernel.dmesg_restrict = 1" into /etc/sysctl.d/99-zz-baseline.conf`,
		"[config.sudo]\nuse_pty = false\n":                    `write "Defaults !use_pty" in place of line 1 of /etc/sudoers`,
		"[config.login_defs]\nUMASK = '077'\n":                `write "UMASK 077" in place of line 2 of /etc/login.defs`,
		"[config.journald]\nStorage = 'persistent'\n":         `write "Storage=persistent" into /etc/systemd/journald.conf.d/zz-baseline.conf`,
	} {
		f := load(t, text).Judge(t.Context(), guestFacts())[0]
		if f.Status != fail || f.Fix != want {
			t.Errorf("%s: %s, fix %q, want %q", text, f.Status, f.Fix, want)
		}
	}
}
