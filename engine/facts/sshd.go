package facts

// SSHD is the domain "sshd": the configuration that the SSH server would run with.
type SSHD struct {
	Version string `json:"version"` // of OpenSSH: "9.2"; "" when it is not known
	Config  string `json:"config"`  // the file it starts from
	// Files are the files of configuration in the order of reading, each once. Of a link it is what the link leads to.
	Files []Inode `json:"files"`
	// Effective has the settings in force for every connection, by keyword in lower case, as "sshd -T" prints them: the
	// command line, the files and the blocks "Match all". A value is a string, or a list of strings where the keyword
	// takes several. A keyword is missing where neither file nor known default gives it a value.
	Effective map[string]*Value[any] `json:"effective"`
	// Match has the blocks that hold for some connections only. What they set goes before Effective there.
	Match       []SSHDMatch  `json:"match"`
	CommandLine []SSHDOption `json:"command_line"`
}

// SSHDMatch is one Match block.
type SSHDMatch struct {
	Criteria   string                 `json:"criteria"` // as it stands
	Conditions []SSHDCondition        `json:"conditions"`
	Settings   map[string]*Value[any] `json:"settings"`
	Source     Source                 `json:"source"`
}

// SSHDCondition is one criterion: all of a block must hold, and one of its patterns.
type SSHDCondition struct {
	Type     string   `json:"type"` // "user", "group", "address" and so on
	Patterns []string `json:"patterns"`
}

// SSHDOption is one option that the server is started with.
type SSHDOption struct {
	Key    string `json:"key"` // a keyword in lower case, or a flag: "-4"
	Value  string `json:"value"`
	Source Source `json:"source"`
}
