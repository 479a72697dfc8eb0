package policy_test

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

func written(value, path string, line int) *facts.Value[string] {
	return &facts.Value[string]{Value: value, Explicit: true, Source: &facts.Source{Path: path, Line: line}}
}

// configFacts are what programs are configured to do.
func configFacts() map[string]any {
	const config = "/etc/ssh/sshd_config"
	at := func(line int) facts.Source { return facts.Source{Path: config, Line: line} }
	set := func(value any, line int) *facts.Value[any] {
		s := at(line)
		return &facts.Value[any]{Value: value, Explicit: true, Source: &s}
	}
	pamAt := func(line int) facts.Source { return facts.Source{Path: "/etc/pam.d/common", Line: line} }
	shadowed := written("no", "/etc/audit/auditd.conf", 9)
	shadowed.Shadowed = []facts.Shadow[string]{{Source: facts.Source{Path: "/etc/audit/auditd.conf", Line: 3}, Value: "yes"}}
	return map[string]any{
		"sshd": &facts.SSHD{
			Version: "9.2", Config: config,
			Effective: map[string]*facts.Value[any]{
				"permitrootlogin": set("without-password", 1), "x11forwarding": set("no", 2), "maxauthtries": {Value: "6"},
				"logingracetime": set("0", 3), "clientaliveinterval": set("300", 4), "port": set([]any{"22", "2222"}, 5),
				"allowgroups": set([]any{"ops", "dev"}, 6), "denyusers": {Value: []any{}}, "ciphers": {Value: []string{"aes256-ctr", "aes128-ctr"}},
				"permitemptypasswords": {Value: "no"},
			},
			Match: []facts.SSHDMatch{
				{Criteria: "User bob", Source: at(20), Settings: map[string]*facts.Value[any]{"x11forwarding": set("yes", 21), "permitrootlogin": set("without-password", 22)}},
				{Criteria: "Group sftp", Source: at(30), Settings: map[string]*facts.Value[any]{"maxauthtries": set("2", 31)}},
			},
		},
		"sysctl": &facts.Sysctl{
			Loader: "systemd-sysctl",
			Effective: map[string]facts.Value[string]{
				"net.ipv4.ip_forward":          *written("0", "/etc/sysctl.d/10.conf", 1),
				"net.ipv4.ip_local_port_range": *written("32768\t60999", "/etc/sysctl.d/10.conf", 2),
				"kernel.yama.ptrace_scope":     *written("2", "/etc/sysctl.d/10.conf", 3),
				"net.ipv4.conf.eth0/1.x":       *written("1", "/etc/sysctl.d/10.conf", 4),
			},
			Globs:  []facts.SysctlSetting{{Key: "net.ipv4.conf.*.rp_filter", Value: "1", Source: facts.Source{Path: "/usr/lib/sysctl.d/50.conf", Line: 1}}},
			Procps: map[string]facts.Value[string]{"kernel.yama.ptrace_scope": *written("0", "/etc/sysctl.conf", 9)},
		},
		"sudoers": &facts.Sudoers{
			Defaults: map[string]*facts.Value[string]{
				"use_pty": written("true", "/etc/sudoers", 1), "timestamp_timeout": written("5", "/etc/sudoers", 2), "authenticate": {Value: "true"},
			},
			Scoped: []facts.SudoDefault{
				{Scope: "user", Names: []string{"bob"}, Key: "timestamp_timeout", Value: "-1", Source: facts.Source{Path: "/etc/sudoers", Line: 3}},
				{Scope: "runas", Names: []string{"postgres"}, Key: "authenticate", Value: "false", Source: facts.Source{Path: "/etc/sudoers", Line: 4}},
			},
			Rules: []facts.SudoRule{
				{Users: []string{"root"}, Tags: []string{"NOPASSWD"}, Commands: []string{"ALL"}, Source: facts.Source{Path: "/etc/sudoers", Line: 9}},
				{Users: []string{"ana", "%wheel", "!carol"}, Tags: []string{"NOPASSWD"}, Commands: []string{"/bin/x"}, Source: facts.Source{Path: "/etc/sudoers", Line: 10}},
				{Users: []string{"dave"}, Tags: []string{"PASSWD"}, Commands: []string{"ALL"}, Source: facts.Source{Path: "/etc/sudoers", Line: 11}},
			},
		},
		"pam": &facts.PAM{
			Pwquality: map[string]*facts.Value[string]{"minlen": written("14", "/etc/security/pwquality.conf", 1), "minclass": written("3", "/etc/security/pwquality.conf", 2)},
			Faillock:  map[string]*facts.Value[string]{"deny": written("5", "/etc/security/faillock.conf", 1), "unlock_time": written("0", "/etc/security/faillock.conf", 2)},
			Pwhistory: map[string]*facts.Value[string]{"remember": {Value: "10"}},
			Services: map[string]*facts.PAMService{
				"passwd": {Path: "/etc/pam.d/passwd", Password: []facts.PAMRule{
					{Control: "requisite", Module: "pam_pwquality.so", Options: map[string]string{"minclass": "4", "retry": "3"}, Reachable: true, Source: pamAt(1)},
					{Control: "optional", Module: "pam_pwhistory.so", Options: map[string]string{"remember": "24"}, Reachable: true, Source: pamAt(2)},
					{Control: "[success=1 default=ignore]", Module: "pam_unix.so", Options: map[string]string{"remember": "5"}, Reachable: true, Source: pamAt(3)},
				}},
				"sshd": {Path: "/etc/pam.d/sshd", Auth: []facts.PAMRule{
					{Control: "required", Module: "pam_faillock.so", Options: map[string]string{"preauth": ""}, Reachable: true, Source: pamAt(4)},
					{Control: "[default=die]", Module: "pam_faillock.so", Options: map[string]string{"authfail": "", "even_deny_root": ""}, Reachable: true, Source: pamAt(5)},
				}},
				"login": {Path: "/etc/pam.d/login", Auth: []facts.PAMRule{
					{Control: "required", Module: "pam_faillock.so", Options: map[string]string{"preauth": "", "deny": "3"}, Reachable: true, Source: pamAt(6)},
					{Control: "[default=die]", Module: "pam_faillock.so", Options: map[string]string{"authfail": "", "deny": "3"}, Reachable: true, Source: pamAt(7)},
				}},
			},
		},
		"login_defs": &facts.LoginDefs{"PASS_MAX_DAYS": written("-1", "/etc/login.defs", 1), "UMASK": written("027", "/etc/login.defs", 2), "ENCRYPT_METHOD": written("YESCRYPT", "/etc/login.defs", 3)},
		"auditd":     &facts.Auditd{"max_log_file": written("8", "/etc/audit/auditd.conf", 1), "local_events": shadowed},
		"journald":   &facts.Journald{"Journal.Storage": {Value: "auto"}, "Journal.Compress": written("yes", "/etc/systemd/journald.conf", 3), "Effective.Storage": {Value: "persistent"}},
		"coredump":   &facts.Coredump{"Coredump.Storage": written("none", "/etc/systemd/coredump.conf", 3)},
		"timesyncd":  &facts.Timesyncd{"Time.NTP": written("a.example.org b.example.org", "/etc/systemd/timesyncd.conf", 3)},
		"logind":     &facts.Logind{"Login.KillUserProcesses": written("yes", "/etc/systemd/logind.conf", 3)},
		"resolved":   &facts.Resolved{"Resolve.DNSSEC": written("yes", "/etc/systemd/resolved.conf", 3)},
	}
}

