package policy_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// guests are the images that make images builds, in the order of the verdicts below.
var guests = []struct{ name, image string }{
	{"debian12", "debian12.raw"}, {"hardened", "debian12-hardened.qcow2"}, {"broken", "debian12-broken.qcow2"},
}

// evidence is a line of a file below testdata that says what is so. The files of truth are the answers of the guest's own
// tools, those of variants lie in the guest as they are. No line says that the file has none that begins with the text.
type evidence struct {
	file, line string
	none       bool
}

func says(file, line string) evidence { return evidence{file: file, line: line} }

func silent(file, line string) evidence { return evidence{file, line, true} }

// verdicts has what each check of testdata/truth.toml must say of each guest, and why.
func verdicts() map[string]struct {
	want [3]finding.Status
	why  [3]evidence
} {
	type row = struct {
		want [3]finding.Status
		why  [3]evidence
	}
	const (
		plain, hardened, broken    = "truth/debian12/", "truth/hardened/", "truth/broken/"
		hardenedFiles, brokenFiles = "variants/hardened/", "variants/broken/"
	)
	in := func(file string, lines ...string) [3]evidence {
		return [3]evidence{says(plain+file, lines[0]), says(hardened+file, lines[1]), says(broken+file, lines[2])}
	}
	return map[string]row{
		"system.timezone": {[3]finding.Status{pass, pass, fail}, [3]evidence{2: says("variants/broken.sh", "cp -L usr/share/zoneinfo/Asia/Kolkata etc/localtime")}},
		"packages.required/openssh-server": {
			[3]finding.Status{pass, pass, pass},
			in("versions", "openssh-server 1:9.2p1-2+deb12u10", "openssh-server 1:9.2p1-2+deb12u10", "openssh-server 1:9.2p1-2+deb12u10"),
		},
		"packages.forbidden/telnet": {[3]finding.Status{pass, pass, fail}, [3]evidence{2: says("variants/broken.sh", "\tPackage: telnet")}},
		"packages.repos_allowed":    {[3]finding.Status{pass, pass, pass}, [3]evidence{2: says(brokenFiles+"etc/apt/sources.list.d/extra.sources", "Enabled: no")}},
		// built of packages of 2025-11-01; the hardened one has its logs on a volume that is on none of the disks
		"packages.max_age_days": {[3]finding.Status{pass, unknown, pass}, [3]evidence{1: says(hardened+"mounts.txtar", "LABEL=log /var/log ext4 nodev,nosuid,noexec,nofail")}},

		"config.sshd.X11Forwarding":   {[3]finding.Status{fail, pass, fail}, in("sshd.txtar", "x11forwarding yes", "x11forwarding no", "> x11forwarding yes")},
		"config.sshd.PermitRootLogin": {[3]finding.Status{fail, pass, fail}, in("sshd.txtar", "permitrootlogin without-password", "permitrootlogin no", "permitrootlogin without-password")},
		"config.sshd.MaxAuthTries":    {[3]finding.Status{fail, pass, pass}, in("sshd.txtar", "maxauthtries 6", "maxauthtries 4", "maxauthtries 3")},

		"config.sysctl.net.ipv4.ip_forward":      {[3]finding.Status{fail, pass, fail}, in("sysctl", "net/ipv4/ip_forward\t", "net/ipv4/ip_forward\t0", "net/ipv4/ip_forward\t1")},
		"config.sysctl.kernel.yama.ptrace_scope": {[3]finding.Status{fail, pass, fail}, in("sysctl", "kernel/yama/ptrace_scope\t", "kernel/yama/ptrace_scope\t1", "kernel/yama/ptrace_scope\t")},

		"config.sudo.nopasswd": {[3]finding.Status{pass, pass, fail}, [3]evidence{
			silent(plain+"sudo.txtar", "    (root) NOPASSWD:"), silent(hardened+"sudo.txtar", "    (root) NOPASSWD:"), says(broken+"sudo.txtar", "    (root) NOPASSWD: ALL"),
		}},
		"config.sudo.use_pty": {[3]finding.Status{pass, pass, fail}, [3]evidence{1: says(hardenedFiles+"etc/sudoers.d/hardening", "Defaults use_pty"), 2: says(brokenFiles+"etc/sudoers", "Defaults\t!use_pty")}},

		"config.pam.minlen": {[3]finding.Status{fail, pass, fail}, [3]evidence{
			1: says(hardenedFiles+"etc/security/pwquality.conf", "minlen = 14"), 2: says(brokenFiles+"etc/pam.d/common-password", "password\toptional\t\t\tpam_pwquality.so retry=3 minlen=6"),
		}},
		"config.pam.deny":     {[3]finding.Status{fail, pass, fail}, [3]evidence{1: says(hardenedFiles+"etc/security/faillock.conf", "deny = 5"), 2: silent(broken+"pam.txtar", "/etc/pam.d/common-auth:3")}},
		"config.pam.remember": {[3]finding.Status{fail, pass, fail}, [3]evidence{}},

		"config.login_defs.UMASK": {[3]finding.Status{fail, pass, pass}, [3]evidence{
			1: says(hardenedFiles+"etc/login.defs", "UMASK\t027"), 2: says(brokenFiles+"etc/login.defs", "UMASK\t027"),
		}},
		"config.ini:/etc/systemd/journald.conf:Journal.Storage": {[3]finding.Status{fail, pass, fail}, [3]evidence{
			silent(plain+"systemd.txtar", "Storage="), says(hardened+"systemd.txtar", "Storage=persistent"), says(broken+"systemd.txtar", "Storage=auto"),
		}},
		"config.ini:/usr/lib/os-release:ID":                {[3]finding.Status{pass, pass, pass}, [3]evidence{}},
		"config.json:/etc/docker/daemon.json:live-restore": {[3]finding.Status{pass, pass, pass}, [3]evidence{}},

		// the broken one boots into another target, which does not pull ssh.service in
		"services.enabled/sshd": {[3]finding.Status{pass, pass, fail}, in("units", "ssh.service enabled enabled enabled", "ssh.service enabled enabled enabled", "ssh.service enabled enabled enabled")},
		"services.disabled/nftables": {
			[3]finding.Status{pass, fail, pass}, in("units", "nftables.service disabled disabled enabled", "nftables.service enabled enabled enabled", "nftables.service disabled disabled enabled"),
		},
		"services.masked/ctrl-alt-del.target": {
			[3]finding.Status{fail, pass, fail}, in("units", "ctrl-alt-del.target alias alias -", "ctrl-alt-del.target masked masked enabled", "ctrl-alt-del.target alias alias -"),
		},
		"services.absent/cups": {[3]finding.Status{pass, pass, pass}, [3]evidence{silent(plain+"units", "cups.service "), silent(hardened+"units", "cups.service "), silent(broken+"units", "cups.service ")}},

		// lines of the broken one's passwd cannot be read, so that nothing is known of all accounts
		"users.allowed": {[3]finding.Status{pass, pass, fail}, in("accounts.txtar", "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin", "ops:x:1002:1002:Ops:/home/ops:/bin/bash", "bob P 1970-01-01 0 99999 7 -1")},
		"users.password_max_days": {[3]finding.Status{notApp, pass, fail}, [3]evidence{
			says(plain+"accounts.txtar", "root L 2025-11-01 0 99999 7 -1"), says(hardened+"accounts.txtar", "ana P 2025-11-01 1 365 14 30"), says(broken+"accounts.txtar", "toor P 1997-05-19 0 99999 7 -1"),
		}},
		"users.root_locked":       {[3]finding.Status{pass, pass, fail}, [3]evidence{0: says(plain+"accounts.txtar", "root L 2025-11-01 0 99999 7 -1")}},
		"groups.wheel.members":    {[3]finding.Status{fail, fail, pass}, [3]evidence{2: says(broken+"accounts.txtar", "wheel:x:1010:ana,bob")}},
		"groups.ssl-cert.members": {[3]finding.Status{pass, pass, pass}, in("accounts.txtar", "ssl-cert:x:107:postgres", "ssl-cert:x:107:postgres", "ssl-cert:x:107:postgres")},

		"kernel.cmdline_required/audit=1": {[3]finding.Status{fail, pass, fail}, [3]evidence{
			1: says(hardenedFiles+"etc/default/grub", `GRUB_CMDLINE_LINUX="console=ttyS0 apparmor=1 security=apparmor audit=1 audit_backlog_limit=8192 slab_nomerge init_on_alloc=1"`),
		}},
		"kernel.cmdline_forbidden/apparmor=0": {[3]finding.Status{pass, pass, fail}, [3]evidence{}},
		// "insmod" is what modprobe would do; the kernel of all three has no cramfs
		"kernel.modules_disabled/cramfs": {[3]finding.Status{pass, pass, pass}, in("modprobe", "cramfs\t", "cramfs\tinstall /bin/false  ", "cramfs\tinstall /bin/false  ")},
		"kernel.modules_disabled/dccp":   {[3]finding.Status{fail, pass, pass}, in("modprobe", "dccp\tinsmod net/dccp/dccp.ko  ", "dccp\tinstall /bin/false  ", "dccp\tinstall /bin/true  ")},
		"kernel.modules_disabled/sctp": {[3]finding.Status{fail, pass, fail}, [3]evidence{
			2: says(broken+"modprobe", "sctp\tinsmod arch/x86/crypto/crc32c-intel.ko  insmod lib/libcrc32c.ko  insmod net/ipv4/udp_tunnel.ko  insmod net/ipv6/ip6_udp_tunnel.ko  install /sbin/modprobe --ignore-install sctp  "),
		}},

		"storage.separate:/var/tmp": {[3]finding.Status{fail, pass, pass}, [3]evidence{
			silent(plain+"mounts.txtar", "var-tmp.mount "), says(hardened+"mounts.txtar", "tmpfs /var/tmp tmpfs mode=1777,nodev,nosuid,noexec,size=256M"), says(broken+"mounts.txtar", "tmpfs /var/tmp tmpfs nodev,defaults"),
		}},
		"storage.separate:/home": {[3]finding.Status{fail, pass, fail}, [3]evidence{
			silent(plain+"mounts.txtar", "home.mount "), says(hardened+"mounts.txtar", "home.mount /dev/disk/by-label/home /home nodev,nosuid,nofail"), silent(broken+"mounts.txtar", "home.mount "),
		}},
		"storage.options:/var/tmp": {[3]finding.Status{fail, pass, fail}, [3]evidence{
			1: says(hardened+"mounts.txtar", "tmpfs /var/tmp tmpfs mode=1777,nodev,nosuid,noexec,size=256M"), 2: says(broken+"mounts.txtar", "tmpfs /var/tmp tmpfs nodev,defaults"),
		}},
		"storage.encryption:/root": {[3]finding.Status{fail, fail, fail}, [3]evidence{0: says(plain+"mounts.txtar", "UUID=1c0ffee0-0000-4000-8000-000000000012 / ext4 errors=remount-ro")}},
		// the volume with the label home is on none of the disks
		"storage.encryption:/home": {[3]finding.Status{fail, unknown, fail}, [3]evidence{1: says(hardened+"mounts.txtar", "LABEL=home /home ext4 nodev,nosuid,nofail")}},

		"network.firewall":                {[3]finding.Status{fail, pass, fail}, in("units", "nftables.service disabled disabled enabled", "nftables.service enabled enabled enabled", "nftables.service disabled disabled enabled")},
		"certificates.expire_within_days": {[3]finding.Status{pass, pass, pass}, [3]evidence{}},
		"org.release":                     {[3]finding.Status{pass, pass, pass}, [3]evidence{}},
	}
}

