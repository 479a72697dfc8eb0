package compare

import (
	"path"
	"strings"
	"time"
)

// Kind is what happened to a file between source and backup.
type Kind string

// The kinds.
const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
	Moved   Kind = "moved"
)

// Class is why a file differs, as far as it shows.
type Class string

// The classes. Those after Ignored are of what a running system writes all the time.
const (
	// Corruption: the content differs, and neither size nor time of modification do; or it can be read in the source only.
	Corruption Class = "corruption"
	Edit       Class = "edit"
	Packaged   Class = "package" // explained by packages of both sides
	Ignored    Class = "ignored" // by the policy
	Log        Class = "log"
	JournalLog Class = "journal" // of systemd, which is written without a change of size or time
	Cache      Class = "cache"
	Temporary  Class = "temporary"
	Seed       Class = "random seed"
	State      Class = "state" // leases, time stamps of timers, sessions
)

// Explained reports whether somebody expects such a change.
func (c Class) Explained() bool { return c != Corruption && c != Edit }

// Change is a file that differs.
type Change struct {
	Path  string `json:"path"`
	From  string `json:"from,omitempty"` // where a moved file was in the source
	Kind  Kind   `json:"kind"`
	Class Class  `json:"class"`
	// What differs: "content", "size", "modified", "mode", "owner", "type", "target", "device", "flags", "attributes", "unreadable".
	What   []string `json:"what"`
	Reason string   `json:"reason,omitempty"` // that explains it, or what is known of it
	// Sizes are in bytes, and Modified times of modification, of the source and the backup.
	Sizes    [2]int64     `json:"sizes"`
	Modified [2]time.Time `json:"modified"`
	Bytes    int64        `json:"bytes"` // of the file's blocks that differ on the disk of the backup
}

// places are where a running system writes all the time. A path ends with a slash where all below it counts.
var places = []struct {
	path  string
	class Class
}{
	{"/var/log/journal/", JournalLog},
	{"/var/log/", Log},
	{"/var/lib/systemd/random-seed", Seed},
	{"/var/lib/random-seed", Seed},
	{"/var/lib/urandom/random-seed", Seed},
	{"/var/lib/seedrng/", Seed},
	{"/boot/efi/loader/random-seed", Seed},
	{"/var/cache/", Cache},
	{"/var/tmp/", Temporary},
	{"/tmp/", Temporary},
	{"/run/", Temporary},
	{"/dev/shm/", Temporary},
	{"/var/lib/systemd/timers/", State},
	{"/var/lib/systemd/timesync/clock", State},
	{"/var/lib/systemd/rfkill/", State},
	{"/var/lib/logrotate/status", State},
	{"/var/lib/logrotate.status", State},
	{"/var/lib/dhcp/", State},
	{"/var/lib/dhclient/", State},
	{"/var/lib/NetworkManager/timestamps", State},
	{"/var/lib/NetworkManager/seen-bssids", State},
	{"/var/lib/chrony/", State},
	{"/var/lib/ntp/", State},
	{"/var/lib/sudo/lectured/", State},
	{"/var/spool/anacron/", State},
	{"/var/spool/postfix/", State},
	{"/var/lib/apt/daily_lock", State},
	{"/var/lib/apt/periodic/", State},
	{"/swapfile", State},
	{"/swap.img", State},
}

// volatile tells the class of what is written all the time, or "".
func volatile(p string) Class {
	for _, v := range places {
		if p == v.path || strings.HasSuffix(v.path, "/") && strings.HasPrefix(p, v.path) {
			return v.class
		}
	}
	if dir, name := path.Split(p); strings.HasPrefix(p, "/home/") || strings.HasPrefix(p, "/root/") {
		switch {
		case strings.Contains(dir, "/.cache/"):
			return Cache
		case strings.HasPrefix(name, ".") && strings.HasSuffix(name, "_history"):
			return State
		}
	}
	return ""
}
