package policy_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

const digest = "9f3c41d0aa7c4e8c0b7d4f0d0cbd47bb0b8e1b9ac9be18a0c6f2d6f64d2f33e7"

// guestFacts is a whole document of a Debian guest, all of it read.
func guestFacts() *facts.Document {
	status := func(line int) facts.Source { return facts.Source{Path: "/var/lib/dpkg/status", Line: line} }
	pkg := func(name, version, state string, line int) []facts.Package {
		return []facts.Package{{Name: name, Version: version, Arch: "amd64", State: state, Source: status(line)}}
	}
	telnet := pkg("inetutils-telnet", "2:2.4-2", "installed", 40)
	telnet[0].Provides = []facts.Provide{{Name: "telnet"}, {Name: "telnet-client", Version: "2.0"}}
	held := pkg("linux-image-amd64", "6.1.99-1", "installed", 50)
	held[0].Held = true
	libc := append(pkg("libc6", "2.36-9", "installed", 60), facts.Package{
		Name: "libc6", Version: "2.36-9", Arch: "i386", State: "installed", Source: status(70),
	})
	d := &facts.Document{
		Schema: facts.Schema, Meta: facts.Meta{NowDay: 20780}, // 2026-11-23
		Collectors: map[string]facts.Status{},
		Facts: map[string]any{
			"os": &facts.OS{
				ID: "debian", VersionID: "12", Family: "debian", Arch: "x86_64",
				Source: facts.Source{Path: "/usr/lib/os-release", Line: 3},
			},
			"hostname":       &facts.Hostname{Value: "web01", Explicit: true, Source: &facts.Source{Path: "/etc/hostname", Line: 1}},
			"locale":         &facts.Locale{Value: "en_US.utf8", Explicit: true, Source: &facts.Source{Path: "/etc/default/locale", Line: 1}},
			"default_target": &facts.DefaultTarget{Value: "graphical.target", Source: &facts.Source{Path: "/etc/systemd/system/default.target"}},
			"machine_id":     &facts.MachineID{State: "uninitialized", Source: &facts.Source{Path: "/etc/machine-id"}},
			"timezone": &facts.Timezone{
				Zone: facts.Value[string]{Value: "Etc/UTC", Explicit: true, Source: &facts.Source{Path: "/etc/localtime"}},
				How:  "link", Names: []string{"Etc/UTC"},
			},
			"selinux": &facts.SELinux{
				Mode:   facts.Value[string]{Value: "permissive", Explicit: true, Source: &facts.Source{Path: "/boot/grub/grub.cfg", Line: 5, Text: "linux /vmlinuz enforcing=0"}},
				Config: &facts.Value[string]{Value: "enforcing", Explicit: true, Source: &facts.Source{Path: "/etc/selinux/config", Line: 7, Text: "SELINUX=enforcing"}},
				Kernel: []facts.KernelSetting{{Key: "enforcing", Value: "0", Source: facts.Source{Path: "/boot/grub/grub.cfg", Line: 5, Text: "linux /vmlinuz enforcing=0"}}},
				Policy: &facts.Source{Path: "/etc/selinux/default/policy/policy.33"},
			},
			"apparmor": &facts.AppArmor{
				Mode:      facts.Value[string]{Value: "disabled", Explicit: true, Source: &facts.Source{Path: "/boot/grub/grub.cfg", Line: 5}},
				Why:       "the kernel is told apparmor=0",
				Installed: true,
			},
			"timesync": &facts.Timesync{
				Program: "chrony",
				Servers: []facts.TimeServer{{Name: "a.example.org", Kind: "server", Source: facts.Source{Path: "/etc/chrony.conf", Line: 1}}},
				Pools:   []facts.TimeServer{{Name: "b.example.org", Kind: "pool", Source: facts.Source{Path: "/etc/chrony.conf", Line: 2}}},
			},
			"crypto_policy": &facts.CryptoPolicy{
				Configured: &facts.Value[string]{Value: "FIPS", Explicit: true, Source: &facts.Source{Path: "/etc/crypto-policies/config", Line: 1}},
				State:      &facts.Value[string]{Value: "DEFAULT:NO-SHA1", Explicit: true, Source: &facts.Source{Path: "/etc/crypto-policies/state/current", Line: 1}},
				Drift:      true,
			},
			"registry": registryFacts(),
			"scan":     scanFacts(),
			"kernel": &facts.Kernels{Installed: []facts.Kernel{
				{Release: "6.1.0-18-amd64", Image: "/boot/vmlinuz-6.1.0-18-amd64"},
				{Release: "5.10.0-8-amd64", Image: "/boot/vmlinuz-5.10.0-8-amd64"},
			}},
			"boot": &facts.Boot{Loader: "grub2", Default: 0, Entries: []facts.BootEntry{{
				Kernel: "/boot/vmlinuz-6.1.0-18-amd64", Args: []facts.BootArg{{Key: "fips", Value: "1"}},
				Source: facts.Source{Path: "/boot/grub/grub.cfg", Line: 5},
			}}},
			"packages": &facts.Packages{Manager: "dpkg", Installed: map[string][]facts.Package{
				"nginx":             pkg("nginx", "1.22.1-9", "installed", 10),
				"libpq5":            pkg("libpq5", "15.8-0", "installed", 20),
				"postgresql-common": pkg("postgresql-common", "248", "installed", 25),
				"exim4":             pkg("exim4", "4.96-15", "half-configured", 30),
				"inetutils-telnet":  telnet,
				"linux-image-amd64": held,
				"libc6":             libc,
				"zlib1g-dev":        pkg("zlib1g-dev", "1:1.2.13", "unpacked", 80),
			}, Residual: map[string][]facts.Package{
				"rsh": pkg("rsh", "0.17", "config-files", 90),
			}},
			"files": &facts.Files{
				"/etc/ssh/sshd_config": {
					Exists: true, Type: "file", Mode: "0644", Owner: "root", Group: "root", Resolved: "/etc/ssh/sshd_config",
					Digests: map[string]string{"sha256": digest},
				},
				"/etc/shadow":    {Exists: true, Type: "file", Mode: "0640", Owner: "root", Group: "shadow", GID: 42, Resolved: "/etc/shadow"},
				"/etc/loose":     {Exists: true, Type: "file", Mode: "0604", Owner: "ops", UID: 1000, Resolved: "/etc/loose", ACL: true},
				"/usr/bin/sudo":  {Exists: true, Type: "file", Mode: "4755", Owner: "root", Group: "root", Resolved: "/usr/bin/sudo"},
				"/etc/localtime": {Exists: true, Type: "file", Mode: "0644", Link: "/usr/share/zoneinfo/Etc/UTC", Resolved: "/usr/share/zoneinfo/Etc/UTC"},
				"/etc/dangling":  {Type: "symlink", Link: "/nowhere"},
				"/etc/gone":      {},
				"/var/unread":    {Error: "/var is on a volume that was not opened"},
				"/etc/issue": {
					Exists: true, Type: "file", Mode: "0644", Owner: "root", Group: "root",
					Content: map[string]facts.Match{`Authorized`: {Found: true, Line: 2}, `(?i)kernel`: {}, `a\.b`: {}},
				},
				"/etc": {Exists: true, Type: "dir", Mode: "0755", Owner: "root", Group: "root"},
			},
			"globs": &facts.Globs{
				"/etc/ssh/*_key":   {Paths: []string{"/etc/ssh/ssh_host_rsa_key"}},
				"/etc/*.none":      {},
				"/etc/app.ini.d/*": {}, "/etc/overlaid.ini.d/*": {Paths: []string{"/etc/overlaid.ini.d/9.ini"}}, "/etc/broken.ini.d/*": {},
				"/etc/gone.ini.d/*": {},
				"/var/*":            {Error: "/var cannot be read"},
			},
		},
	}
	maps.Copy(d.Facts, configFacts())
	maps.Copy(d.Facts, machineFacts())
	boot, _ := facts.Get[facts.Boot](d, "boot")
	bootEntries(boot)
	files, _ := facts.Get[facts.Files](d, "files")
	maps.Copy(*files, settingFiles())
	for name := range d.Facts {
		d.Collectors[name] = facts.Status{State: facts.OK}
	}
	return d
}

