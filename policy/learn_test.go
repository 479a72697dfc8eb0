package policy_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// golden is a guest to learn from: the one of the other tests, with files.
func golden() *facts.Document {
	d := guestFacts()
	regular := func(mode, group, content string) *facts.File {
		return &facts.File{
			Exists: true, Type: "file", Mode: mode, Owner: "root", Group: group,
			Digests: map[string]string{"sha256": strings.Repeat(content, 64/len(content))},
		}
	}
	d.Facts["files"] = &facts.Files{
		"/etc/ssh/sshd_config": regular("0644", "root", "0a"), "/etc/shadow": regular("0640", "shadow", "0b"),
		"/etc/motd": regular("0644", "root", "0c"), "/etc/pam.d/sshd": regular("0644", "root", "0d"),
		"/etc/fstab": {Error: "not read"},
	}
	d.Facts["globs"] = &facts.Globs{
		"/etc/pam.d/*":         {Paths: []string{"/etc/pam.d/sshd", "/etc/pam.d/x\" = 'a'\n[system]\nos", "/etc/pam.d/*"}},
		"/etc/systemd/*.conf":  {Paths: []string{"/etc/systemd/a.conf"}, Error: "not read"},
		"/etc/profile.d/*.sh":  {Paths: []string{}},
		"/etc/sysctl.d/*.conf": {Paths: []string{"/etc/sysctl.d/\xff.conf"}},
	}
	return d
}

