package facts

// Rsyslog is the domain "rsyslog".
type Rsyslog struct {
	Files []string `json:"files"` // in the order of reading
	// FileCreateMode are the modes of log files, each for the actions after it. A file that names none has 0644.
	FileCreateMode []RsyslogSetting `json:"file_create_mode"`
	DirCreateMode  []RsyslogSetting `json:"dir_create_mode"`
	// Listeners are inputs from the network, Remote the hosts that logs are sent to, Outputs the files and pipes.
	Listeners []RsyslogListener `json:"listeners"`
	Remote    []RsyslogRemote   `json:"remote"`
	Outputs   []RsyslogOutput   `json:"outputs"`
	Modules   []RsyslogSetting  `json:"modules"` // loaded modules
}

// RsyslogSetting is one value.
type RsyslogSetting struct {
	Value  string `json:"value"`
	Source Source `json:"source"`
}

// RsyslogListener is an open port.
type RsyslogListener struct {
	Module string `json:"module"` // "imtcp", "imudp", "imrelp", "imptcp"
	Port   string `json:"port"`
	// Loaded is set when the module is loaded too, without which rsyslog does not listen.
	Loaded bool   `json:"loaded"`
	Source Source `json:"source"`
}

// RsyslogRemote is a host that logs are sent to.
type RsyslogRemote struct {
	Selector string `json:"selector"` // "" where the statement has none
	Host     string `json:"host"`
	Port     string `json:"port"`
	Protocol string `json:"protocol"` // "udp", "tcp" or "relp"
	TLS      bool   `json:"tls"`
	Source   Source `json:"source"`
}

// RsyslogOutput is a file that logs are written to.
type RsyslogOutput struct {
	Selector string `json:"selector"`
	Path     string `json:"path"`
	Mode     string `json:"mode"` // as it would be created: "0640"
	Source   Source `json:"source"`
}
