package filesys

import "context"

// MaxDamage is how much damage one check reports one by one. All of it is counted.
const MaxDamage = 1000

// Checker is implemented by file systems whose whole structure can be checked.
type Checker interface {
	// Check reads all metadata, as it stands once a journal was replayed, and calls report, never at the same time, with what is
	// wrong: MaxDamage at most. An error says that the check did not end; what it found until then was reported.
	Check(ctx context.Context, report func(Damage)) (Checked, error)
}

// Damage is one thing that is wrong in the structure of a file system.
type Damage struct {
	Kind    DamageKind
	Message string // one line with where, what was found and what was wanted; bytes from the image are quoted
	Block   int64  // number of the block that is damaged, or -1
	Node    Node   // whose it is, or 0
	Harm    Harm
}

// DamageKind is a stable word for what is damaged.
type DamageKind string

// The kinds of damage.
const (
	DamagedSuperblock DamageKind = "superblock"
	DamagedGroup      DamageKind = "group descriptor"
	DamagedBitmap     DamageKind = "bitmap"         // its checksum, or what it says is in use
	DamagedCount      DamageKind = "count"          // of what is free
	DamagedInode      DamageKind = "inode"          // checksum, type, size or number of blocks
	DamagedMap        DamageKind = "block map"      // which blocks a file has
	SharedBlock       DamageKind = "shared block"   // used twice
	DamagedDirectory  DamageKind = "directory"      // its blocks, entries or hash tree
	DamagedLinks      DamageKind = "links"          // an inode's number of names is not what it says
	Unconnected       DamageKind = "unconnected"    // in use and without a name
	DamagedXattr      DamageKind = "attributes"     // extended attributes
	DamagedJournal    DamageKind = "journal"        // it cannot be replayed
	DamagedOrphans    DamageKind = "orphans"        // the list of inodes that are about to be removed
	DamagedContent    DamageKind = "content"        // it is not what its checksum is of
	DamagedTree       DamageKind = "tree"           // blocks of metadata, and what lies in them
	DamagedExtents    DamageKind = "extents"        // what is in use, and how often
	RecordedError     DamageKind = "recorded error" // the driver saw errors and wrote them down
	MissingBytes      DamageKind = "missing bytes"  // the image ends, or cannot be read
)

// Harm says what damage means, the worst first.
type Harm string

// The harm that damage does.
const (
	HarmFatal Harm = "fatal"     // it cannot be mounted, or nothing below its root is reached
	HarmLoss  Harm = "data loss" // names, content or attributes are gone or in doubt
	HarmRisk  Harm = "risk"      // all is there, and writing to it may destroy something
	HarmNone  Harm = "harmless"  // a repair loses nothing
)

// Checked says how much a check looked at.
type Checked struct {
	Inodes      uint64 // in use
	Directories uint64
	Entries     uint64 // of directories, without "." and ".."
	Blocks      uint64 // in use
	Orphans     uint64 // inodes without a name that the next mount removes: no damage
	Damage      uint64 // all of it, also what was not reported
	// Unchecked names what could not be checked, and why. With anything here, no damage is no proof.
	Unchecked []string
}

// Owned is implemented by file systems that know what each block is used for.
type Owned interface {
	// Owners says what the given blocks (in units of Description().BlockSize) are used for, in one pass over all inodes. Every block
	// that was asked for is in the answer. With an error, the answer is what was known until then.
	Owners(ctx context.Context, blocks []uint64) (map[uint64]Owner, error)
}

// Owner is what a block is used for.
type Owner struct {
	Use  Use
	Node Node // of what belongs to an inode, or 0
}

// Use is a stable word for what a block holds.
type Use string

// The uses of a block.
const (
	UseUnknown     Use = "unknown"     // in use, and by nobody that was found
	UseFree        Use = "free"        // marked as free, and used by nobody
	UseBoot        Use = "boot block"  // in front of the file system's own structures
	UseSuperblock  Use = "superblock"  // or a copy
	UseDescriptors Use = "descriptors" // of groups, a copy of them, or room kept for more
	UseBlockBitmap Use = "block bitmap"
	UseInodeBitmap Use = "inode bitmap"
	UseInodeTable  Use = "inode table"
	UseJournal     Use = "journal"
	UseDirectory   Use = "directory"  // entries of Node
	UseContent     Use = "content"    // of Node: a regular file, or a link's target
	UseMap         Use = "block map"  // of Node
	UseXattr       Use = "attributes" // of Node, which may share them with others
	UseTree        Use = "tree"       // a block of a tree, of a file system that keeps all metadata in such
)
