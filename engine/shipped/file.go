package shipped

import "crypto"

// File is what a package database says of one path. What the database does not say is the zero value, or nil.
type File struct {
	Path    string // without links, as guest.Object.Path
	Package string
	Manager string // "dpkg", "rpm", "apk", "pacman"
	// Type has the type bits of filesys.Stat.Mode, and Mode the permissions with setuid, setgid and sticky bits.
	Type        uint32
	Mode        *uint32
	UID, GID    *uint32
	User, Group string // names, of managers that keep names
	Size        *int64 // bytes
	Hash        crypto.Hash
	Digest      []byte  // of the content, by Hash
	Target      *string // of a link
	// Capabilities is what the package gives the program, as getcap(8) writes it: "cap_net_raw=ep"; nil where the manager keeps none.
	Capabilities *string
	// Config is a file that the administrator may change. Generated is one that belongs to the package and is made at installation or
	// later: it has no digest and may be missing (rpm's %ghost). Optional may be missing without harm (rpm's missingok, documentation
	// that was left out).
	Config, Generated, Optional bool
	// Override is set when the administrator registered another owner and mode than the package has (dpkg-statoverride).
	Override bool
	// Source is where it stands: the database, and the line of it where it has lines.
	Source Source
}

// Source is a place in a package database.
type Source struct {
	Path string
	Line int // from 1; 0 for the whole file
}