// settingFiles are files whose settings were asked for.
func settingFiles() map[string]*facts.File {
	source := facts.Source{Path: "/etc/app.ini", Line: 4}
	ini := map[string]*facts.FileSetting{
		"ini:Main.Mode": {Kind: "string", Value: "safe", Source: source}, "ini:Main.Gone": nil, "ini:Main.Token": {Kind: "string", Value: "***", Secret: true, Source: source},
	}
	jsonAt := facts.Source{Path: "/etc/docker/daemon.json", Line: 2}
	return map[string]*facts.File{
		"/etc/app.ini":      {Exists: true, Type: "file", Settings: ini},
		"/etc/overlaid.ini": {Exists: true, Type: "file", Settings: ini},
		"/etc/broken.ini":   {Exists: true, Type: "file", Unparsed: map[string]string{"ini": "line 3: line is no section"}},
		"/etc/gone.ini":     {},
		"/etc/docker/daemon.json": {Exists: true, Type: "file", Settings: map[string]*facts.FileSetting{
			"json:live-restore": {Kind: "bool", Value: "true", Source: jsonAt}, "json:log-opts.max-file": {Kind: "number", Value: "3", Source: jsonAt},
			"json:hosts": {Kind: "list", List: []string{"unix://", "fd://"}, Source: jsonAt}, "json:log-opts": {Kind: "table", Source: jsonAt}, "json:icc": nil,
			"json:none": {Kind: "null", Value: "null", Source: jsonAt},
		}},
	}
}

