package facts

// Loader is the domain "loader": what the dynamic loader, ld.so(8), is told to load into programs besides what they ask for.
type Loader struct {
	Preload []PreloadedLibrary `json:"preload"` // of /etc/ld.so.preload
	// Variables are the assignments of LD_PRELOAD, LD_AUDIT and LD_LIBRARY_PATH in files, whether a program comes by them or not.
	Variables []LoaderVariable `json:"variables"`
	// UnreadHomes are the homes whose files are not among them, since the disks do not hold their volume.
	UnreadHomes []string `json:"unread_homes"`
}

// PreloadedLibrary is one entry of /etc/ld.so.preload, which is loaded into every program.
type PreloadedLibrary struct {
	Library string `json:"library"`
	// Exists is nil where that cannot be known: for a name without a slash, or on a volume that the disks do not hold.
	Exists *bool  `json:"exists" jsonschema:"nullable"`
	Mode   string `json:"mode"` // four octal digits; "" where there is nothing to describe
	UID    uint32 `json:"uid"`
	// Package owns the library: "" when no package does, nil when that is not known.
	Package *string `json:"package" jsonschema:"nullable"`
	Source  Source  `json:"source"`
}

// LoaderVariable is one assignment.
type LoaderVariable struct {
	Name  string `json:"name"`  // "LD_PRELOAD"
	Value string `json:"value"` // as it stands, without quotes; never ""
	// Place is what reads the file: "unit", "unit file" for one that EnvironmentFile= names, "systemd" for its managers, "session" for
	// /etc/environment and environment.d, "pam_env", "shell" or "ssh".
	Place  string `json:"place"`
	Of     string `json:"of"` // the unit, or the user whose file it is; "" for all
	Source Source `json:"source"`
}
