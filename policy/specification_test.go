package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// specification is the example that the vocabulary was laid down by, without [hygiene], [rego] and waivers, which other tests
// look at. What
// stands in it between angle brackets is filled in.
func specification(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("testdata/specification.toml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for from, to := range map[string]string{"<64 hex digits>": digest, "<fingerprint>": fingerprint} {
		if !strings.Contains(text, from) {
			t.Fatalf("the example has no %s", from)
		}
		text = strings.ReplaceAll(text, from, to)
	}
	return text
}

// TestSpecificationLoads loads the example whole, judges a guest by it, and finds every entry as a check of its own.
func TestSpecificationLoads(t *testing.T) {
	name := write(t, "web.toml", specification(t), "base-linux.toml", "[system]\ntimezone = \"Europe/Paris\"\n", "allowed-packages.txt", "nginx\n")
	p, err := policy.Load([]string{name}, policy.Options{Labels: map[string]string{"role": "web"}})
	if err != nil {
		t.Fatal(strings.ReplaceAll(err.Error(), filepath.Dir(name)+"/", ""))
	}
	// The numbers of NIST that the checks carry are those of another revision than the example names.
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].Message, "NIST-800-53r5") {
		t.Errorf("warnings %v", p.Warnings)
	}
	have := map[string]bool{}
	for _, c := range p.Checks {
		have[c.ID] = true
	}
	for _, id := range []string{
		"system.timezone", "packages.required/openssl", "packages.only", "files.policy.suid_allow", "config.sshd.PermitRootLogin", "config.sshd.AllowGroups",
		"config.sysctl.net.ipv4.ip_forward", "config.sudo.nopasswd", "config.pam.minlen", "config.ini:/etc/systemd/journald.conf:Journal.Storage",
		"config.json:/etc/docker/daemon.json:live-restore", "services.enabled/sshd", "services.disabled/cups", "services.masked/ctrl-alt-del.target",
		"services.absent/rpcbind", "users.allowed", "users.uid0_only_root", "users.password_max_days", "users.authorized_keys/ops", "groups.wheel.members",
		"kernel.cmdline_required/audit=1", "kernel.cmdline_forbidden/mitigations=off", "kernel.modules_disabled/usb-storage", "storage.separate:/var/log",
		"storage.options:/tmp", "storage.encryption:/home", "network.firewall", "certificates.expire_within_days", "malware",
		"drift", "backup.read_all_within", "org.banner", `registry:HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters\SMB1`,
	} {
		if !have[id] {
			t.Errorf("no check %s", id)
		}
	}
	// the example is meant for Rocky and Ubuntu, and the guest is a Debian
	for _, f := range p.Judge(t.Context(), guestFacts()) {
		if f.Status != notApp {
			t.Errorf("%s: %s %s", f.ID, f.Status, f.Message)
		}
	}
	doc := guestFacts()
	os, _ := facts.Get[facts.OS](doc, "os")
	os.ID, os.VersionID = "rocky", "9.4"
	fs := p.Judge(t.Context(), doc)
	for id, want := range map[string]finding.Status{
		"system.timezone": pass, "packages.required/nginx": pass, "packages.only": fail, "packages.verify": unknown, "config.sshd.PermitRootLogin": fail,
		"config.sshd.AllowGroups": pass, "config.sysctl.net.ipv4.ip_forward": pass, "config.sudo.nopasswd": fail, "config.pam.minlen": pass,
		"config.ini:/etc/systemd/journald.conf:Journal.Storage": fail, "config.json:/etc/docker/daemon.json:live-restore": pass, "services.enabled/sshd": pass,
		"services.masked/ctrl-alt-del.target": pass, "users.allowed": fail, "groups.wheel.members": fail, "kernel.cmdline_required/audit=1": pass,
		"kernel.modules_disabled/usb-storage": fail, "storage.options:/tmp": fail, "network.firewall": pass, "malware": unknown, "org.banner": unknown,
	} {
		if f := byID(t, fs, id); f.Status != want {
			t.Errorf("%s: %s (%s), want %s", id, f.Status, f.Message, want)
		}
	}
}
