package facts

// Homes is the domain "homes": the home directories of root and of every account that a person may log in to, each once, in
// the order of passwd.
type Homes []Home

// Home is one home directory. Links to it are followed.
type Home struct {
	User string `json:"user"` // the first account whose home it is
	UID  uint32 `json:"uid"`  // of that account
	Path string `json:"path"`
	// Exists is null where the home may be on a volume that the disks do not hold, or could not be read.
	Exists   *bool   `json:"exists" jsonschema:"nullable"`
	Mode     string  `json:"mode"` // four octal digits; "" where there is no directory
	OwnerUID *uint32 `json:"owner_uid" jsonschema:"nullable"`
	Owner    string  `json:"owner"`
	Group    string  `json:"group"`
	// Entries are what is in the home itself under a name that begins with a dot, and the files of some programs with
	// credentials or a history deeper in it, in the order of names.
	Entries []HomeFile `json:"entries"`
}

// HomeFile is one object in a home: of a link the link itself. Its content is not read.
type HomeFile struct {
	Inode
	Link string `json:"link,omitempty"` // the target of a link as it stands
	Name string `json:"name"`           // below the home: ".ssh/id_rsa"
}
