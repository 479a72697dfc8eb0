package image

import (
	"io/fs"
	"time"
)

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
func (f *File) Stamp() Stamp { return stampOf(f.info, f.size) }

// Restamp returns the state of the file now. It equals Stamp as long as nothing was written to it.
func (f *File) Restamp() (Stamp, error) {
	info, err := f.file.Stat()
	if err != nil {
		return Stamp{}, err
	}
	if !info.Mode().IsRegular() {
		return f.Stamp(), nil
	}
	return stampOf(info, info.Size()), nil
}

func stampOf(info fs.FileInfo, size int64) Stamp {
	s := Stamp{Size: size, Modified: info.ModTime(), Changed: info.ModTime(), Device: !info.Mode().IsRegular()}
	hostStamp(info, &s)
	return s
}

// Settled reports whether the file was left alone long enough before now that a later edit would change the stamp: hosts
// count the time of files in steps. A device is never settled.
func (s Stamp) Settled(now time.Time) bool {
	const step = time.Second
	return !s.Device && s.Changed.Before(now.Add(-step)) && s.Modified.Before(now.Add(-step))
}
