package filesys

import "time"

// Rooted is implemented by file systems that hold several trees, of which each can be mounted as the root of the file system is:
// the subvolumes and snapshots of Btrfs.
type Rooted interface {
	// Roots lists them in the order of their numbers, the top of the file system too. Those that could be read are returned even when
	// err says that others could not.
	Roots() ([]Root, error)
}

// Root is one tree of a file system.
type Root struct {
	Node     Node   // its directory
	Name     string // path from the top of the file system, as bytes and without a slash before it; "" for the top itself
	ID       uint64 // by which it can be mounted
	Default  bool   // what is mounted where nothing is said
	ReadOnly bool
	UUID     string    // "" when the file system keeps none
	Parent   string    // UUID of what it is a snapshot of; "" for what is none
	Created  time.Time // zero when the file system keeps none
}