func configCases() []wordCase {
	of := func(table, key, value, id string, status finding.Status, message string) wordCase {
		return wordCase{"config." + table + ".*", entry("config."+table, key, value), "config." + id, status, message}
	}
	sshd := func(key, value, id string, status finding.Status, message string) wordCase {
		return of("sshd", key, value, "sshd."+id, status, message)
	}
	sysctl := func(key, value, id string, status finding.Status, message string) wordCase {
		return of("sysctl", key, value, "sysctl."+id, status, message)
	}
	pam := func(key, value string, status finding.Status, message string) wordCase {
		return of("pam", key, value, "pam."+key, status, message)
	}
	ini := func(file, key, value string, status finding.Status, message string) wordCase {
		return wordCase{"config.ini.*.*", "[config.ini.\"" + file + "\"]\n\"" + key + "\" = " + value + "\n", "config.ini:" + file + ":" + key, status, message}
	}
	json := func(key, value string, status finding.Status, message string) wordCase {
		const file = "/etc/docker/daemon.json"
		return wordCase{"config.json.*.*", "[config.json.\"" + file + "\"]\n\"" + key + "\" = " + value + "\n", "config.json:" + file + ":" + key, status, message}
	}
	nopasswd := func(value string, status finding.Status, message string) wordCase {
		return wordCase{"config.sudo.nopasswd", "[config.sudo]\nnopasswd = " + value + "\n", "config.sudo.nopasswd", status, message}
	}
	return []wordCase{
		sshd("PermitRootLogin", `"prohibit-password"`, "PermitRootLogin", pass, "without-password"),
		sshd("permitrootLOGIN", `"no"`, "PermitRootLogin", fail, "want no, is without-password; without-password in Match User bob"),
		sshd("X11Forwarding", `"no"`, "X11Forwarding", fail, "want no, is yes in Match User bob"),
		sshd("X11Forwarding", `false`, "X11Forwarding", fail, "want false, is yes in Match User bob"),
		sshd("X11Forwarding", `"yes"`, "X11Forwarding", fail, "want yes, is no"),
		sshd("MaxAuthTries", `{ max = 6 }`, "MaxAuthTries", pass, "6"),
		sshd("MaxAuthTries", `{ max = 4 }`, "MaxAuthTries", fail, "want at most 4, is 6"),
		sshd("MaxAuthTries", `{ min = 3 }`, "MaxAuthTries", fail, "want at least 3, is 2 in Match Group sftp"),
		sshd("LoginGraceTime", `{ max = "1m" }`, "LoginGraceTime", fail, "want at most 60, is 0"),
		sshd("ClientAliveInterval", `"5m"`, "ClientAliveInterval", pass, "300"),
		sshd("Port", `{ contains = 22 }`, "Port", pass, ""),
		sshd("Port", `22`, "Port", fail, "want 22, is 22, 2222"),
		sshd("AllowGroups", `{ contains = "ops" }`, "AllowGroups", pass, "ops, dev"),
		sshd("AllowGroups", `["dev", "ops"]`, "AllowGroups", pass, ""),
		sshd("AllowGroups", `{ subset_of = ["ops"] }`, "AllowGroups", fail, ""),
		sshd("DenyUsers", `{ exists = true }`, "DenyUsers", fail, "want set, is not set"),
		sshd("Ciphers", `{ excludes = "3des-cbc" }`, "Ciphers", pass, ""),
		sshd("Ciphers", `"aes256-ctr,aes128-ctr"`, "Ciphers", pass, ""),
		sshd("MACs", `{ excludes = "hmac-md5" }`, "MACs", unknown, "not set: the value that this sshd takes by itself is not known"),
		sshd("MACs", `"hmac-sha2-512"`, "MACs", fail, "want hmac-sha2-512, is not set"),
		sshd("ChallengeResponseAuthentication", `"no"`, "KbdInteractiveAuthentication", fail, ""),

		sysctl("net.ipv4.ip_forward", `0`, "net.ipv4.ip_forward", pass, "0"),
		sysctl("net/ipv4/ip_forward", `"0"`, "net.ipv4.ip_forward", pass, "0"),
		sysctl("net.ipv4.ip_forward", `1`, "net.ipv4.ip_forward", fail, "want 1, is 0"),
		sysctl("net.ipv4.ip_forward", `"0x0"`, "net.ipv4.ip_forward", pass, ""),
		sysctl("net.ipv4.ip_local_port_range", `"32768 60999"`, "net.ipv4.ip_local_port_range", pass, ""),
		sysctl("net.ipv4.ip_local_port_range", `[32768, 60999]`, "net.ipv4.ip_local_port_range", pass, ""),
		sysctl("net.ipv4.conf.all.rp_filter", `1`, "net.ipv4.conf.all.rp_filter", pass, "1"),
		sysctl("net/ipv4/conf/eth0.1/x", `1`, "net.ipv4.conf.eth0/1.x", pass, ""),
		sysctl("kernel.yama.ptrace_scope", `{ min = 1, max = 3 }`, "kernel.yama.ptrace_scope", pass, ""),
		sysctl("kernel.dmesg_restrict", `1`, "kernel.dmesg_restrict", fail, "want 1, is not set"),
		sysctl("kernel.dmesg_restrict", `{ not = 0 }`, "kernel.dmesg_restrict", unknown, "not set: no file sets it at boot, the kernel's default holds"),

		nopasswd(`[]`, fail, "want exactly nothing, is %wheel, Defaults>postgres, ana"),
		nopasswd(`["ana", "%wheel", "Defaults>postgres"]`, pass, ""),
		nopasswd(`{ subset_of = ["ana"] }`, fail, ""),
		of("sudo", "use_pty", `true`, "sudo.use_pty", pass, "true"),
		of("sudo", "timestamp_timeout", `{ max = 15 }`, "sudo.timestamp_timeout", fail, "want at most 15, is -1 for user bob"),
		of("sudo", "logfile", `"/var/log/sudo.log"`, "sudo.logfile", fail, "want /var/log/sudo.log, is not set"),
		of("sudo", "requiretty", `{ not = true }`, "sudo.requiretty", unknown, "not set: sudo's own default holds"),

		pam("minlen", `{ min = 14 }`, pass, "14"),
		pam("minlen", `{ min = 15 }`, fail, "want at least 15, is 14 for passwd"),
		pam("minclass", `4`, pass, "4"), // the stack's option goes before the file's 3
		pam("retry", `3`, pass, "3"),
		pam("pwquality.minlen", `14`, pass, ""),
		pam("deny", `{ max = 5 }`, pass, "3"),
		pam("deny", `{ max = 4 }`, fail, "want at most 4, is 5 for sshd; 5 for sshd"),
		pam("unlock_time", `{ min = 900 }`, pass, ""), // 0 is for ever
		pam("unlock_time", `{ max = 900 }`, fail, ""),
		pam("even_deny_root", `true`, fail, ""),
		pam("remember", `5`, pass, "5"), // pam_pwhistory is optional, and pam_unix remembers
		pam("remember", `{ min = 24 }`, fail, "want at least 24, is 5 for passwd"),
		pam("pwhistory.remember", `{ min = 24 }`, fail, "want at least 24, is not set for passwd"),
		pam("pwhistory.remember", `{ not = 0 }`, unknown, "not set: pam_pwhistory.so is not in force in the password stack of passwd for passwd"),

		of("login_defs", "UMASK", `{ in = ["027", "077"] }`, "login_defs.UMASK", pass, "027"),
		of("login_defs", "UMASK", `"077"`, "login_defs.UMASK", fail, "want 077, is 027"),
		of("login_defs", "PASS_MAX_DAYS", `{ max = 365 }`, "login_defs.PASS_MAX_DAYS", fail, "want at most 365, is -1"),
		of("login_defs", "PASS_MIN_DAYS", `{ min = 1 }`, "login_defs.PASS_MIN_DAYS", fail, "want at least 1, is not set"),
		of("auditd", "Max_Log_File", `8`, "auditd.max_log_file", pass, "8"),
		of("auditd", "local_events", `true`, "auditd.local_events", fail, "want true, is no"),
		of("journald", "Storage", `"auto"`, "journald.Storage", pass, ""),
		of("journald", "Journal.Compress", `true`, "journald.Journal.Compress", pass, ""),
		of("journald", "Effective.Storage", `"persistent"`, "journald.Effective.Storage", pass, ""),
		of("journald", "Storage", `"persistent"`, "journald.Storage", fail, "want persistent, is auto"),
		of("coredump", "Storage", `"none"`, "coredump.Storage", pass, ""),
		of("coredump", "ProcessSizeMax", `0`, "coredump.ProcessSizeMax", fail, ""),
		of("timesyncd", "NTP", `["a.example.org", "b.example.org"]`, "timesyncd.NTP", pass, ""),
		of("timesyncd", "NTP", `{ excludes = "a.example.org" }`, "timesyncd.NTP", fail, ""),
		of("logind", "KillUserProcesses", `true`, "logind.KillUserProcesses", pass, ""),
		of("logind", "KillUserProcesses", `false`, "logind.KillUserProcesses", fail, ""),
		of("resolved", "DNSSEC", `{ in = ["yes", "allow-downgrade"] }`, "resolved.DNSSEC", pass, ""),
		of("resolved", "DNSSEC", `"no"`, "resolved.DNSSEC", fail, ""),

		ini("/etc/app.ini", "Main.Mode", `"safe"`, pass, "safe"),
		ini("/etc/app.ini", "Main.Mode", `"fast"`, fail, "want fast, is safe"),
		ini("/etc/app.ini", "Main.Gone", `"x"`, fail, "want x, is not set"),
		ini("/etc/app.ini", "Main.Gone", `{ exists = false }`, pass, "not set"),
		ini("/etc/app.ini", "Main.Gone", `{ not = "x" }`, unknown, ""),
		ini("/etc/app.ini", "Main.Token", `"hunter2"`, unknown, "the value looks like a secret, which stays in the guest"),
		ini("/etc/app.ini", "Main.Never", `"x"`, unknown, "/etc/app.ini was not looked through for it"),
		ini("/etc/overlaid.ini", "Main.Mode", `"safe"`, unknown, "/etc/overlaid.ini.d/9.ini and more may override /etc/overlaid.ini, and are not read for it"),
		ini("/etc/broken.ini", "Main.Mode", `"safe"`, unknown, "/etc/broken.ini is not INI that can be read: line 3: line is no section"),
		ini("/etc/gone.ini", "Main.Mode", `"safe"`, fail, "want safe, is not set"),
		ini("/etc/systemd/journald.conf", "Journal.Storage", `"persistent"`, fail, "want persistent, is auto"),
		ini("/etc/systemd/journald.conf", "Journal.Storage", `"auto"`, pass, ""),
		json("live-restore", `true`, pass, "true"),
		json("live-restore", `false`, fail, "want false, is true"),
		json("log-opts.max-file", `{ max = 3 }`, pass, "3"),
		json("hosts", `["fd://", "unix://"]`, pass, ""),
		json("hosts", `{ contains = "tcp://" }`, fail, ""),
		json("hosts", `{ count = 2 }`, pass, ""),
		json("log-opts", `"x"`, unknown, "is a table, of which one value has to be named"),
		json("icc", `false`, fail, "want false, is not set"),
		json("none", `{ exists = true }`, fail, ""),
	}
}

