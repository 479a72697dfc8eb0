package imagestate

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

var errDamaged = binread.Corrupt("block 7")

func collectIn(t testing.TB, files map[string]memfs.File) (*facts.ImageState, facts.Status) {
	t.Helper()
	got, status := factstest.Collect[facts.ImageState](t, factstest.Guest(t, files), facts.Request{}, Collector)
	if got == nil {
		t.Fatal(status)
	}
	return got, status
}

func empty() facts.ImageState {
	return facts.ImageState{
		RandomSeeds: []facts.StateFile{}, DHCPLeases: []facts.StateFile{}, UdevNetRules: []facts.NetRule{}, PackageCaches: []facts.PackageCache{},
		Crash: []facts.StateFile{}, TmpFiles: map[string]int{}, MailSpools: []facts.StateFile{}, Unattended: []facts.AnswerFile{}, RHSM: []facts.StatePath{},
	}
}

func TestImageState(t *testing.T) {
	file := memfs.File{Data: "12345"}
	state := func(paths ...string) []facts.StateFile {
		var all []facts.StateFile
		for _, p := range paths {
			all = append(all, facts.StateFile{Path: p, Size: 5})
		}
		return all
	}
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  func(*facts.ImageState)
	}{
		"a clean guest": {map[string]memfs.File{"/var/lib/dhcp": memfs.Dir(), "/var/cache/apt/archives/lock": {}, "/var/crash": memfs.Dir()}, func(*facts.ImageState) {}},
		"seeds": {
			map[string]memfs.File{"/var/lib/systemd/random-seed": file, "/boot/efi/loader/random-seed": file, "/efi": {Link: "boot/efi"}},
			func(s *facts.ImageState) {
				s.RandomSeeds = state("/boot/efi/loader/random-seed", "/var/lib/systemd/random-seed")
			},
		},
		"leases": {
			map[string]memfs.File{
				"/var/lib/dhcp/dhclient.eth0.leases": file, "/var/lib/dhcp/dhclient.leases~": file, "/var/lib/dhcp/other": file, "/var/lib/dhclient/dhclient--eth0.lease": file,
				"/var/lib/NetworkManager/internal-1-eth0.lease": file, "/var/lib/NetworkManager/secret_key": file, "/var/lib/dhcpcd/eth0.lease": file,
				"/var/lib/systemd/network/dhcp-server-lease/eth0": file,
			},
			func(s *facts.ImageState) {
				s.DHCPLeases = state(
					"/var/lib/NetworkManager/internal-1-eth0.lease", "/var/lib/dhclient/dhclient--eth0.lease", "/var/lib/dhcp/dhclient.eth0.leases",
					"/var/lib/dhcp/dhclient.leases~", "/var/lib/dhcpcd/eth0.lease", "/var/lib/systemd/network/dhcp-server-lease/eth0",
				)
			},
		},
		"caches": {
			map[string]memfs.File{
				"/var/cache/apt/archives/a_1_amd64.deb": file, "/var/cache/apt/archives/partial/b.deb": file, "/var/cache/apt/archives/lock": {}, "/var/cache/apt/pkgcache.bin": file,
				"/var/lib/apt/lists/deb.example.org_InRelease": file, "/var/lib/apt/lists/lock": {}, "/var/lib/apt/lists/partial": memfs.Dir(),
				"/var/cache/dnf/base/repodata/x.xml": file, "/var/cache/yum": memfs.Dir(),
			},
			func(s *facts.ImageState) {
				s.PackageCaches = []facts.PackageCache{{Path: "/var/cache/apt/archives", Files: 2, Bytes: 10}, {Path: "/var/cache/dnf", Files: 1, Bytes: 5}, {Path: "/var/lib/apt/lists", Files: 1, Bytes: 5}}
			},
		},
		"crashes": {
			map[string]memfs.File{"/var/crash/202601/vmcore": file, "/var/crash/a.crash": file, "/var/lib/systemd/coredump/core.x.zst": file, "/var/crash/link": {Link: "/etc/fstab"}},
			func(s *facts.ImageState) {
				s.Crash = state("/var/crash/202601/vmcore", "/var/crash/a.crash", "/var/lib/systemd/coredump/core.x.zst")
			},
		},
		"temporary files": {
			map[string]memfs.File{"/tmp/a/b": file, "/tmp/s": {Mode: filesys.ModeSocket | 0o600}, "/var/tmp": memfs.Dir()},
			func(s *facts.ImageState) { s.TmpFiles = map[string]int{"/tmp": 3, "/var/tmp": 0} },
		},
		"mail, by two names": {
			map[string]memfs.File{"/var/mail/root": file, "/var/spool/mail": {Link: "../mail"}},
			func(s *facts.ImageState) { s.MailSpools = state("/var/mail/root") },
		},
		"a subscription": {
			map[string]memfs.File{"/etc/pki/consumer/cert.pem": file, "/etc/pki/consumer/readme": file, "/var/lib/rhsm/facts/facts.json": file},
			func(s *facts.ImageState) {
				s.RHSM = []facts.StatePath{{Path: "/etc/pki/consumer/cert.pem"}, {Path: "/var/lib/rhsm/facts/facts.json"}}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, c.files)
			want := empty()
			c.want(&want)
			if d := cmp.Diff(want, *got); d != "" || status.State != facts.OK {
				t.Errorf("%s %v; want -, got +\n%s", status.State, status.Problems, d)
			}
		})
	}
}