func learn(t *testing.T, docs ...*facts.Document) string {
	t.Helper()
	text, err := policy.Learn(t.Context(), []string{"a.qcow2", "b.qcow2", "c.qcow2"}[:len(docs)], docs)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// holds reports whether the text has a line, whatever the blanks in it.
func holds(text, line string) bool {
	blanks := regexp.MustCompile(`\s+`)
	for one := range strings.Lines(text) {
		if strings.TrimSpace(blanks.ReplaceAllString(one, " ")) == line {
			return true
		}
	}
	return false
}

func TestLearnWhatGuestsHaveInCommon(t *testing.T) {
	a, b := golden(), golden()
	b.Facts["hostname"] = &facts.Hostname{Value: "web02", Explicit: true}
	b.Facts["locale"] = &facts.Locale{Value: "C.UTF-8"}
	b.Collectors["crypto_policy"] = facts.Status{State: facts.Partial, Problems: []facts.Problem{{Message: "half"}}}
	p, _ := facts.Get[facts.Packages](b, "packages")
	delete(p.Installed, "nginx")
	files, _ := facts.Get[facts.Files](b, "files")
	(*files)["/etc/motd"].Digests["sha256"] = strings.Repeat("0e", 32)
	(*files)["/etc/shadow"].Mode = "0600"

	text := learn(t, a, b)
	for _, want := range []string{
		`# Learned from a.qcow2 and b.qcow2.`,
		`os = "debian" # /usr/lib/os-release:3`,
		`timezone = "Etc/UTC" # /etc/localtime`,
		`selinux = "permissive" # /boot/grub/grub.cfg:5`,
		`machine_id = "uninitialized" # /etc/machine-id`,
		`fips = true # /boot/grub/grub.cfg:5`,
		`ntp_servers = ["a.example.org", "b.example.org"] # /etc/chrony.conf:2`,
		`holds = ["linux-image-amd64"] # /var/lib/dpkg/status:50`,
		`"libpq5", # libpq5 15.8-0, /var/lib/dpkg/status:20`,
		`"/etc/motd" = { mode = "0644", owner = "root", group = "root" } # /etc/motd`,
		`"/etc/ssh/sshd_config" = "sha256:` + strings.Repeat("0a", 32) + `" # /etc/ssh/sshd_config`,
		`"/etc/pam.d/sshd" = "sha256:` + strings.Repeat("0d", 32) + `" # /etc/pam.d/sshd`,
		`"/usr/bin/crontab", # mode 2755`,
		`PermitRootLogin = "without-password" # /etc/ssh/sshd_config:1`,
		`"net.ipv4.ip_forward" = "0" # /etc/sysctl.d/10.conf:1`,
		`"pwquality.minlen" = "14" # /etc/security/pwquality.conf:1`,
		`"ssh.service", # enabled, started at boot, /usr/lib/systemd/system/x`,
		`"ops", # uid 1000, /etc/passwd:3`,
		`members = ["ana", "bob", "ops"] # /etc/group:1`,
		`"audit=1", # audit=1, /boot/grub/grub.cfg:5`,
		`"cramfs", # blocked, /etc/modprobe.d/a.conf:1`,
		`"/tmp" = ["nodev", "nosuid"] # /etc/fstab:3`,
		`firewall = "enabled" # /etc/nftables.conf:5`,
		`# system.hostname differs: web01, web02`,
		`# system.locale differs: C.UTF-8, en_US.utf8`,
		`# system.crypto_policy is not known of b.qcow2: crypto_policy: half`,
	} {
		if !holds(text, want) {
			t.Errorf("not learned: %s", want)
		}
	}
	for _, unwanted := range []string{"nginx", "exim4", "zlib1g-dev", `"/etc/shadow"`, strings.Repeat("0c", 32), `"/etc/fstab"`, "/etc/systemd/a.conf", "world_writable", "supported", "hostname ="} {
		if strings.Contains(text, unwanted) {
			t.Errorf("learned: %s", unwanted)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	l := load(t, text)
	for _, doc := range []*facts.Document{a, b} {
		for _, f := range l.Judge(t.Context(), doc) {
			if f.Status != finding.Pass {
				t.Errorf("%s is %s: %s", f.ID, f.Status, f.Message)
			}
		}
	}
	changed := golden()
	files, _ = facts.Get[facts.Files](changed, "files")
	(*files)["/etc/ssh/sshd_config"].Digests["sha256"] = strings.Repeat("0f", 32)
	if f := byID(t, l.Judge(t.Context(), changed), "files.checksums:/etc/ssh/sshd_config"); f.Status != finding.Fail {
		t.Errorf("a changed file is %s", f.Status)
	}
}

func TestLearnIsTheSameTwice(t *testing.T) {
	first := learn(t, golden(), golden())
	if second := learn(t, golden(), golden()); first != second {
		t.Error("two runs differ")
	}
}

// TestAGuestWritesNoLine: what a guest calls its things goes into strings and comments only.
func TestAGuestWritesNoLine(t *testing.T) {
	hostile := "x\"\n[system]\nos = 'forged' # \u202e\x00\xff"
	guest := func() *facts.Document {
		d := golden()
		p, _ := facts.Get[facts.Packages](d, "packages")
		p.Installed[hostile] = []facts.Package{{Name: hostile, State: "installed", Version: hostile}}
		p.Installed["libc6"][0].Version = hostile
		p.Installed["libc6"][0].Source.Path = hostile
		d.Facts["hostname"] = &facts.Hostname{Value: hostile, Explicit: true, Source: &facts.Source{Path: hostile}}
		d.Facts["locale"] = &facts.Locale{Value: "a\"\\b\n\u202ec", Explicit: true, Source: &facts.Source{Path: "/a\nb"}}
		s, _ := facts.Get[facts.Scan](d, "scan")
		s.SUID = append(s.SUID, facts.ScanEntry{Path: hostile, Mode: hostile})
		return d
	}
	text := learn(t, guest(), guest())
	for _, bad := range []string{"\nos = 'forged'", "\u202e", "\x00", "\xff"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q is in\n%s", bad, text)
		}
	}
	if !holds(text, `locale = "a\"\\b\u000A\u202Ec" # /a\nb`) {
		t.Error(text)
	}
}

func TestLearnFromLittle(t *testing.T) {
	if _, err := policy.Learn(t.Context(), []string{"a"}, []*facts.Document{golden()}); err == nil {
		t.Error("learned from one guest")
	}
	if _, err := policy.Learn(t.Context(), []string{"a", "b"}, []*facts.Document{golden(), {}}); err == nil {
		t.Error("learned from a guest of which nothing is known")
	}
}

func TestLearnAsksForWhatItFinds(t *testing.T) {
	if r := policy.LearnGlobs(); len(r.Files) != 0 || len(r.Globs) < 5 {
		t.Errorf("%+v", r)
	}
	other := golden()
	globs, _ := facts.Get[facts.Globs](other, "globs")
	(*globs)["/etc/pam.d/*"].Paths = append((*globs)["/etc/pam.d/*"].Paths, "/etc/pam.d/other")
	r := policy.LearnRequest([]*facts.Document{golden(), other})
	if _, ok := r.Files["/etc/pam.d/sshd"]; !ok || r.Files["/etc/ssh/sshd_config"].Digests[0] != "sha256" {
		t.Errorf("%+v", r.Files)
	}
	if _, ok := r.Files["/etc/pam.d/other"]; ok {
		t.Error("asks for what one guest does not have")
	}
}