func TestSshdTellsWhereTheBlockStands(t *testing.T) {
	f := load(t, entry("config.sshd", "X11Forwarding", `"no"`)).Judge(t.Context(), guestFacts())[0]
	want := []finding.Location{
		{Path: "/etc/ssh/sshd_config", Line: 2},
		{Path: "/etc/ssh/sshd_config", Line: 20, Note: "holds here"},
		{Path: "/etc/ssh/sshd_config", Line: 21, Note: "in the Match block"},
	}
	same(t, want, f.Where)
	if f.Fix != `write "X11Forwarding no" in place of line 2 of /etc/ssh/sshd_config` {
		t.Errorf("fix %q", f.Fix)
	}
}

func TestAnOverriddenLineIsTold(t *testing.T) {
	f := load(t, entry("config.auditd", "local_events", `"yes"`)).Judge(t.Context(), guestFacts())[0]
	same(t, []finding.Location{{Path: "/etc/audit/auditd.conf", Line: 3}, {Path: "/etc/audit/auditd.conf", Line: 9, Note: "wins"}}, f.Where)
}

func TestExemptGroupIsAskedForNoPassword(t *testing.T) {
	f := detail(t, "[config.sudo]\nnopasswd = []\n", "sudoers", func(s *facts.Sudoers) {
		s.Scoped, s.Rules = nil, nil
		s.Defaults["exempt_group"] = written("admins", "/etc/sudoers", 7)
	})
	if f.Status != fail || f.Actual != "%admins" {
		t.Errorf("%s %s", f.Status, f.Actual)
	}
	f = detail(t, "[config.sudo]\nnopasswd = []\n", "sudoers", func(s *facts.Sudoers) {
		s.Scoped, s.Rules = nil, nil
		s.Defaults["authenticate"] = written("false", "/etc/sudoers", 7)
	})
	if f.Status != fail || f.Actual != "Defaults" {
		t.Errorf("nobody is asked: %s %s", f.Status, f.Actual)
	}
}

func TestBrokenPAMIsUnknown(t *testing.T) {
	f := detail(t, entry("config.pam", "minlen", `{ min = 14 }`), "pam", func(p *facts.PAM) { p.Services["passwd"].Broken = true })
	if f.Status != unknown {
		t.Errorf("%s %s", f.Status, f.Message)
	}
	f = detail(t, entry("config.pam", "minlen", `{ min = 14 }`), "pam", func(p *facts.PAM) { p.Pwquality["enforcing"] = written("0", "/x", 1) })
	if f.Status != fail {
		t.Errorf("a module that only warns: %s %s", f.Status, f.Message)
	}
	f = detail(t, entry("config.pam", "deny", `{ max = 5 }`), "pam", func(p *facts.PAM) { p.Services["sshd"].Auth[0].Reachable = false })
	if f.Status != fail {
		t.Errorf("a lock that nobody looks at: %s %s", f.Status, f.Message)
	}
}
