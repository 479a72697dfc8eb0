package scanner

import "time"

// MaxNesting is how many archives one inside the other are opened.
const MaxNesting = 5

// Limits bound what one scan takes. The zero value of a field stands for its default.
type Limits struct {
	// FileSize is the most bytes of a file, or of a member of an archive, that are looked into.
	FileSize int64
	// Members and Unpacked are how many members, and bytes of them, are taken out of one archive, those nested in it included.
	Members  int
	Unpacked int64
	// Ratio is the most bytes that one byte of an archive may become, after the first 10 MiB.
	Ratio int64
	// FileTime is how long one engine may take for one file or member, and ArchiveTime how long the opening of one archive.
	FileTime, ArchiveTime time.Duration
	// MembersTime is how long the engines may take for the members of one archive, all together.
	MembersTime time.Duration
}

// DefaultLimits are the limits where nobody says something else.
func DefaultLimits() Limits {
	return Limits{
		FileSize: 128 << 20, Members: 10_000, Unpacked: 1 << 30, Ratio: 200,
		FileTime: 30 * time.Second, ArchiveTime: time.Minute, MembersTime: 10 * time.Minute,
	}
}

// orDefaults fills in what l does not say.
func (l Limits) orDefaults() Limits {
	d := DefaultLimits()
	or(&l.FileSize, d.FileSize)
	or(&l.Members, d.Members)
	or(&l.Unpacked, d.Unpacked)
	or(&l.Ratio, d.Ratio)
	or(&l.FileTime, d.FileTime)
	or(&l.ArchiveTime, d.ArchiveTime)
	or(&l.MembersTime, d.MembersTime)
	return l
}

func or[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}
