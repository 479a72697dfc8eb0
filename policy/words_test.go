package policy_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// word is one use of a key of the vocabulary on the facts of guestFacts.
type wordCase struct {
	word, text, id string
	status         finding.Status
	message        string // "" is not looked at
}

const (
	pass    = finding.Pass
	fail    = finding.Fail
	unknown = finding.Unknown
	notApp  = finding.NotApplicable
)

func system(key, value string) string { return "[system]\n" + key + " = " + value + "\n" }

func list(table, entries string) string {
	key := "packages"
	if strings.HasPrefix(table, "files") {
		key = "paths"
	}
	return "[" + table + "]\n" + key + " = [" + entries + "]\n"
}

func entry(table, key, value string) string {
	return "[" + table + "]\n\"" + key + "\" = " + value + "\n"
}

// wordCases has, for each word, a guest that passes and one that fails. TestNothingReadIsNeverAPass takes the facts away.
func wordCases() []wordCase {
	return slices.Concat(systemCases(), packageCases(), fileCases(), walkedCases(), configCases(), machineCases(), ruleCases(), laterCases())
}

func systemCases() []wordCase {
	return []wordCase{
		{"system.timezone", system("timezone", `"Zulu"`), "system.timezone", pass, "Etc/UTC"},
		{"system.timezone", system("timezone", `"Europe/Paris"`), "system.timezone", fail, "want Europe/Paris, is Etc/UTC"},
		{"system.timezone", system("timezone", `{ in = ["Europe/Paris", "UTC"] }`), "system.timezone", pass, ""},
		{"system.timezone", system("timezone", `{ not = "Universal" }`), "system.timezone", fail, "want not Universal, is Etc/UTC"},
		{"system.selinux", system("selinux", `"permissive"`), "system.selinux", pass, "permissive"},
		{"system.selinux", system("selinux", `"enforcing"`), "system.selinux", fail, "want enforcing, is permissive"},
		{"system.selinux", system("selinux", `{ not_in = ["disabled", "absent"] }`), "system.selinux", pass, ""},
		{"system.hostname", system("hostname", `{ match = '^web\d+$' }`), "system.hostname", pass, "web01"},
		{"system.hostname", system("hostname", `{ matches = "^db" }`), "system.hostname", fail, "want a match of ^db, is web01"},
		{"system.hostname", system("hostname", `{ contains = "eb", excludes = "db", exists = true }`), "system.hostname", pass, ""},
		{"system.hostname", system("hostname", `{ exists = false }`), "system.hostname", fail, "want not set, is web01"},
		{"system.os", system("os", `"debian"`), "system.os", pass, "debian"},
		{"system.os", system("os", `"rocky"`), "system.os", fail, "want rocky, is debian"},
		{"system.version", system("version", `">=11"`), "system.version", pass, "12"},
		{"system.version", system("version", `{ min = "12.1" }`), "system.version", fail, "want at least 12.1, is 12"},
		{"system.version", system("version", `{ max = "12" }`), "system.version", pass, ""},
		{"system.version", system("version", `{ not = ">=12" }`), "system.version", fail, ""},
		{"system.supported", system("supported", `true`), "system.supported", pass, ""},
		{"system.supported", system("supported", `false`), "system.supported", fail, "want false, is true"},
		{"system.kernel", system("kernel", `">=6.1"`), "system.kernel", pass, "6.1.0-18-amd64"},
		{"system.kernel", system("kernel", `"!=6.1.0-18*"`), "system.kernel", fail, "want !=6.1.0-18*, is 6.1.0-18-amd64"},
		{"system.fips", system("fips", `true`), "system.fips", pass, ""},
		{"system.fips", system("fips", `false`), "system.fips", fail, "want false, is true"},
		{"system.default_target", system("default_target", `"graphical"`), "system.default_target", pass, ""},
		{"system.default_target", system("default_target", `"multi-user.target"`), "system.default_target", fail, ""},
		{"system.locale", system("locale", `"en_US.UTF-8"`), "system.locale", pass, "en_US.utf8"},
		{"system.locale", system("locale", `"C.UTF-8"`), "system.locale", fail, ""},
		{"system.machine_id", system("machine_id", `"empty"`), "system.machine_id", pass, "uninitialized"},
		{"system.machine_id", system("machine_id", `"set"`), "system.machine_id", fail, "want set, is uninitialized"},
		{"system.apparmor", system("apparmor", `"enabled"`), "system.apparmor", fail, "want enabled, is disabled"},
		{"system.apparmor", system("apparmor", `{ not = "absent" }`), "system.apparmor", pass, "disabled"},
		{"system.ntp_servers", system("ntp_servers", `["b.example.org", "a.example.org"]`), "system.ntp_servers", pass, "a.example.org, b.example.org"},
		{"system.ntp_servers", system("ntp_servers", `["a.example.org"]`), "system.ntp_servers", fail, ""},
		{"system.crypto_policy", system("crypto_policy", `"DEFAULT:NO-SHA1"`), "system.crypto_policy", pass, "DEFAULT:NO-SHA1"},
		{"system.crypto_policy", system("crypto_policy", `"FIPS"`), "system.crypto_policy", fail, "want FIPS, is DEFAULT:NO-SHA1"},
	}
}

