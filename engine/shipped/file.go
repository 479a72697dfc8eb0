package shipped

import (
	"bytes"
	"crypto"
)

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
	// Digest is of the content, by Hash; its first 20 bytes where the manager keeps no more. Where Type is 0 and the path is a link, it
	// is of what the link holds (apk).
	Digest []byte
	Target *string // of a link
	// Capabilities is what the package gives the program, as getcap(8) writes it: "cap_net_raw=ep"; nil where the manager keeps none.
	Capabilities *string
	// Config is a file that the administrator may change. Generated is one that belongs to the package and is made at installation or
	// later: it has no digest and may be missing (rpm's %ghost). Optional may be missing without harm (rpm's missingok, documentation
	// that was left out).
	Config, Generated, Optional bool
	// Varies is set when the package has it that the content may change (rpm's %verify(not md5)): a digest that agrees still says that
	// it did not.
	Varies bool
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

const (
	shortDigest = 20 // bytes that apk keeps of a SHA-256
	md5Size     = 16 // bytes of the shortest digest
)

// Agrees reports whether sum, a digest by Hash, is the one that the package has.
func (f *File) Agrees(sum []byte) bool { return agrees(sum, f.Digest) }

func agrees(sum, digest []byte) bool {
	return len(digest) >= md5Size && len(sum) >= len(digest) && bytes.Equal(sum[:len(digest)], digest)
}
