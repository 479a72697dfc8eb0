package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/policy"
)

// TestErrors has one baseline for each mistake, named b.toml, with the whole message.
func TestErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		// What TOML itself does not allow: the library's words, its position.
		{"no value", "a =\n", "b.toml:1:4: expected value but found '\\n' instead"},
		{"duplicate key", "[system]\nos = 'a'\nos = 'b'\n", "b.toml:3:1: key 'system.os' has already been defined"},
		{"duplicate table", "[system]\nos = 'a'\n[system]\nlocale = 'b'\n", "b.toml:3:2: key 'system' has already been defined"},
		{"unclosed string", "[system]\nos = \"deb\n", "b.toml:2:10: strings cannot contain newlines"},
		{"not UTF-8", "[system]\nos = '\xff'\n", "b.toml:2:6: invalid UTF-8 byte: 0xff"},
		{"empty key part", "system. = 1\n", "b.toml:1:9: unexpected '='"},

		// Names.
		{"table", "[packages.requierd]\npackages = ['a']\n", "b.toml:1:11: unknown table packages.requierd, did you mean packages.required?"},
		{"top table", "[pakages.required]\npackages = ['a']\n", "b.toml:1:2: unknown table pakages, did you mean packages?"},
		{"key", "[system]\n  timezon = 'UTC'\n", "b.toml:2:3: unknown key system.timezon, did you mean system.timezone?"},
		{"key in the wrong table", "timezone = 'UTC'\n", "b.toml:1:1: unknown key timezone, did you mean system.timezone?"},
		{"table without its parent", "[must_exist]\npaths = ['/a']\n", "b.toml:1:2: unknown table must_exist, did you mean files.must_exist?"},
		{"nothing near", "[packages.required]\nxyz = 1\n", "b.toml:2:1: unknown key packages.required.xyz, want packages"},
		{"quoted key", "['packages'.\"req.uired\"]\na = 1\n", "b.toml:1:13: unknown table packages.\"req.uired\", did you mean packages.required?"},
		{"dotted key", "system.selinx = 'enforcing'\n", "b.toml:1:8: unknown key system.selinx, did you mean system.selinux?"},
		{"inline table", "system = { os = 'a', tz = 'b' }\n", "b.toml:1:22: unknown key system.tz, want apparmor, crypto_policy, default_target, fips, hostname, kernel, locale, machine_id, ntp_servers, os, selinux, supported, timezone or version"},
		{"long form", "[system]\nos = { equals = 'a', severty = 'low' }\n", "b.toml:2:22: unknown key system.os.severty, did you mean severity?"},
		{
			"long form in a list of several lines", "[packages.required]\npackages = [\n  'a', # first\n\n  { name = 'b',\n    vresion = '1' },\n]\n",
			"b.toml:6:5: unknown key packages.required.packages.vresion, did you mean version?",
		},
		{"upper case", "[System]\nos = 'a'\n", "b.toml:1:2: unknown table System, did you mean system?"},
		{"letter in a bare key", "x-é = 1\n", "b.toml:1:3: expected '.' or '=', but got 'é' instead"},
		{"column counts characters", "meta.a = 1\nsystem = { \"x-é\" = 'éé', o = 1 }\n", "b.toml:2:26: unknown key system.o, did you mean system.os?"},

		// Kinds.
		{"text", "[system]\ntimezone = 3\n", "b.toml:2:12: system.timezone is an integer, want a string"},
		{"flag", "[system]\nfips = 'true'\n", "b.toml:2:8: system.fips is a string, want true or false"},
		{"list", "[packages]\nholds = 'a'\n", "b.toml:2:9: packages.holds is a string, want a list"},
		{"entry", "[packages.required]\npackages = ['a', 4]\n", "b.toml:2:18: an entry of packages.required.packages is an integer, want a name or { name = \"...\" }"},
		{"table as a list", "[packages]\nrequired = ['a']\n", "b.toml:2:12: packages.required is a list, want a table, did you mean packages.required.packages?"},
		{"date", "[system]\nos = 2026-11-23\n", "b.toml:2:6: system.os is a date, want a string"},
		{"array of tables", "[[system]]\nos = 'a'\n", "b.toml:1:3: system is a list, want a table"},
		{"empty text", "[system]\nos = ' '\n", "b.toml:2:6: system.os is empty"},

		// Values.
		{"word", "[system]\nselinux = 'enforced'\n", "b.toml:2:11: system.selinux is \"enforced\", did you mean enforcing?"},
		{"operator", "[system]\nselinux = { min = 'a' }\n", "b.toml:2:13: min does not apply to system.selinux, want equals, not, in, not_in, matches, match, contains, excludes or exists"},
		{"no operator", "[system]\nos = { severity = 'low' }\n", "b.toml:2:6: system.os says nothing about its value, want equals, not, in, not_in, matches, match, contains, excludes or exists"},
		{"severity", "[system]\nos = { equals = 'a', severity = 'hihg' }\n", "b.toml:2:33: system.os.severity is \"hihg\", did you mean high?"},
		{"expression", "[system]\nos = { match = 'a(' }\n", "b.toml:2:16: system.os.match is no regular expression (RE2): missing closing ): `a(`"},
		{"version", "[system]\nversion = '=>9'\n", "b.toml:2:11: system.version: \"=>\" is no comparison, want ==, !=, >=, <=, > or <"},
		{"version pattern", "[packages.versions]\na = '>=1*'\n", "b.toml:2:5: packages.versions.a: \">=1*\": * can follow == and != only"},
		{"versions without comma", "[packages.versions]\na = '>=1 <2'\n", "b.toml:2:5: packages.versions.a: \"1 <2\" is no version; several comparisons are separated by commas"},
		{"package name", "[packages.required]\npackages = ['a b']\n", "b.toml:2:13: \"a b\" is no name of a package"},
		{"package pattern", "[packages.forbidden]\npackages = ['a[']\n", "b.toml:2:13: \"a[\" is no pattern: a [ without its ]"},
		{"nameless package", "[packages.required]\npackages = [{ version = '1' }]\n", "b.toml:2:13: an entry of packages.required.packages has no name"},
		{"relative path", "[files.must_exist]\npaths = ['etc/passwd']\n", "b.toml:2:10: \"etc/passwd\" is not a path from the root of the guest"},
		{"long path", "[files.must_exist]\npaths = ['/etc//passwd']\n", "b.toml:2:10: \"/etc//passwd\" is not the shortest form of the path, did you mean \"/etc/passwd\"?"},
		{"pattern", "[files.permissions]\n'/etc/*' = '0644'\n", "b.toml:2:1: \"/etc/*\" is a pattern, which cannot be used here; name each file"},
		{"deep pattern", "[files.must_exist]\npaths = ['/etc/**']\n", "b.toml:2:10: \"/etc/**\": ** is no pattern here, * matches one name"},
		{"digest length", "[files.checksums]\n'/a' = 'sha256:abc123'\n", "b.toml:2:8: sha256 digest of 6 digits, want 64"},
		{"digest digits", "[files.checksums]\n'/a' = 'sha256:xyz...'\n", "b.toml:2:8: sha256 digest \"xyz...\" has characters that are not hexadecimal"},
		{"digest of dots", "[files.checksums]\n'/a' = 'sha256:...'\n", "b.toml:2:8: shortened sha256 digest with 0 digits, want 1 to 63 before the dots"},
		{"digest algorithm", "[files.checksums]\n'/a' = 'sha265:abc...'\n", "b.toml:2:8: \"sha265:abc...\" is no digest, want one such as \"sha256:\" and 64 digits (sha256, sha512, blake2b, sha1 or md5), did you mean sha256?"},
		{"mode as a number", "[files.permissions]\n'/a' = { mode = 640 }\n", "b.toml:2:17: files.permissions.\"/a\".mode is an integer, want octal digits in quotes, such as \"0640\""},
		{"mode digits", "[files.permissions]\n'/a' = '0888'\n", "b.toml:2:8: files.permissions.\"/a\" is \"0888\", want three or four octal digits, such as \"0640\" or \"<=0640\""},
		{"two modes", "[files.permissions]\n'/a' = { mode = '0640', mode_max = '0640' }\n", "b.toml:2:25: files.permissions.\"/a\" has a mode and a mode_max"},
		{"owner", "[files.permissions]\n'/a' = { owner = 'root|' }\n", "b.toml:2:18: files.permissions.\"/a\".owner is \"root|\", want names or ids separated by |"},
		{"content", "[files.content]\n'/a' = 'x'\n", "b.toml:2:8: files.content.\"/a\" is a string, want a table such as { contains = \"...\" }"},
		{"verdict", "[packages]\nunsigned = 'no'\n", "b.toml:2:12: packages.unsigned is \"no\", want allow, warn or deny"},
		{"coverage", "[baseline]\nmin_coverage = 101\n[system]\nos = 'a'\n", "b.toml:2:16: baseline.min_coverage is 101, want a percentage from 0 to 100"},
		{"coverage that is no number", "[baseline]\nmin_coverage = nan\n[system]\nos = 'a'\n", "b.toml:2:16: baseline.min_coverage is NaN, want a percentage from 0 to 100"},
		{"when", "[system]\nos = { equals = 'a', when = { so = ['b'] } }\n", "b.toml:2:31: unknown key system.os.when.so, did you mean os?"},
		{"id", "[system]\nos = { equals = 'a', id = 'a b' }\n", "b.toml:2:27: system.os.id is \"a b\", want a word without blanks"},
		{"empty when", "[system]\nos = { equals = 'a', when = {} }\n", "b.toml:2:29: system.os.when names no operating system, no architecture and no label"},
		{"labels", "[baseline]\napplies_to = { labels = { role = 1 } }\n[system]\nos = 'a'\n", "b.toml:2:34: baseline.applies_to.labels.role is an integer, want a string"},
		{"label without a value", "[baseline]\napplies_to = { labels = { role = [] } }\n[system]\nos = 'a'\n", "b.toml:2:34: baseline.applies_to.labels.role allows no value"},
		{"keyword of sshd", "[config.sshd]\nPermitRotLogin = 'no'\n", "b.toml:2:1: unknown key config.sshd.PermitRotLogin: it is no keyword of sshd_config with an effect, did you mean config.sshd.PermitRootLogin?"},
		{"value of sshd", "[config.sshd]\nPermitRootLogin = 'nno'\n", "b.toml:2:19: permitrootlogin is \"nno\", want one of yes, no, without-password, prohibit-password, forced-commands-only"},
		{"number of sshd", "[config.sshd]\nMaxAuthTries = { max = 'many' }\n", "b.toml:2:24: maxauthtries is \"many\", want a number"},
		{"bound that is none", "[config.login_defs]\nPASS_MAX_DAYS = { max = 'x' }\n", "b.toml:2:25: config.login_defs.PASS_MAX_DAYS.max is \"x\", want a number"},
		{"bound that is no number", "[config.sysctl]\n'a.b' = { min = nan }\n", "b.toml:2:17: config.sysctl.\"a.b\".min is NaN, want a number"},
		{"date as a value", "[config.sysctl]\n'a.b' = 2026-12-31\n", "b.toml:2:9: config.sysctl.\"a.b\" is a date, want a string, an integer, a number with a fraction or true or false"},
		{"parameter of the kernel", "[config.sysctl]\nip_forward = 0\n", "b.toml:2:1: config.sysctl.ip_forward is no parameter of the kernel, want one such as \"net.ipv4.ip_forward\""},
		{"pattern of parameters", "[config.sysctl]\n'net.ipv4.conf.*.rp_filter' = 1\n", "b.toml:2:1: config.sysctl.\"net.ipv4.conf.*.rp_filter\" is no parameter of the kernel, want one such as \"net.ipv4.ip_forward\""},
		{"one keyword twice", "[config.sshd]\nPort = 22\nport = 22\n", "b.toml:3:1: duplicate check config.sshd.Port, first at line 2; give one of them an id of its own"},
		{"option of PAM", "[config.pam]\nminlne = 14\n", "b.toml:2:1: unknown key config.pam.minlne: no module that is looked at has such an option, did you mean config.pam.minlen?"},
		{"file of settings", "[config.ini.'etc/x']\na = 1\n", "b.toml:2:1: \"etc/x\" is not a path from the root of the guest"},
		{"setting without a file", "[config.json]\na = 1\n", "b.toml:2:5: config.json.a is an integer, want a table"},
		{"operator on text", "[config.pam]\nminlen = { mx = 14 }\n", "b.toml:2:12: unknown key config.pam.minlen.mx, did you mean max?"},
		{"service", "[services]\nenabled = ['a b']\n", "b.toml:2:12: \"a b\" has a blank in it, want one word such as \"ssh\""},
		{"services", "[services]\nenabled = 'ssh'\n", "b.toml:2:11: services.enabled is a string, want a list"},
		{"flag that is false", "[users]\nuid0_only_root = false\n", "b.toml:2:18: users.uid0_only_root is false, which asks for the opposite; remove it, and nothing is checked"},
		{"user id", "[users]\nallowed = [{ uid = 'many' }]\n", "b.toml:2:20: users.allowed.uid: \"many\" is no user id"},
		{"account", "[users]\nallowed = [{}]\n", "b.toml:2:12: an entry of users.allowed names no account, want a name or a uid"},
		{"fingerprint", "[users]\nauthorized_keys = { ops = ['SHA256:abc'] }\n", "b.toml:2:28: \"SHA256:abc\" is no fingerprint, want \"SHA256:\" and 43 letters as ssh-keygen -l prints them"},
		{"options in one", "[storage.options]\n'/tmp' = ['nodev,nosuid']\n", "b.toml:2:11: \"nodev,nosuid\" is several options, want each on its own"},
		{"no options", "[storage.options]\n'/tmp' = []\n", "b.toml:2:10: storage.options.\"/tmp\" wants no option at all"},
		{"firewall", "[network]\nfirewall = 'on'\n", "b.toml:2:12: network.firewall is \"on\", want enabled or disabled"},
		{"days", "[certificates]\nexpire_within_days = 2026-12-31\n", "b.toml:2:22: certificates.expire_within_days is a date, want an integer"},
		{"negative days", "[packages]\nmax_age_days = -1\n", "b.toml:2:16: packages.max_age_days is -1, want a number of days from 0 to 100000"},
		{"registry", "[registry]\n'SOFTWARE\\a' = { value = 1 }\n", "b.toml:2:1: registry.\"SOFTWARE\\a\" is no value of the registry, want one such as 'HKLM\\SYSTEM\\…\\Name' or 'HKU\\.DEFAULT\\…\\Name'"},
		{"age", "[backup]\nmax_file_age = '26 hours'\n", "b.toml:2:16: backup.max_file_age is \"26 hours\", want a number with m, h, d or w behind it, such as \"26h\""},
		{"no time at all", "[backup]\nmax_content_age = '0h'\n", "b.toml:2:19: backup.max_content_age is \"0h\", want a number with m, h, d or w behind it, such as \"26h\""},
		{"time beyond all times", "[backup]\nread_all_within = { time = '9223372036854775807w' }\n", "b.toml:2:28: backup.read_all_within.time is \"9223372036854775807w\", want a number with m, h, d or w behind it, such as \"26h\""},
		{"age as a number", "[backup]\nmax_file_age = 26\n", "b.toml:2:16: backup.max_file_age is an integer, want a time or { time = \"...\" }"},
		{"key of backup", "[backup]\nmax_fileage = '26h'\n", "b.toml:2:1: unknown key backup.max_fileage, did you mean backup.max_file_age?"},
		{"target", "[backup]\nbootable = 'kvn'\n", "b.toml:2:12: backup.bootable is \"kvn\", did you mean kvm?"},
		{"target in a table", "[backup]\nbootable = { target = 'pdp11' }\n", "b.toml:2:23: backup.bootable.target is \"pdp11\", want aws, azure, gcp, hyperv, kvm or vmware"},
		{"firmware", "[backup]\nbootable = { firmware = 'efi' }\n", "b.toml:2:25: backup.bootable.firmware is \"efi\", did you mean uefi?"},
		{"bootable that is false", "[backup]\nbootable = false\n", "b.toml:2:12: backup.bootable is false, which asks for the opposite; remove it, and nothing is checked"},
		{"identity that is false", "[backup]\nsame_identity = false\n", "b.toml:2:17: backup.same_identity is false, which asks for the opposite; remove it, and nothing is checked"},
		{"identity as a number", "[backup]\nsame_identity = 1\n", "b.toml:2:17: backup.same_identity is an integer, want a string or true or false"},
		{"id of a check of backup", "[backup]\nmax_file_age = { time = '1h', id = 'x' }\n", "b.toml:2:36: backup.max_file_age.id: this check keeps its own id"},
		{"no pattern", "[backup]\ncompare_ignore = ['/a/[']\n", "b.toml:2:19: backup.compare_ignore has \"/a/[\", which is no pattern: a [ without its ]"},
		{"rule", "[[rule]]\nid = 'a'\n", "b.toml:1:3: a rule without title"},
		{"rule without a file", "[[rule]]\nid = 'a'\ntitle = 'b'\n", "b.toml:1:3: rule a has no file; a rule that people judge says how in assessable"},
		{"rule that asks nothing", "[[rule]]\nid = 'a'\ntitle = 'b'\nfile = '/a'\n", "b.toml:1:3: rule a asks nothing of /a, want exists, contains, excludes, matches, match, not_match, mode, mode_max, owner or group"},
		{"rule on nothing", "[[rule]]\nid = 'a'\ntitle = 'b'\nfile = '/a'\nexists = false\nmode = '0644'\n", "b.toml:5:1: a rule whose file must not exist can ask nothing else of it"},
		{"rule as a table", "[rule]\nid = 'a'\n", "b.toml:1:2: rule is a table, want a list"},
		{"os of a condition", "[system]\nos = { equals = 'a', when = { os = ['>=9'] } }\n", "b.toml:2:37: \">=9\" names no operating system, want one such as \"debian==12\""},

		// Checks.
		{"duplicate entry", "[packages.required]\npackages = ['a',\n 'b',\n 'a']\n", "b.toml:4:2: duplicate check packages.required/a, first at line 2; give one of them an id of its own"},
		{"nothing to judge", "[meta]\na = 1\n", "b.toml: 0 checks: nothing would be judged"},
		{"empty file", "", "b.toml: 0 checks: nothing would be judged"},
		{"empty list", "[packages.required]\npackages = []\n", "b.toml: 0 checks: nothing would be judged"},
		{"empty allow-list", "[packages.only]\npackages = []\n", "b.toml:2:12: packages.only.packages allows no package at all"},
		{"disabled nothing", "disable = [{ id = 'system.so', reason = 'r' }]\n[system]\nos = 'a'\n", "b.toml:1:19: no check system.so to disable, did you mean system.os?"},
		{"disabled without a reason", "disable = [{ id = 'system.os' }]\n[system]\nos = 'a'\n", "b.toml:1:12: an entry of disable wants an id and a reason"},
		{"variable", "[vars]\nzone = 'UTC'\n[system]\ntimezone = '${zoen}'\n", "b.toml:4:12: unknown variable zoen in system.timezone, did you mean zone?"},
		{"variable without its end", "[system]\ntimezone = '${zone'\n", "b.toml:2:12: system.timezone has ${ without its }"},
		{"variable that is no text", "[vars]\nzone = 1\n[system]\nos = 'a'\n", "b.toml:2:8: vars.zone is an integer, want a string"},
		{"variable in a variable", "[vars]\na = 'x'\nb = '${a}'\n[system]\nos = 'a'\n", "b.toml:3:5: vars.b has a variable in it, which is not replaced here"},
		{"built-in baseline", "[baseline]\nextends = ['builtin:cis']\n", "b.toml:2:12: extends builtin:cis: no such built-in baseline, want builtin:golden-image, builtin:linux-server, builtin:malware or builtin:windows-server"},
		{"missing base", "[baseline]\nextends = [\n  'a.toml',\n]\n", "b.toml:3:3: extends a.toml: no such file"},
		{"base of a wrong kind", "[baseline]\nextends = 'a.toml'\n[system]\nos = 'a'\n", "b.toml:2:11: baseline.extends is a string, want a list"},
		{"itself", "[baseline]\nextends = ['b.toml']\n", "b.toml:2:12: extends b.toml: extends itself, by way of b.toml"},
		{"missing allow-list", "[packages.only]\nfile = 'p.txt'\n", "b.toml:2:8: packages.only.file p.txt: no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := loadError(t, "b.toml", c.text); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAllErrorsOfAFileAreReported(t *testing.T) {
	name := write(t, "b.toml", "[system]\nfips = 1\noss = 'a'\n[packages.required]\npackages = [1]\n[baseline]\nmin_coverage = 'x'\n")
	_, err := policy.Load([]string{name}, policy.Options{})
	want := []string{":2:8: ", ":3:1: ", ":5:13: ", ":7:16: "}
	got := strings.Split(err.Error(), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d errors, want %d:\n%v", len(got), len(want), err)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("error %d is %s, want it at %s", i, got[i], want[i])
		}
	}
	var one *policy.Error
	if !errors.As(err, &one) || one.File != name || one.Line != 2 || one.Column != 8 {
		t.Errorf("errors.As gave %+v", one)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	for name, want := range map[string]string{
		t.TempDir():                        "is a directory, want a file",
		t.TempDir() + "/gone":              "no such file",
		write(t, "a.toml", "x") + "/b":     "not a directory",
		t.TempDir() + "/" + "zero\x00byte": "invalid argument",
	} {
		_, err := policy.Load([]string{name}, policy.Options{})
		var one *policy.Error
		if !errors.As(err, &one) || one.Message != want || one.File != name || one.Line != 0 {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
	if _, err := policy.Load(nil, policy.Options{}); err == nil {
		t.Error("no file at all was accepted")
	}
}

func TestEmptyBaselineWhereAllowed(t *testing.T) {
	p, err := policy.Load([]string{write(t, "b.toml", "")}, policy.Options{AllowEmpty: true})
	if err != nil || len(p.Checks) != 0 || len(p.Judge(t.Context(), guestFacts())) != 0 {
		t.Errorf("%v, %v", p, err)
	}
}