// scanFacts has one object of each kind.
func scanFacts() *facts.Scan {
	return &facts.Scan{
		Complete: true, Seen: 1000,
		Counts: map[string]int{
			"world_writable_files": 1, "world_writable_dirs": 2, "unowned": 1, "ungrouped": 1, "suid": 1, "sgid": 2, "capabilities": 1,
		},
		WorldWritableFiles: []facts.ScanEntry{{Path: "/srv/open", Type: "file", Mode: "0666"}},
		WorldWritableDirs:  []facts.ScanEntry{{Path: "/srv/drop", Type: "dir", Mode: "0777"}, {Path: "/tmp", Type: "dir", Mode: "1777", Sticky: true}},
		Unowned:            []facts.ScanEntry{{Path: "/srv/lost", Type: "file", Mode: "0644", UID: 1007}},
		Ungrouped:          []facts.ScanEntry{{Path: "/srv/lost", Type: "file", Mode: "0644", GID: 1008}},
		SUID:               []facts.ScanEntry{{Path: "/usr/bin/both", Type: "file", Mode: "6755"}},
		SGID:               []facts.ScanEntry{{Path: "/usr/bin/both", Type: "file", Mode: "6755"}, {Path: "/usr/bin/crontab", Type: "file", Mode: "2755"}},
		Capabilities:       []facts.ScanCapability{{Path: "/usr/bin/ping", Capabilities: "cap_net_admin,cap_net_raw=ep"}},
		Skipped:            []facts.SkippedTree{{Path: "/proc", Reason: "runtime"}, {Path: "/var/lib/docker", Reason: "containers"}},
	}
}

// without returns the document with one domain in the given state.
func without(name string, state facts.State) *facts.Document {
	d := guestFacts()
	st := facts.Status{State: state}
	if state != facts.Absent {
		st.Problems = []facts.Problem{{Path: "/broken", Line: 3, Message: "checksum does not match"}, {Message: "more"}}
	}
	d.Collectors[name] = st
	if state != facts.Partial {
		delete(d.Facts, name)
	}
	return d
}

// write puts files into a directory of the test and returns the path of the first.
func write(t testing.TB, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, files[0])
}

func load(t testing.TB, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Load([]string{write(t, "b.toml", text)}, policy.Options{})
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return p
}

// loadError returns the message of a baseline that must be refused, with the directory of its files left out.
func loadError(t testing.TB, files ...string) string {
	t.Helper()
	name := write(t, files...)
	p, err := policy.Load([]string{name}, policy.Options{})
	if err == nil {
		t.Fatalf("accepted, with %d checks:\n%s", len(p.Checks), files[1])
	}
	return strings.ReplaceAll(err.Error(), filepath.Dir(name)+"/", "")
}

func byID(t testing.TB, fs []finding.Finding, id string) finding.Finding {
	t.Helper()
	for _, f := range fs {
		if f.ID == id {
			return f
		}
	}
	t.Fatalf("no finding %s among %d", id, len(fs))
	return finding.Finding{}
}
