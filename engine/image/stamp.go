package image

import "time"

// Stamp is what the host says of a file's state. An edit changes it, unless it happens in the same moment as the one
// before: see Settled.
type Stamp struct {
	Size     int64 // bytes
	Inode    uint64
	Modified time.Time
	Changed  time.Time // of the inode, which no program sets back; the modification time where the host has none
	// Device is set for what is no regular file: what is written to a block device leaves no trace in its inode.
	Device bool
}

// Stamp returns the state of the file at the time it was opened.
func (f *File) Stamp() Stamp {
	s := Stamp{Size: f.size, Modified: f.info.ModTime(), Changed: f.info.ModTime(), Device: !f.info.Mode().IsRegular()}
	hostStamp(f.info, &s)
	return s
}

// Settled reports whether the file was left alone long enough before now that a later edit would change the stamp: hosts
// count the time of files in steps. A device is never settled.
func (s Stamp) Settled(now time.Time) bool {
	const step = time.Second
	return !s.Device && s.Changed.Before(now.Add(-step)) && s.Modified.Before(now.Add(-step))
}