func packageCases() []wordCase {
	required, forbidden, versions := "packages.required", "packages.forbidden", "packages.versions"
	return []wordCase{
		{required + ".packages", list(required, `"nginx"`), required + "/nginx", pass, "nginx 1.22.1-9"},
		{required + ".packages", list(required, `"telnet"`), required + "/telnet", pass, "provided by inetutils-telnet 2:2.4-2"},
		{required + ".packages", list(required, `"libc6:i386"`), required + "/libc6:i386", pass, "libc6 2.36-9"},
		{required + ".packages", list(required, `"libc6:arm64"`), required + "/libc6:arm64", fail, "not installed, nothing installed provides it"},
		{required + ".packages", list(required, `"exim4"`), required + "/exim4", fail, "exim4 4.96-15 is half-configured, not installed"},
		{required + ".packages", list(required, `"rsh"`), required + "/rsh", fail, "not installed, nothing installed provides it"},
		{required + ".packages", list(required, `"linux-image-*"`), required + "/linux-image-*", pass, ""},
		{required + ".packages", list(required, `{ name = "nginx", version = ">=1.22, <2" }`), required + "/nginx", pass, ""},
		{required + ".packages", list(required, `{ name = "nginx", version = ">=1:1" }`), required + "/nginx", fail, "want >=1:1, is 1.22.1-9"},
		{required + ".packages", list(required, `{ name = "telnet-client", version = ">=2" }`), required + "/telnet-client", pass, ""},
		{required + ".packages", list(required, `{ name = "telnet", version = ">=2" }`), required + "/telnet", fail, ""},
		{forbidden + ".packages", list(forbidden, `"telnet"`), forbidden + "/telnet", fail, "provided by inetutils-telnet 2:2.4-2"},
		{forbidden + ".packages", list(forbidden, `"rsh"`), forbidden + "/rsh", pass, "absent"},
		{forbidden + ".packages", list(forbidden, `"*-dev"`), forbidden + "/*-dev", fail, "installed: zlib1g-dev 1:1.2.13 (unpacked)"},
		{forbidden + ".packages", list(forbidden, `"linux-image-amd64"`), forbidden + "/linux-image-amd64", fail, ""},
		{forbidden + ".packages", list(forbidden, `"libc6:arm64"`), forbidden + "/libc6:arm64", pass, ""},
		{versions + ".*", entry(versions, "nginx", `"!=1.21*"`), versions + "/nginx", pass, "1.22.1-9"},
		{versions + ".*", entry(versions, "zlib1g-dev", `"!=1.2*"`), versions + "/zlib1g-dev", fail, "want !=1.2*, is 1:1.2.13"},
		{versions + ".*", entry(versions, "kernel", `"!=5.14.0-70*"`), versions + "/kernel", notApp, "not installed"},
		{"packages.only.packages", list("packages.only", `"l*", "nginx", "exim4", "inetutils-telnet", "postgresql-common", "zlib1g-dev:amd64"`), "packages.only", pass, "8 packages, all allowed"},
		{"packages.only.packages", list("packages.only", `"l*", "nginx"`), "packages.only", fail, "4 not allowed: exim4, inetutils-telnet, postgresql-common, zlib1g-dev"},
		{"packages.unsigned", "[packages]\nunsigned = 'deny'\n", "packages.unsigned", notApp, ""},
		{"packages.holds", "[packages]\nholds = ['linux-image-amd64']\n", "packages.holds", pass, "linux-image-amd64"},
		{"packages.holds", "[packages]\nholds = []\n", "packages.holds", fail, "want exactly nothing, is linux-image-amd64"},
		{"packages.holds", "[packages]\nholds = ['linux-image-amd64', 'nginx']\n", "packages.holds", fail, ""},
		{"packages.holds", "[packages]\nholds = { subset_of = ['a', 'linux-image-amd64'], count = 1 }\n", "packages.holds", pass, ""},
		{"packages.holds", "[packages]\nholds = { superset_of = ['a'] }\n", "packages.holds", fail, ""},
		{"packages.holds", "[packages]\nholds = { excludes = 'linux-image-amd64' }\n", "packages.holds", fail, ""},
	}
}

