package policy

import (
	"slices"
	"strings"
)

// word is one key of the vocabulary. A "*" in its path stands for any key. read checks the value and makes the checks, and
// shape says the same of its form to an editor: see Schema.
type word struct {
	path  string
	read  func(c *compiler, n *node)
	shape shape
}

// splitWord is a word with its path in parts.
type splitWord struct {
	word
	parts []string
}

func split(words []word) []splitWord {
	all := make([]splitWord, len(words))
	for i, w := range words {
		all[i] = splitWord{w, strings.Split(w.path, ".")}
	}
	return all
}

// vocabulary lists every key of a baseline. Everything else is an error: a key with a typing mistake must not disable a
// check.
func vocabulary() []word {
	return []word{
		{"baseline.id", func(c *compiler, n *node) { c.header.id = c.text(n) }, text()},
		{"baseline.title", func(c *compiler, n *node) { c.header.title = c.text(n) }, text()},
		{"baseline.version", func(c *compiler, n *node) { c.header.version = c.text(n) }, text()},
		{"baseline.extends", func(c *compiler, n *node) { c.texts(n) }, texts()}, // was read before: see loader
		{"baseline.min_coverage", minCoverage, between(0, 100)},
		{"baseline.default_severity", func(c *compiler, n *node) { c.header.severity = c.severity(n) }, severities()},
		{"baseline.applies_to", appliesTo, conditionShape()},
		{"baseline.frameworks", frameworkNames, texts()},
		{"baseline.disable", disable, disableShape()},
		{"disable", disable, disableShape()},
		{"meta", func(c *compiler, n *node) { c.wantKind(n, kindTable) }, anyTable()},
		{"vars", func(c *compiler, n *node) { c.wantKind(n, kindTable) }, tableOf(shape{"type": "string"})}, // was read before: see loader

		{"rego.builtin", builtinChecks, texts()},
		{"rego.dirs", regoDirs, texts()},
		{"params.*", params, anyTable()},
		{"hygiene", hygiene, hygieneShape()},

		{"system.timezone", timezone, settingShape(textSetting)},
		{"system.selinux", selinux, settingShape(textSetting, selinuxModes()...)},
		{"system.apparmor", apparmor, settingShape(textSetting, apparmorModes()...)},
		{"system.hostname", hostname, settingShape(textSetting)},
		{"system.os", osID, settingShape(textSetting)},
		{"system.version", osVersion, settingShape(versionSetting)},
		{"system.supported", supported, settingShape(boolSetting)},
		{"system.kernel", kernelRelease, settingShape(versionSetting)},
		{"system.fips", fips, settingShape(boolSetting)},
		{"system.default_target", defaultTarget, settingShape(textSetting)},
		{"system.locale", locale, settingShape(textSetting)},
		{"system.ntp_servers", ntpServers, settingShape(listSetting)},
		{"system.crypto_policy", cryptoPolicy, settingShape(textSetting)},
		{"system.machine_id", machineID, settingShape(textSetting, machineIDStates()...)},

		{"packages.required.packages", each(requiredPackage), entryList("name", "version")},
		{"packages.forbidden.packages", each(forbiddenPackage), entryList("name")},
		{"packages.versions.*", packageVersion, orLong(text(), "version")},
		{"packages.only.file", onlyFile, text()},
		{"packages.only.packages", onlyPackages, texts()},
		{"packages.holds", holds, settingShape(listSetting)},
		{"packages.verify", later("The files of packages are as shipped", shapeVerify), verifyShape()},
		{"packages.unowned_executables", later("Every executable belongs to a package", shapeVerdict), verdictShape()},
		{"packages.repos_allowed", allowedRepositories, orLong(texts(), "repos")},
		{"packages.unsigned", later("Every package is signed", shapeVerdict), verdictShape()},
		{"packages.max_age_days", packageAge, orLong(wholeNumber(), "days")},

		{"files.must_exist.paths", each(mustExist), entryList("path")},
		{"files.must_not_exist.paths", each(mustNotExist), entryList("path")},
		{"files.checksums.*", checksum, orLong(text(), "digest")},
		{"files.permissions.*", permissions, permissionsShape()},
		{"files.content.*", content, long(searchShapes())},
		{"files.policy.world_writable", worldWritable, verdictShape()},
		{"files.policy.unowned_ids", unownedIDs, verdictShape()},
		{"files.policy.suid_allow", suidAllow, texts()},
		{"files.policy.capabilities_allow", capabilitiesAllow, tableOf(text())},

		{"config.sshd.*", sshdSetting, settingShape(openSetting)},
		{"config.sysctl.*", sysctlSetting, settingShape(openSetting)},
		{"config.sudo.nopasswd", nopasswd, settingShape(listSetting)},
		{"config.sudo.*", sudoDefault, settingShape(openSetting)},
		{"config.pam.*", pamSetting, settingShape(openSetting)},
		{"config.login_defs.*", loginDefs, settingShape(openSetting)},
		{"config.auditd.*", auditdSetting, settingShape(openSetting)},
		{"config.journald.*", systemdSetting("journald"), settingShape(openSetting)},
		{"config.coredump.*", systemdSetting("coredump"), settingShape(openSetting)},
		{"config.timesyncd.*", systemdSetting("timesyncd"), settingShape(openSetting)},
		{"config.logind.*", systemdSetting("logind"), settingShape(openSetting)},
		{"config.resolved.*", systemdSetting("resolved"), settingShape(openSetting)},
		{"config.ini.*.*", iniSetting, settingShape(openSetting)},
		{"config.json.*.*", jsonSetting, settingShape(openSetting)},

		{"services.enabled", serviceList("services.enabled", "%s is started", judgeEnabled), entryList("name")},
		{"services.disabled", serviceList("services.disabled", "Nothing starts %s", judgeDisabled), entryList("name")},
		{"services.masked", serviceList("services.masked", "%s is masked", judgeMasked), entryList("name")},
		{"services.absent", serviceList("services.absent", "%s is not installed", judgeAbsent), entryList("name")},

		{"users.allowed", allowedUsers, allowedShape()},
		{"users.uid0_only_root", userFlag("Only root has user id 0", "only root", "root alone", uidZero), orLong(always(true), "equals")},
		{"users.no_empty_passwords", userFlag("No account logs in without a password", "no empty password", "none is empty", emptyPassword), orLong(always(true), "equals")},
		{"users.root_locked", userFlag("The password of root is locked", "locked", "locked", rootUnlocked), orLong(always(true), "equals")},
		{"users.password_max_days", passwordMaxDays, settingShape(openSetting)},
		{"users.authorized_keys.*", authorizedKeys, settingShape(listSetting)},
		{"groups.*.members", groupMembers, settingShape(listSetting)},

		{"kernel.cmdline_required", cmdline("kernel.cmdline_required", true), entryList("name")},
		{"kernel.cmdline_forbidden", cmdline("kernel.cmdline_forbidden", false), entryList("name")},
		{"kernel.modules_disabled", each(disabledModules), entryList("name")},

		{"storage.separate", each(separateMount), entryList("path")},
		{"storage.options.*", mountOptions, orLong(texts(), "options")},
		{"storage.encryption.required", each(encrypted), entryList("path")},

		{"network.firewall", firewall, settingShape(textSetting, firewallOn, firewallOff)},
		{"certificates.expire_within_days", certificateExpiry, orLong(wholeNumber(), "days")},
		{"rule", fileRules, ruleShape()},

		{"registry.*", registryValue, registryShape()},
		{"malware.yara", later("YARA rules find nothing", shapeTexts), texts()},
		{"malware.fail_on_score", later("No file looks like malware", shapeCount(100)), between(0, 100)},
		{"malware.max_file_mib", later("Files up to this size are looked into", shapeCount(1<<20)), wholeNumber()},
		{"malware.allow_sha256", later("Listed files are no malware", shapeDigests), texts()},
		{"drift.ignore", later("Changes of these files do not count", shapeTexts), texts()},
		{"drift.explained", later("Changes that packages explain", shapeWord("pass", "warn", "fail")), oneOfWords("pass", "warn", "fail")},
		{"drift.max_unexplained", later("Few files changed without a reason", shapeCount(1<<20)), wholeNumber()},
		{"backup.bootable", later("The backup boots", shapeBootable), bootableShape()},
		{"backup.max_file_age", later("The backup is new", shapeAge), text()},
		{"backup.max_content_age", later("What is in the backup is new", shapeAge), text()},
		{"backup.same_identity", later("The backup is of the same machine", shapeFlag), flagShape()},
		{"backup.read_all_within", later("All of the backup was read lately", shapeAge), text()},
		{"backup.compare_ignore", later("Differences of these files do not count", shapeTexts), texts()},
	}
}