func TestNetRules(t *testing.T) {
	const mac = "52:54:00:12:34:56"
	for name, c := range map[string]struct{ path, text, want string }{
		"udev":                    {"/etc/udev/rules.d/70-persistent-net.rules", "# eth0\nSUBSYSTEM==\"net\", ATTR{address}==\"52:54:00:12:34:56\", NAME=\"eth0\"\n", "2 " + mac},
		"udev, of the parent":     {"/etc/udev/rules.d/10.rules", "ATTRS{address} == \"52:54:00:12:34:56\"", "1 " + mac},
		"udev, in a comment":      {"/etc/udev/rules.d/10.rules", "#ATTR{address}==\"52:54:00:12:34:56\"", ""},
		"udev, a pattern":         {"/etc/udev/rules.d/10.rules", "ATTR{address}==\"52:54:*\"", ""},
		"a link":                  {"/etc/systemd/network/10.link", "[Match]\nMACAddress=52:54:00:12:34:56 52-54-00-12-34-57\n", "2 " + mac + " 2 52:54:00:12:34:57"},
		"a link, permanent":       {"/etc/systemd/network/10.link", "[Match]\nPermanentMACAddress = 5254.0012.3456\n", "2 " + mac},
		"a network":               {"/etc/systemd/network/10.network", ";MACAddress=52:54:00:12:34:56\n", ""},
		"Red Hat's":               {"/etc/sysconfig/network-scripts/ifcfg-eth0", "DEVICE=eth0\nHWADDR=\"52:54:00:12:34:56\"\n", "2 " + mac},
		"NetworkManager's":        {"/etc/NetworkManager/system-connections/a.nmconnection", "[ethernet]\nmac-address=52:54:00:12:34:56\ncloned-mac-address=02:00:00:00:00:01\n", "2 " + mac},
		"netplan's":               {"/etc/netplan/50.yaml", "      match:\n        macaddress: '52:54:00:12:34:56' # x\n", "2 " + mac},
		"netplan's in braces":     {"/etc/netplan/50.yaml", "match: {macaddress: \"52:54:00:12:34:56\"}\n", "1 " + mac},
		"no address":              {"/etc/netplan/50.yaml", "macaddress: bond0\n", ""},
		"a file that is not read": {"/etc/udev/rules.d/10.rules.bak", "ATTR{address}==\"52:54:00:12:34:56\"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, map[string]memfs.File{c.path: {Data: c.text}})
			text := ""
			for _, r := range got.UdevNetRules {
				text += fmt.Sprintf(" %d %s", r.Line, r.MAC)
				if r.Path != c.path {
					t.Errorf("path %s", r.Path)
				}
			}
			if d := cmp.Diff(c.want, text[min(1, len(text)):]); d != "" || status.State != facts.OK {
				t.Errorf("%s %v; want -, got +\n%s", status.State, status.Problems, d)
			}
		})
	}
}