func fileCases() []wordCase {
	exist, not, sums, modes, text := "files.must_exist", "files.must_not_exist", "files.checksums", "files.permissions", "files.content"
	sshd := "/etc/ssh/sshd_config"
	return []wordCase{
		{exist + ".paths", list(exist, `"`+sshd+`"`), exist + ":" + sshd, pass, "exists"},
		{exist + ".paths", list(exist, `"/etc/gone"`), exist + ":/etc/gone", fail, "does not exist"},
		{exist + ".paths", list(exist, `"/etc/dangling"`), exist + ":/etc/dangling", fail, "a link that leads to nothing"},
		{exist + ".paths", list(exist, `"/var/unread"`), exist + ":/var/unread", unknown, "/var/unread: /var is on a volume that was not opened"},
		{exist + ".paths", list(exist, `"/etc/ssh/*_key"`), exist + ":/etc/ssh/*_key", pass, "1 match"},
		{exist + ".paths", list(exist, `"/etc/*.none"`), exist + ":/etc/*.none", fail, "nothing matches /etc/*.none"},
		{exist + ".paths", list(exist, `"/var/*"`), exist + ":/var/*", unknown, "/var/*: /var cannot be read"},
		{not + ".paths", list(not, `"/etc/gone"`), not + ":/etc/gone", pass, "absent"},
		{not + ".paths", list(not, `"`+sshd+`"`), not + ":" + sshd, fail, "exists: file"},
		{not + ".paths", list(not, `"/etc/dangling"`), not + ":/etc/dangling", fail, "exists: a link that leads to nothing"},
		{not + ".paths", list(not, `"/etc/*.none"`), not + ":/etc/*.none", pass, "absent"},
		{not + ".paths", list(not, `"/etc/ssh/*_key"`), not + ":/etc/ssh/*_key", fail, "1 match"},
		{not + ".paths", list(not, `"/var/*"`), not + ":/var/*", unknown, ""},
		{sums + ".*", entry(sums, sshd, `"sha256:`+digest+`"`), sums + ":" + sshd, pass, "sha256 9f3c41d0…e7"},
		{sums + ".*", entry(sums, sshd, `{ digest = "SHA256:`+strings.ToUpper(digest)+`" }`), sums + ":" + sshd, pass, ""},
		{sums + ".*", entry(sums, sshd, `"sha256:`+strings.Repeat("0", 64)+`"`), sums + ":" + sshd, fail, "want sha256 00000000…00, is 9f3c41d0…e7"},
		{sums + ".*", entry(sums, sshd, `"sha256:9f3c…"`), sums + ":" + sshd, unknown, "a shortened digest cannot prove content"},
		{sums + ".*", entry(sums, sshd, `"sha256:`+digest[:63]+`..."`), sums + ":" + sshd, unknown, ""},
		{sums + ".*", entry(sums, sshd, `"sha512:`+strings.Repeat("0", 128)+`"`), sums + ":" + sshd, unknown, "the sha512 digest of /etc/ssh/sshd_config was not collected"},
		{sums + ".*", entry(sums, "/etc/gone", `"sha256:abc123..."`), sums + ":/etc/gone", fail, "does not exist"},
		{sums + ".*", entry(sums, "/etc", `"sha256:abc123..."`), sums + ":/etc", fail, "is no file with content (dir)"},
		{modes + ".*", entry(modes, "/etc/shadow", `{ mode = "<=0640", owner = "root", group = "root|shadow" }`), modes + ":/etc/shadow", pass, "0640 root:shadow"},
		{modes + ".*", entry(modes, "/etc/shadow", `{ group = "42", owner = "0" }`), modes + ":/etc/shadow", pass, ""},
		{modes + ".*", entry(modes, "/etc/loose", `"<=0640"`), modes + ":/etc/loose", fail, "want mode <=0640, is 0604 (0004 too much)"},
		{modes + ".*", entry(modes, "/etc/loose", `{ mode_max = "0640", owner = "root" }`), modes + ":/etc/loose", fail, "want mode <=0640, is 0604 (0004 too much); want owner root, is ops"},
		{modes + ".*", entry(modes, "/usr/bin/sudo", `"0755"`), modes + ":/usr/bin/sudo", fail, "want mode 0755, is 4755"},
		{modes + ".*", entry(modes, "/usr/bin/sudo", `"<=755"`), modes + ":/usr/bin/sudo", fail, "want mode <=0755, is 4755 (4000 too much)"},
		{modes + ".*", entry(modes, "/usr/bin/sudo", `"4755"`), modes + ":/usr/bin/sudo", pass, ""},
		{modes + ".*", entry(modes, "/etc/gone", `"0755"`), modes + ":/etc/gone", fail, "does not exist"},
		{modes + ".*", entry(modes, "/var/unread", `"0755"`), modes + ":/var/unread", unknown, ""},
		{text + ".*", entry(text, "/etc/issue", `{ contains = "Authorized" }`), text + ":/etc/issue", pass, ""},
		{text + ".*", entry(text, "/etc/issue", `{ excludes = "Authorized" }`), text + ":/etc/issue", fail, `want: does not contain "Authorized"`},
		{text + ".*", entry(text, "/etc/issue", `{ contains = ["Authorized", "a.b"] }`), text + ":/etc/issue", fail, `want: contains "a.b"`},
		{text + ".*", entry(text, "/etc/issue", `{ matches = "never asked" }`), text + ":/etc/issue", unknown, ""},
		{text + ".*", entry(text, "/etc/gone", `{ contains = "x" }`), text + ":/etc/gone", fail, "does not exist"},
		{text + ".*", entry(text, "/etc/gone", `{ not_match = "x" }`), text + ":/etc/gone", notApp, "does not exist"},
		{text + ".*", entry(text, "/etc", `{ contains = "x" }`), text + ":/etc", fail, "is no file with content (dir)"},
	}
}

