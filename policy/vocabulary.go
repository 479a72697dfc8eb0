package policy

import (
	"slices"
	"strings"
)

// word is one key of the vocabulary. A "*" in its path stands for any key. read checks the value and makes the checks.
type word struct {
	path string
	read func(c *compiler, n *node)
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
		{"baseline.id", func(c *compiler, n *node) { c.header.id = c.text(n) }},
		{"baseline.title", func(c *compiler, n *node) { c.header.title = c.text(n) }},
		{"baseline.version", func(c *compiler, n *node) { c.header.version = c.text(n) }},
		{"baseline.extends", func(c *compiler, n *node) { c.texts(n) }}, // was read before: see loader
		{"baseline.min_coverage", minCoverage},
		{"baseline.default_severity", func(c *compiler, n *node) { c.header.severity = c.severity(n) }},
		{"baseline.applies_to", appliesTo},
		{"baseline.frameworks", frameworkNames},
		{"baseline.disable", disable},
		{"disable", disable},
		{"meta", func(c *compiler, n *node) { c.wantKind(n, kindTable) }},
		{"vars", func(c *compiler, n *node) { c.wantKind(n, kindTable) }}, // was read before: see loader

		{"rego.builtin", builtinChecks},
		{"rego.dirs", regoDirs},
		{"params.*", params},
		{"hygiene", hygiene},

		{"system.timezone", timezone},
		{"system.selinux", selinux},
		{"system.apparmor", apparmor},
		{"system.hostname", hostname},
		{"system.os", osID},
		{"system.version", osVersion},
		{"system.supported", supported},
		{"system.kernel", kernelRelease},
		{"system.fips", fips},
		{"system.default_target", defaultTarget},
		{"system.locale", locale},
		{"system.ntp_servers", ntpServers},
		{"system.crypto_policy", cryptoPolicy},
		{"system.machine_id", machineID},

		{"packages.required.packages", each(requiredPackage)},
		{"packages.forbidden.packages", each(forbiddenPackage)},
		{"packages.versions.*", packageVersion},
		{"packages.only.file", onlyFile},
		{"packages.only.packages", onlyPackages},
		{"packages.holds", holds},
		{"packages.verify", later("verification", "The files of packages are as shipped", shapeVerify)},
		{"packages.unowned_executables", later("verification", "Every executable belongs to a package", shapeVerdict)},
		{"packages.repos_allowed", later("apt", "Packages come from allowed repositories", shapeTexts)},
		{"packages.unsigned", later("verification", "Every package is signed", shapeVerdict)},
		{"packages.max_age_days", later("history", "Packages were updated recently", shapeDays)},

		{"files.must_exist.paths", each(mustExist)},
		{"files.must_not_exist.paths", each(mustNotExist)},
		{"files.checksums.*", checksum},
		{"files.permissions.*", permissions},
		{"files.content.*", content},
		{"files.policy.world_writable", worldWritable},
		{"files.policy.unowned_ids", unownedIDs},
		{"files.policy.suid_allow", suidAllow},
		{"files.policy.capabilities_allow", capabilitiesAllow},
	}
}

// notYet lists the tables that belong to the vocabulary of baselines and that this version does not judge. They are refused:
// a table that is read and not judged would look like one that passed.
func notYet() []string {
	return []string{
		"config", "services", "users", "groups", "kernel", "storage", "network", "registry", "certificates",
		"malware", "drift", "backup", "rule", "waiver", "waivers",
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