// notYet lists the tables that belong to the vocabulary of baselines and that this version does not judge. They are refused:
// a table that is read and not judged would look like one that passed.
func notYet() []string { return []string{"waiver", "waivers"} }

// free reports whether a key is the user's own.
func free(name string) bool { return strings.HasPrefix(name, "x-") }

// find returns the word at the path of keys, and whether a longer word begins with the path.
func find(words []splitWord, path []string) (found *splitWord, table bool) {
	for i := range words {
		parts := words[i].parts
		if len(parts) < len(path) || !matches(parts[:len(path)], path) {
			continue
		}
		if len(parts) == len(path) {
			return &words[i], false
		}
		table = true
	}
	return nil, table
}

func matches(parts, path []string) bool {
	return slices.EqualFunc(parts, path, func(part, key string) bool { return part == "*" || part == key })
}

// below lists the keys that may stand under path.
func below(words []splitWord, path []string) []string {
	var keys []string
	for _, w := range words {
		parts := w.parts
		if len(parts) > len(path) && matches(parts[:len(path)], path) && parts[len(path)] != "*" {
			keys = append(keys, parts[len(path)])
		}
	}
	if len(path) == 0 {
		keys = append(keys, notYet()...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// elsewhere returns the tables and keys of the vocabulary that are called name, wherever they stand.
func elsewhere(words []splitWord, name string) string {
	for _, w := range words {
		if i := slices.Index(w.parts, name); i >= 0 {
			return strings.Join(w.parts[:i+1], ".")
		}
	}
	return ""
}