// laterCases are the keys that nothing judges yet: they can only be unknown.
func laterCases() []wordCase {
	var cases []wordCase
	for _, one := range [][3]string{
		{"bootable", `true`},
		{"bootable", `"kvm"`},
		{"bootable", `{ firmware = "uefi", target = "kvm", severity = "low" }`},
		{"max_file_age", `"26h"`},
		{"max_file_age", `{ time = "26h", reason = "nightly" }`},
		{"max_content_age", `"30h"`},
		{"same_identity", `true`},
		{"same_identity", `"golden.facts.json"`},
		{"same_identity", `{ source = "golden.facts.json", severity = "low" }`},
		{"read_all_within", `"30d"`},
		{"compare_ignore", `["/var/log/**"]`, "backup.compare"},
	} {
		id := cmp.Or(one[2], "backup."+one[0])
		cases = append(cases, wordCase{"backup." + one[0], "[backup]\n" + one[0] + " = " + one[1] + "\n", id, unknown, needsBackup})
	}
	for _, one := range [][2]string{{"yara", `["rules/"]`}, {"fail_on_score", `70`}, {"max_file_mib", `64`}, {"allow_sha256", `["` + digest + `"]`}} {
		cases = append(cases, wordCase{"malware." + one[0], "[malware]\n" + one[0] + " = " + one[1] + "\n", "malware", unknown, needsImage})
	}
	for _, one := range [][2]string{{"verify", `{ files = true, allow_config_changes = true, ignore = ["/etc/motd"] }`}, {"unowned_executables", `"deny"`}} {
		cases = append(cases, wordCase{"packages." + one[0], "[packages]\n" + one[0] + " = " + one[1] + "\n", "packages." + one[0], unknown, needsImage})
	}
	for _, one := range [][2]string{{"ignore", `["/var/log/**"]`}, {"explained", `"pass"`}, {"max_unexplained", `0`}} {
		cases = append(cases, wordCase{"drift." + one[0], "[drift]\n" + one[0] + " = " + one[1] + "\n", "drift", unknown, needsOther})
	}
	return append(cases, registryCases()...)
}

// needsImage is what a check says of stored facts when another judge reads the image for it.
const needsImage = "the files of the guest are needed, and stored facts have none: name the image"

// needsOther is what a check says that compares two states of a guest, where there is one.
const needsOther = "nothing to compare with: name another state of the guest with --drift-from"

// needsBackup is what a check says that is asked of backups, of anything else.
const needsBackup = "it is asked of backups: guestctl verify-backup judges it"

