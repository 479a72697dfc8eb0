package facts

// Sudoers is the domain "sudoers": what sudo allows, with aliases replaced by what they stand for.
type Sudoers struct {
	// Ignored has the files and directories that sudo passes over with all they hold.
	Ignored []SudoersIgnored `json:"ignored"`
	// Defaults are the options for everybody, the last of each name: "true" or "false" for a flag. A list that was only
	// added to has what was added to sudo's own.
	Defaults map[string]*Value[string] `json:"defaults"`
	Scoped   []SudoDefault             `json:"scoped_defaults"`
	// Rules stand in their order: the last one that matches decides.
	Rules []SudoRule `json:"rules"`
}

// SudoersIgnored is one file that is not in force.
type SudoersIgnored struct {
	Path   string `json:"path"`
	Reason string `json:"reason"` // "dot-in-name", "tilde", "owner", "mode" or "type"
}

// SudoDefault is an option for some users, hosts, target users or commands.
type SudoDefault struct {
	Scope  string   `json:"scope"` // "user", "host", "runas" or "command"
	Names  []string `json:"names"`
	Key    string   `json:"key"`
	Value  string   `json:"value"`
	Source Source   `json:"source"`
}

// SudoRule allows commands. Names keep their marks: "%group", "%#gid", "#uid", "+netgroup", and "!" for those left out.
type SudoRule struct {
	Users []string `json:"users"`
	Hosts []string `json:"hosts"`
	// Runas has the target users; null is sudo's default, which is root.
	Runas       []string `json:"runas" jsonschema:"nullable"`
	RunasGroups []string `json:"runas_groups" jsonschema:"nullable"`
	// Tags are those in force for these commands, those written for earlier commands of the list included.
	Tags     []string          `json:"tags"`
	Options  map[string]string `json:"options,omitempty"` // CWD, TIMEOUT and the like
	Commands []string          `json:"commands"`
	Source   Source            `json:"source"`
}