// TestTruth judges the real Debian 12, and its hardened and its broken variant.
func TestTruth(t *testing.T) {
	p, err := policy.Load([]string{"testdata/truth.toml"}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := verdicts()
	for _, c := range p.Checks {
		if _, ok := want[c.ID]; !ok {
			t.Errorf("%s has no verdict", c.ID)
		}
	}
	if len(want) != len(p.Checks) {
		t.Errorf("%d verdicts for %d checks", len(want), len(p.Checks))
	}
	for i, g := range guests {
		t.Run(g.name, func(t *testing.T) {
			findings := judgeImage(t, p, filepath.Join("../build/images", g.image))
			for id, v := range want {
				if f := byID(t, findings, id); f.Status != v.want[i] {
					t.Errorf("%s: %s (%s), want %s", id, f.Status, f.Message, v.want[i])
				}
			}
		})
	}
}

// TestTruthHasItsEvidence: what a verdict goes by is still what the guest's tools said.
func TestTruthHasItsEvidence(t *testing.T) {
	for id, v := range verdicts() {
		for _, e := range v.why {
			if e.file == "" {
				continue
			}
			b, err := os.ReadFile(filepath.Join("../testdata", e.file))
			if err != nil {
				t.Errorf("%s: %v", id, err)
				continue
			}
			lines := strings.Split(string(b), "\n")
			if e.none && slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, e.line) }) {
				t.Errorf("%s: %s has a line %q", id, e.file, e.line)
			}
			if !e.none && !slices.Contains(lines, e.line) {
				t.Errorf("%s: %s has no line %q", id, e.file, e.line)
			}
		}
	}
}

func judgeImage(t *testing.T, p *policy.Policy, image string) []finding.Finding {
	t.Helper()
	if _, err := os.Stat(image); errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("GUESTCTL_IMAGES") == "required" {
			t.Fatal(err)
		}
		t.Skipf("%v: build it with make images", err)
	}
	m, err := engine.Open(t.Context(), []string{image}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	doc, err := m.Facts(t.Context(), m.Guests[0], p.Request(), time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return p.Judge(t.Context(), doc)
}