func TestHostileState(t *testing.T) {
	many := map[string]memfs.File{}
	for i := range maxList + 9 {
		many[fmt.Sprintf("/var/crash/%05d", i)] = memfs.File{}
	}
	for name, files := range map[string]map[string]memfs.File{
		"too many":                        many,
		"damaged, and a volume missing":   {"/etc/fstab": {Data: "LABEL=log /var/log ext4 defaults 0 2\n"}, "/var/log": memfs.Dir(), "/var/crash": {Mode: memfs.Dir().Mode, Err: errDamaged}},
		"a directory that cannot be read": {"/var/crash": {Mode: memfs.Dir().Mode, Err: errDamaged}},
		"an inode that cannot be":         {"/var/lib/systemd/random-seed": {StatErr: errDamaged}},
		"a link to itself":                {"/tmp": {Link: "tmp"}},
		"a file in place of a directory":  {"/var/mail": {}},
		"rules that cannot be read":       {"/etc/udev/rules.d/a.rules": {Data: "x", Err: errDamaged}},
	} {
		t.Run(name, func(t *testing.T) {
			if got, status := collectIn(t, files); status.State != facts.Partial || len(got.Crash) > maxList {
				t.Errorf("%s %v", status.State, status.Problems)
			}
		})
	}
}

// TestVolumesThatAreMissing wants nothing to be told of what may lie there, and all of the rest.
func TestVolumesThatAreMissing(t *testing.T) {
	for name, c := range map[string]struct {
		mount string
		want  func(*facts.ImageState)
	}{
		"of logs":            {"/var/log", func(s *facts.ImageState) { s.Unattended = nil }},
		"of temporary files": {"/tmp", func(s *facts.ImageState) { s.TmpFiles = nil }},
		"of caches":          {"/var/cache", func(s *facts.ImageState) { s.PackageCaches = nil }},
		"of mail":            {"/var/spool", func(s *facts.ImageState) { s.MailSpools, s.Crash = nil, nil }},
		"of dumps":           {"/var/crash", func(s *facts.ImageState) { s.Crash = nil }},
		"of loaders":         {"/boot", func(s *facts.ImageState) { s.RandomSeeds, s.Unattended = nil, nil }},
		"of configuration":   {"/etc/netplan", func(s *facts.ImageState) { s.UdevNetRules = nil }},
		"of state": {"/var/lib", func(s *facts.ImageState) {
			s.RandomSeeds, s.DHCPLeases, s.PackageCaches, s.Crash, s.Unattended, s.RHSM = nil, nil, nil, nil, nil, nil
		}},
		"of all that varies": {"/var", func(s *facts.ImageState) { *s = facts.ImageState{UdevNetRules: []facts.NetRule{}} }},
		"of nothing here":    {"/srv", func(*facts.ImageState) {}},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, map[string]memfs.File{"/etc/fstab": {Data: "LABEL=x " + c.mount + " ext4 defaults 0 2\n"}, c.mount: memfs.Dir()})
			want := empty()
			c.want(&want)
			if d := cmp.Diff(want, *got); d != "" || status.State != facts.OK {
				t.Errorf("%s %v; want -, got +\n%s", status.State, status.Problems, d)
			}
		})
	}
}

func FuzzAddresses(f *testing.F) {
	f.Add("HWADDR=52:54:00:12:34:56")
	f.Add("match: {macaddress: \"5254.0012.3456\"}")
	f.Fuzz(func(t *testing.T, line string) {
		for _, mac := range append(addresses(address, line), addresses(addressOfRule, line)...) {
			if len(mac) < 17 {
				t.Errorf("%q has the address %q", line, mac)
			}
		}
	})
}
