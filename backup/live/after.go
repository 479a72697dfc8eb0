package live

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
)

// Reading is what the guest wrote while it ran, read with this program's own reader.
type Reading struct {
	Guest string `json:"guest"` // the device of its root
	// By says which records tell of the boot: "journal", "wtmp". Without one nothing is known.
	By        []string `json:"by"`
	Up        bool     `json:"up"`        // the start was over: a target with a login was reached
	Emergency bool     `json:"emergency"` // the guest stood in emergency or rescue mode
	Failed    []string `json:"failed"`    // units that failed before the guest was asked to power off, sorted
	// Unread is why a record was not read.
	Unread []string `json:"unread,omitempty"`
}

const (
	maxUnits    = 100      // units that failed
	maxJournals = 1000     // files
	maxWtmp     = 64 << 20 // bytes

	wtmpPath   = "/var/log/wtmp"
	wtmpRecord = 384 // of struct utmp (utmp(5)), as glibc has it on all its platforms but a few
	runLevel   = 1   // ut_type RUN_LVL
)

// compareGuests reads the records of the guest that ran, which is the one whose records grew. It returns nil where no guest can be read.
func compareGuests(before, now []*guest.Guest) *Reading {
	var best *Reading
	for _, g := range now {
		r := &Reading{Guest: g.Root.Device, By: []string{}, Failed: []string{}}
		var old *guest.Guest
		for _, o := range before {
			if o.Root.Device == g.Root.Device {
				old = o
			}
		}
		if old == nil {
			continue
		}
		r.journals(old, g)
		r.wtmp(old, g)
		if best == nil || len(r.By) > len(best.By) {
			best = r
		}
	}
	return best
}

func (r *Reading) unread(path string, err error) {
	if !errors.Is(err, fs.ErrNotExist) {
		r.Unread = append(r.Unread, path+": "+err.Error())
	}
}

// journals reads the entries that are new in the journal.
func (r *Reading) journals(before, now *guest.Guest) {
	known := map[string]uint64{} // the last number of each kind
	r.each(before, func(_ string, j *journal) {
		known[j.id] = max(known[j.id], j.last)
	})
	r.Unread = nil // what cannot be read is told of the guest as it is now
	var entries []entry
	r.each(now, func(path string, j *journal) {
		if j.last <= known[j.id] {
			return
		}
		more, err := j.since(known[j.id])
		if err != nil {
			r.unread(path, err)
		}
		entries = append(entries, more...)
	})
	if len(entries) > 0 {
		r.By = append(r.By, "journal")
		r.boot(entries)
	}
}

// each opens the system's journals.
func (r *Reading) each(g *guest.Guest, each func(path string, j *journal)) {
	paths, err := g.Glob("/var/log/journal/*/system*.journal*")
	if err != nil {
		r.unread("/var/log/journal", err)
	}
	for i, path := range paths {
		if i == maxJournals {
			r.unread(path, binread.Limit("more than %d journals", maxJournals))
			return
		}
		f, err := g.Open(path)
		if err != nil {
			r.unread(path, err)
			continue
		}
		j, err := openJournal(f, f.Size())
		if err != nil {
			r.unread(path, err)
			continue
		}
		each(path, j)
	}
}

// wtmp reads the records that are new in wtmp: init notes there which run level it came to.
func (r *Reading) wtmp(before, now *guest.Guest) {
	old, err := before.ReadFile(wtmpPath, maxWtmp)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.unread(wtmpPath, err)
		return
	}
	b, err := now.ReadFile(wtmpPath, maxWtmp)
	if err != nil {
		r.unread(wtmpPath, err)
		return
	}
	if len(b) <= len(old) || !bytes.HasPrefix(b, old) {
		return
	}
	r.By = append(r.By, "wtmp")
	for b = b[len(old):]; len(b) >= wtmpRecord; b = b[wtmpRecord:] {
		c := binread.Little(b[:wtmpRecord])
		kind, level := c.U16(), c.At(4).U32()&0xff // ut_type, ut_pid
		user := strings.TrimRight(string(c.At(44).Bytes(32)), "\x00")
		if kind == runLevel && user == "runlevel" && level >= '2' && level <= '5' {
			r.Up = true
		}
	}
}
