package facts

// Chrony is the domain "chrony".
type Chrony struct {
	Servers []TimeServer `json:"servers"`
	Pools   []TimeServer `json:"pools"`
	Peers   []TimeServer `json:"peers"`
	// User is the account chronyd changes to; nil when no file says it, for the default is compiled in.
	User *Value[string] `json:"user" jsonschema:"nullable"`
	// Settings are the other directives by name, in lower case, with their arguments: the last one wins.
	Settings map[string]*Value[string] `json:"settings"`
	// SourceDirs are the directories of sources, of which those below /run are filled at run time (DHCP).
	SourceDirs []string `json:"source_dirs"`
	Files      []string `json:"files"`
}

// TimeServer is one source of the time.
type TimeServer struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"` // "server", "pool", "peer" or "fallback"
	Options []string `json:"options"`
	Source  Source   `json:"source"`
}

// Timesync is the domain "timesync": what keeps the guest's clock, whichever program does it.
type Timesync struct {
	// Program is the one that boot starts: "chrony", "timesyncd" or "ntp"; of several the first of these. Where boot
	// starts none it is the one that is installed, or "".
	Program string `json:"program"`
	// Enabled is nil when the guest's units are not known.
	Enabled *bool `json:"enabled" jsonschema:"nullable"`
	// Started lists all that boot starts: more than one is a fault.
	Started []string     `json:"started"`
	Servers []TimeServer `json:"servers"` // of that program
	Pools   []TimeServer `json:"pools"`
}
