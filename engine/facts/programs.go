package facts

// Programs is the domain "programs": the commands that a system runs by itself, with what lies where they lead: of units, cron, udev,
// modprobe, PAM and /etc/rc.local. It has the programs, and the scripts that interpreters are given by name.
type Programs []Program

// Program is one program or script of one command.
type Program struct {
	Kind string `json:"kind"` // "unit", "cron", "udev", "modprobe", "pam" or "rc.local"
	// Name is the unit, the kernel module or the service of PAM; "" for the others.
	Name    string `json:"name"`
	Setting string `json:"setting"` // "ExecStartPre", "RUN", "install"; the schedule of cron's
	// Starts is as in Unit, and "trigger" for what cron, udev, modprobe and PAM run.
	Starts string `json:"starts"`
	User   string `json:"user"` // it runs as
	// Conditional is set where a condition of the unit, or a test in the command, may keep it from being run, and Optional where a
	// failure does not count.
	Conditional bool   `json:"conditional"`
	Optional    bool   `json:"optional"`
	Script      bool   `json:"script"` // an interpreter is given it
	Path        string `json:"path"`   // as written, without .., or as found in the directories for programs
	// Exists is nil where that cannot be known: for a path with variables, or on a volume that the disks do not hold, or in a
	// directory that is filled at run time.
	Exists   *bool  `json:"exists" jsonschema:"nullable"`
	Resolved string `json:"resolved"` // without links; "" where there is nothing
	Type     string `json:"type"`     // as in Inode; "" where there is nothing to describe
	Mode     string `json:"mode"`
	UID      uint32 `json:"uid"`
	// Writable is what anybody may write to, so that they choose what is run: the file itself or a directory above it. "" is none.
	Writable string `json:"writable"`
	Source   Source `json:"source"`
}
