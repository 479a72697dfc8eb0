package policy

import (
	"slices"
	"strings"
	"time"
)

// word is one key of the vocabulary. A "*" in its path stands for any key. read checks the value and makes the checks, and
// form says the same to an editor: see Schema.
type word struct {
	path string
	read func(c *compiler, n *node)
	form form
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
		{"baseline.id", func(c *compiler, n *node) { c.header.id = c.text(n) }, text},
		{"baseline.title", func(c *compiler, n *node) { c.header.title = c.text(n) }, text},
		{"baseline.version", func(c *compiler, n *node) { c.header.version = c.text(n) }, text},
		{"baseline.extends", func(c *compiler, n *node) { c.texts(n) }, texts}, // was read before: see loader
		{"baseline.min_coverage", minCoverage, percent},
		{"baseline.default_severity", func(c *compiler, n *node) { c.header.severity = c.severity(n) }, severities},
		{"baseline.applies_to", appliesTo, conditionShape},
		{"baseline.frameworks", frameworkNames, texts},
		{"baseline.disable", disable, disableShape},
		{"disable", disable, disableShape},
		{"meta", func(c *compiler, n *node) { c.wantKind(n, kindTable) }, anyTable},
		{"vars", func(c *compiler, n *node) { c.wantKind(n, kindTable) }, textTable}, // was read before: see loader

		{"waiver", waivers, waiverShape},
		{"waivers.max_days", maxDays, wholeNumber},
		{"waivers.warn_days", warnDays, wholeNumber},
		{"waivers.require_approval", requireApproval, flagShape},

		{"rego.builtin", builtinChecks, texts},
		{"rego.dirs", regoDirs, texts},
		{"params.*", params, anyTable},
		{"hygiene", hygiene, hygieneShape},

		{"system.timezone", timezone, settingForm(textSetting)},
		{"system.selinux", selinux, settingForm(textSetting, selinuxModes()...)},
		{"system.apparmor", apparmor, settingForm(textSetting, apparmorModes()...)},
		{"system.hostname", hostname, settingForm(textSetting)},
		{"system.os", osID, settingForm(textSetting)},
		{"system.version", osVersion, settingForm(versionSetting)},
		{"system.supported", supported, settingForm(boolSetting)},
		{"system.kernel", kernelRelease, settingForm(versionSetting)},
		{"system.fips", fips, settingForm(boolSetting)},
		{"system.default_target", defaultTarget, settingForm(textSetting)},
		{"system.locale", locale, settingForm(textSetting)},
		{"system.ntp_servers", ntpServers, settingForm(listSetting)},
		{"system.crypto_policy", cryptoPolicy, settingForm(textSetting)},
		{"system.machine_id", machineID, settingForm(textSetting, machineIDStates()...)},

		{"packages.required.packages", each(requiredPackage), entryForm("name", "version")},
		{"packages.forbidden.packages", each(forbiddenPackage), entryForm("name")},
		{"packages.versions.*", packageVersion, longForm(text, "version")},
		{"packages.only.file", onlyFile, text},
		{"packages.only.packages", onlyPackages, texts},
		{"packages.holds", holds, settingForm(listSetting)},
		{"packages.verify", verifyPackages, verifyShape},
		{"packages.unowned_executables", unownedExecutables, verdictShape},
		{"packages.repos_allowed", allowedRepositories, longForm(texts, "repos")},
		{"packages.unsigned", unsignedPackages, verdictShape},
		{"packages.max_age_days", packageAge, longForm(wholeNumber, "days")},

		{"files.must_exist.paths", each(mustExist), entryForm("path")},
		{"files.must_not_exist.paths", each(mustNotExist), entryForm("path")},
		{"files.checksums.*", checksum, longForm(text, "digest")},
		{"files.permissions.*", permissions, permissionsShape},
		{"files.content.*", content, contentShape},
		{"files.policy.world_writable", worldWritable, verdictShape},
		{"files.policy.unowned_ids", unownedIDs, verdictShape},
		{"files.policy.suid_allow", suidAllow, texts},
		{"files.policy.capabilities_allow", capabilitiesAllow, textTable},

		{"config.sshd.*", sshdSetting, settingForm(openSetting)},
		{"config.sysctl.*", sysctlSetting, settingForm(openSetting)},
		{"config.sudo.nopasswd", nopasswd, settingForm(listSetting)},
		{"config.sudo.*", sudoDefault, settingForm(openSetting)},
		{"config.pam.*", pamSetting, settingForm(openSetting)},
		{"config.login_defs.*", loginDefs, settingForm(openSetting)},
		{"config.auditd.*", auditdSetting, settingForm(openSetting)},
		{"config.journald.*", systemdSetting("journald"), settingForm(openSetting)},
		{"config.coredump.*", systemdSetting("coredump"), settingForm(openSetting)},
		{"config.timesyncd.*", systemdSetting("timesyncd"), settingForm(openSetting)},
		{"config.logind.*", systemdSetting("logind"), settingForm(openSetting)},
		{"config.resolved.*", systemdSetting("resolved"), settingForm(openSetting)},
		{"config.ini.*.*", iniSetting, settingForm(openSetting)},
		{"config.json.*.*", jsonSetting, settingForm(openSetting)},

		{"services.enabled", serviceList("services.enabled", "%s is started", judgeEnabled), entryForm("name")},
		{"services.disabled", serviceList("services.disabled", "Nothing starts %s", judgeDisabled), entryForm("name")},
		{"services.masked", serviceList("services.masked", "%s is masked", judgeMasked), entryForm("name")},
		{"services.absent", serviceList("services.absent", "%s is not installed", judgeAbsent), entryForm("name")},

		{"users.allowed", allowedUsers, allowedShape},
		{"users.uid0_only_root", userFlag("Only root has user id 0", "only root", "root alone", uidZero), longForm(onlyTrue, "equals")},
		{"users.no_empty_passwords", userFlag("No account logs in without a password", "no empty password", "none is empty", emptyPassword), longForm(onlyTrue, "equals")},
		{"users.root_locked", userFlag("The password of root is locked", "locked", "locked", rootUnlocked), longForm(onlyTrue, "equals")},
		{"users.password_max_days", passwordMaxDays, settingForm(openSetting)},
		{"users.authorized_keys.*", authorizedKeys, settingForm(listSetting)},
		{"groups.*.members", groupMembers, settingForm(listSetting)},

		{"kernel.cmdline_required", cmdline("kernel.cmdline_required", true), entryForm("name")},
		{"kernel.cmdline_forbidden", cmdline("kernel.cmdline_forbidden", false), entryForm("name")},
		{"kernel.modules_disabled", each(disabledModules), entryForm("name")},

		{"storage.separate", each(separateMount), entryForm("path")},
		{"storage.options.*", mountOptions, longForm(texts, "options")},
		{"storage.encryption.required", each(encrypted), entryForm("path")},

		{"network.firewall", firewall, settingForm(textSetting, firewallOn, firewallOff)},
		{"certificates.expire_within_days", certificateExpiry, longForm(wholeNumber, "days")},
		{"rule", fileRules, ruleShape},

		{"registry.*", registryValue, registryShape},
		{"malware.yara", malware(malwareRules), texts},
		{"malware.fail_on_score", malware(malwareScore), percent},
		{"malware.max_file_mib", malware(malwareSize), wholeNumber},
		{"malware.allow_sha256", malware(malwareAllowed), texts},
		{"drift.ignore", drift(driftIgnore), texts},
		{"drift.explained", drift(driftExplained), explainedShape},
		{"drift.max_unexplained", drift(driftUnexplained), wholeNumber},
		{"backup.bootable", bootable, bootableShape},
		{"backup.max_file_age", backupAge("The backup is new", func(b *Backup) *time.Duration { return &b.MaxFileAge }), longForm(text, "time")},
		{"backup.max_content_age", backupAge("What is in the backup is new", func(b *Backup) *time.Duration { return &b.MaxContentAge }), longForm(text, "time")},
		{"backup.read_all_within", backupAge("All of the backup was read lately", func(b *Backup) *time.Duration { return &b.ReadAllWithin }), longForm(text, "time")},
		{"backup.same_identity", sameIdentity, longForm(trueOrText, "source")},
		{"backup.compare_ignore", compareIgnore, texts},
	}
}

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
