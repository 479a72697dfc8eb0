package facts

// Audit is the domain "audit": the rules of the kernel's audit system.
type Audit struct {
	// Loaded are the lines of /etc/audit/audit.rules, and Rules those that augenrules(8) would make of rules.d now. Nil is a
	// file or directory that the guest does not have.
	Loaded []AuditRule `json:"loaded" jsonschema:"nullable"`
	Rules  []AuditRule `json:"rules_d" jsonschema:"nullable"`
	// Loader is what reads them at boot: "augenrules", which writes audit.rules anew from rules.d, "auditctl", which takes
	// audit.rules as it stands, or "" when no unit was found that does.
	Loader string `json:"loader"`
	// Drift is set when the two lists differ; Missing are the lines that only rules.d has, Extra those that only
	// audit.rules has.
	Drift   bool     `json:"drift"`
	Missing []string `json:"missing"`
	Extra   []string `json:"extra"`
	// ImmutableLast is set when the rules that are read at boot end with -e 2.
	ImmutableLast bool     `json:"immutable_last"`
	Files         []string `json:"files"` // of rules.d, in the order of reading
}

// AuditRule is one line, written in the one way that all equivalent lines have in common.
type AuditRule struct {
	Kind string `json:"kind"` // "watch", "syscall" or "control"
	// Option and Value are those of a control line: "-e" and "2".
	Option string `json:"option,omitempty"`
	Value  string `json:"value,omitempty"`
	// Action is "always" or "never"; List is "exit", "user", "exclude", "filesystem", "io_uring" or "task".
	Action   string   `json:"action,omitempty"`
	List     string   `json:"list,omitempty"`
	Arch     string   `json:"arch,omitempty"` // "b32", "b64", or "" for both
	Syscalls []string `json:"syscalls,omitempty"`
	// Fields are the other conditions, in the order of the line.
	Fields []AuditField `json:"fields,omitempty"`
	// Path is the file of a watch, or the directory when IsDir is set. Whether a path without a slash at its end is a
	// directory is up to the kernel.
	Path  string   `json:"path,omitempty"`
	IsDir bool     `json:"is_dir,omitempty"`
	Perm  string   `json:"perm,omitempty"` // some of "rwxa", in that order
	Keys  []string `json:"keys,omitempty"`
	// Prepend is set for -A, which goes before the rules of the list that are there.
	Prepend bool `json:"prepend,omitempty"`
	// InForce is unset for a rule that never gets into the kernel or not stays: behind -e 2, behind a line auditctl stops
	// at, or before a -D.
	InForce bool   `json:"in_force"`
	Source  Source `json:"source"`
}

// AuditField is one condition of a rule.
type AuditField struct {
	Key   string `json:"key"`
	Op    string `json:"op"`
	Value string `json:"value"`
	// Compare is set when Value names another field (-C).
	Compare bool `json:"compare,omitempty"`
}

// AtBoot returns the rules that are read at boot.
func (a *Audit) AtBoot() []AuditRule {
	if a.Loader == "augenrules" && a.Rules != nil || a.Loaded == nil {
		return a.Rules
	}
	return a.Loaded
}
