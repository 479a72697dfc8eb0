package facts

// Profile is the domain "profile": what the shells' start-up files assign. They are programs, which are not run: every
// assignment is here, whether the shell would come by it or not.
type Profile struct {
	Umask    []UmaskSetting `json:"umask"`
	Tmout    []TmoutSetting `json:"tmout"`
	RootPath []PathSetting  `json:"root_path"`
	// PathDirs are the elements of all of RootPath in their order, each once, without those that only stand for the PATH
	// before. Whether root's shell or that of others comes by an assignment is not known.
	PathDirs []PathDir `json:"path_dirs"`
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

// PathSetting is one assignment of PATH that root's shell may come by, or what pathmunge adds to it.
type PathSetting struct {
	Entries []string `json:"entries"` // "" is the current directory; variables stand as written
	Source  Source   `json:"source"`
}

// PathDir is one directory that PATH names, seen through links.
type PathDir struct {
	Dir string `json:"dir"` // as written, save for quotes; "" is the current directory
	// Exists is null where it cannot be known: for what is no absolute path, or holds a variable other than HOME, and for a
	// directory on a volume that the disks do not hold.
	Exists *bool  `json:"exists" jsonschema:"nullable"`
	Type   string `json:"type"` // as in Inode; "" where there is nothing to describe
	Mode   string `json:"mode"`
	UID    uint32 `json:"uid"`
	GID    uint32 `json:"gid"`
	Owner  string `json:"owner"`
	Group  string `json:"group"`
}