// judgedWithout are words whose checks need no facts: nothing can be taken away from them.
func judgedWithout(c wordCase) bool {
	return c.status == finding.Manual || c.message == needsImage || c.message == needsOther || c.message == needsBackup
}

func TestWords(t *testing.T) {
	for _, c := range wordCases() {
		fs := load(t, c.text).Judge(t.Context(), guestFacts())
		if len(fs) != 1 {
			t.Errorf("%s: %d findings, want one", c.text, len(fs))
			continue
		}
		f := fs[0]
		if f.ID != c.id || f.Status != c.status || c.message != "" && f.Message != c.message {
			t.Errorf("%s got  %s %s: %s\nwant %s %s: %s", c.text, f.ID, f.Status, f.Message, c.id, c.status, c.message)
		}
		if f.Status == fail && (f.Expected == "" || f.Actual == "") {
			t.Errorf("%s: expected %q, actual %q", c.text, f.Expected, f.Actual)
		}
		if f.Status != fail && f.Fix != "" {
			t.Errorf("%s: a fix for %s: %s", c.text, f.Status, f.Fix)
		}
		if f.Message == "" || f.Title == "" || f.Policy.Line != 2 {
			t.Errorf("%s: not filled: %+v", c.text, f)
		}
	}
}

// TestEveryWordIsTested keeps a new key from coming without its cases.
func TestEveryWordIsTested(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range wordCases() {
		seen[c.word+string(c.status)] = true
	}
	elsewhere := []string{
		"packages.only.file",                               // TestAllowListInAFile
		"packages.unsigned",                                // TestPackagesAreSigned
		"rego.builtin", "rego.dirs", "params.*", "hygiene", // rules_test.go
		"users.uid0_only_root", "users.no_empty_passwords", "users.root_locked", // TestAccountsThatBreakTheRule
	}
	for _, w := range policy.Words() {
		if w == "meta" || w == "vars" || w == "disable" || strings.HasPrefix(w, "baseline.") || strings.HasPrefix(w, "waiver") || slices.Contains(elsewhere, w) {
			continue
		}
		later := slices.ContainsFunc(laterCases(), func(c wordCase) bool { return c.word == w })
		if !later && (!seen[w+string(pass)] || !seen[w+string(fail)]) {
			t.Errorf("%s wants a case that passes and one that fails", w)
		}
	}
}

func TestNothingReadIsNeverAPass(t *testing.T) {
	for _, c := range wordCases() {
		if judgedWithout(c) {
			continue
		}
		p := load(t, c.text)
		r := p.Request()
		if len(r.Files) > 0 {
			r.Domains = append(r.Domains, "files")
		}
		if len(r.Globs) > 0 {
			r.Domains = append(r.Domains, "globs")
		}
		for _, domain := range r.Domains {
			for _, state := range []facts.State{facts.Error, facts.Unsupported, facts.Partial, "", "future"} {
				doc := without(domain, state)
				if state == "" {
					delete(doc.Collectors, domain)
				}
				f := p.Judge(t.Context(), doc)[0]
				if state != facts.Partial { // what came with an error is not to be used
					doc.Facts[domain] = guestFacts().Facts[domain]
					if f := p.Judge(t.Context(), doc)[0]; f.Status != unknown {
						t.Errorf("%s with %s %q and leftovers: %s %s", c.text, domain, state, f.Status, f.Message)
					}
				}
				decided := state == facts.Partial && (domain == "files" || domain == "globs") // each entry says for itself
				if f.Status != unknown && !decided {
					t.Errorf("%s with %s %q: %s %s", c.text, domain, state, f.Status, f.Message)
				}
			}
		}
		for _, domain := range r.Domains {
			doc := guestFacts()
			doc.Facts[domain] = nil
			if f := p.Judge(t.Context(), doc)[0]; f.Status != unknown {
				t.Errorf("%s with an ok %s without facts: %s", c.text, domain, f.Status)
			}
		}
		for _, doc := range []*facts.Document{{}, {Collectors: map[string]facts.Status{}, Facts: map[string]any{}}} {
			if f := p.Judge(t.Context(), doc)[0]; f.Status != unknown {
				t.Errorf("%s without facts: %s", c.text, f.Status)
			}
		}
		if readable, needed := p.Coverage(&facts.Document{}); readable != 0 || needed == 0 {
			t.Errorf("%s without facts: coverage %d of %d", c.text, readable, needed)
		}
	}
}
