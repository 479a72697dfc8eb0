package facts

// Profile is the domain "profile": what the shells' start-up files assign. They are programs, which are not run: every
// assignment is here, whether the shell would come by it or not.
type Profile struct {
	Umask    []UmaskSetting `json:"umask"`
	Tmout    []TmoutSetting `json:"tmout"`
	RootPath []PathSetting  `json:"root_path"`
}

// UmaskSetting is one umask command.
type UmaskSetting struct {
	Value string `json:"value"` // as it stands
	// Mode is the same as four octal digits, "" where it depends on something the shell would know.
	Mode   string `json:"mode"`
	Source Source `json:"source"`
}

// TmoutSetting is one assignment of TMOUT.
type TmoutSetting struct {
	Value    *int64 `json:"value" jsonschema:"nullable"` // seconds; null where it is no plain number
	ReadOnly bool   `json:"readonly"`                    // by this command, or a later one of the same file
	Exported bool   `json:"exported"`
	Source   Source `json:"source"`
}

// PathSetting is one assignment of PATH that root's shell may come by.
type PathSetting struct {
	Entries []string `json:"entries"` // "" is the current directory; variables stand as written
	Source  Source   `json:"source"`
}
