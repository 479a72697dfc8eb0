package facts

// Scan is the domain "scan": what one walk over the guest's file systems found. Each list is in the order of paths and holds
// the first ones; Counts has how many there are, by the list's key.
type Scan struct {
	// Complete is set when everything was visited, save what Skipped names.
	Complete bool `json:"complete"`
	Seen     int  `json:"seen"` // objects
	// Truncated is set when a list is shorter than its count.
	Truncated bool           `json:"truncated"`
	Counts    map[string]int `json:"counts"`
	Skipped   []SkippedTree  `json:"skipped"`

	WorldWritableFiles []ScanEntry      `json:"world_writable_files"` // and devices, sockets and FIFOs; no links
	WorldWritableDirs  []ScanEntry      `json:"world_writable_dirs"`
	Unowned            []ScanEntry      `json:"unowned"`   // by a user that passwd does not have
	Ungrouped          []ScanEntry      `json:"ungrouped"` // of a group that group does not have
	SUID               []ScanEntry      `json:"suid"`
	SGID               []ScanEntry      `json:"sgid"` // no directories, for which the bit means something else
	Capabilities       []ScanCapability `json:"capabilities"`
	ACLs               []ScanACL        `json:"acls"`

	// TemporaryPrograms are executables, and what begins as a program or a script does, below /tmp and /var/tmp, and in what lies
	// on the disks below the directories that a running system mounts over: /dev, /run, /proc and /sys.
	TemporaryPrograms []ScanProgram `json:"temporary_programs"`
	// DeceptiveNames are names that a listing hides or shows as something else, there and everywhere.
	DeceptiveNames []ScanName  `json:"deceptive_names"`
	Flagged        []ScanFlags `json:"flagged"` // files and directories that are immutable or can only grow
	// UnownedModules are kernel modules that no package owns, or of which that is not known; nil when that is not known of any.
	UnownedModules []ScanEntry `json:"unowned_modules" jsonschema:"nullable"`
}

// SkippedTree is a directory that the walk did not enter.
type SkippedTree struct {
	Path   string `json:"path"`
	Reason string `json:"reason"` // "runtime", "containers", "snapshots" or "deployments"
}

// ScanEntry is one object of the walk.
type ScanEntry struct {
	Path string `json:"path"`
	Type string `json:"type"` // as in File
	Mode string `json:"mode"` // four octal digits
	UID  uint32 `json:"uid"`
	GID  uint32 `json:"gid"`
	// Sticky directories let only its owner remove a file.
	Sticky bool `json:"sticky,omitempty"`
	// Package owns the object: "" when no package does, nil when that was not looked up or is not known. It is not looked up for
	// what is only world-writable or without an owner.
	Package *string `json:"package" jsonschema:"nullable"`
}

// ScanProgram is a file that could be run.
type ScanProgram struct {
	ScanEntry
	Content  string `json:"content"`  // by its first bytes: "elf", "script" for #!, or ""
	Modified string `json:"modified"` // in RFC 3339; "" when the file system does not say
}

// ScanName is an object whose name deceives.
type ScanName struct {
	ScanEntry
	// Reason is "dots" for a name of dots and blanks alone, "control" for one with characters that move the cursor, "invisible" for
	// one with characters that have no width, "blank" for one that begins or ends with a blank in a directory of the system, and
	// "hidden" for a directory that begins with a dot where none is wanted.
	Reason   string `json:"reason"`
	Modified string `json:"modified"` // as in ScanProgram
}

// ScanFlags is an object with attributes of chattr(1).
type ScanFlags struct {
	ScanEntry
	Flags []string `json:"flags"` // "immutable", "append"
}

// ScanCapability is a program with capabilities of its own.
type ScanCapability struct {
	Path         string  `json:"path"`
	Capabilities string  `json:"capabilities"` // as getcap(8) writes them: "cap_net_raw=ep"
	Package      *string `json:"package" jsonschema:"nullable"`
}

// ScanACL is an object with access lists beyond its mode.
type ScanACL struct {
	Path    string `json:"path"`
	Access  string `json:"access,omitempty"`  // as acl(5) writes it: "user::rw-,user:1000:r--,…"
	Default string `json:"default,omitempty"` // for what is made in the directory
}
