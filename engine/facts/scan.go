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
}

// SkippedTree is a directory that the walk did not enter.
type SkippedTree struct {
	Path   string `json:"path"`
	Reason string `json:"reason"` // "runtime", "containers" or "snapshots"
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
	// Package owns a privileged file: "" when no package does, nil when that was not looked up or is not known.
	Package *string `json:"package" jsonschema:"nullable"`
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
