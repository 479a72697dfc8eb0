// Package origin tells of when a backup is, and of which machine: how long ago its image and what is in it were written, and whether
// what tells machines apart is as in another state of the machine.
//
// The age of the content is that of the newest trace of use: the journal, wtmp and the records of package managers as the facts have
// them (domain "history"), when the superblocks of ext2, ext3 and ext4 were written (Documentation/filesystems/ext4/super.rst), and the
// times of files that every running system writes. Whoever can write the backup can make it look newer.
package origin

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/finding"
)

// slack is how far the clocks of two machines may be apart.
const slack = time.Hour

// The fields of the superblock, which stands at 1024.
const (
	superblock       = 1024
	superblockLength = 1024
	writtenAt        = 0x30  // s_wtime
	writtenHighAt    = 0x274 // s_wtime_hi
)

// signs are files that a running machine writes.
var signs = []string{"/var/log/wtmp", "/var/log/dpkg.log", "/var/log/syslog", "/var/log/messages", "/var/lib/dpkg/status", "/var/lib/rpm/rpmdb.sqlite"}

// Times are when a backup was written to.
type Times struct {
	Written time.Time `json:"written,omitzero"` // the newest file of the image
	Content time.Time `json:"content,omitzero"` // the newest trace of use in the guest
	Newest  string    `json:"newest"`           // what has that trace: a path, or a superblock; "" where there is none
	// Unread is what may have a newer trace.
	Unread []Unread `json:"unread"`
}

// Unread is a file, or a part of the guest, of which it is not known when it was written.
type Unread struct {
	Path  string `json:"path"`
	Cause string `json:"cause"`
}

// TimesOf finds the times of a guest. The document has its domain "history".
func TimesOf(m *engine.Machine, g *guest.Guest, doc *facts.Document) Times {
	t := Times{Written: written(m), Unread: []Unread{}}
	t.records(doc)
	for _, mount := range g.Mounts {
		t.super(m, mount.Device)
	}
	for _, name := range signs {
		if o, err := g.Stat(name); err == nil {
			t.see(name, o.Modify)
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.miss(name, err.Error())
		}
	}
	return t
}

// Recorded finds the times that a document tells of, without its guest: those of journals and logs. It has its domain "history".
func Recorded(doc *facts.Document) Times {
	t := Times{Unread: []Unread{}}
	t.records(doc)
	return t
}

// written is when the newest file of the images was written.
func written(m *engine.Machine) (newest time.Time) {
	for _, s := range m.Identity.Stamps {
		if s.Modified.After(newest) {
			newest = s.Modified
		}
	}
	return newest.UTC()
}

func (t *Times) see(what string, at time.Time) {
	if at.After(t.Content) {
		t.Content, t.Newest = at.UTC(), what
	}
}

func (t *Times) miss(path, cause string) { t.Unread = append(t.Unread, Unread{path, cause}) }

// records takes the records that the facts tell of. One in local time is left out: the time of its file says when it was written.
func (t *Times) records(doc *facts.Document) {
	for _, p := range doc.Collectors["history"].Problems {
		t.miss(p.Path, p.Message)
	}
	h, ok := facts.Get[facts.History](doc, "history")
	if !ok {
		return
	}
	for _, path := range h.Unread {
		t.miss(path, "its format is not read")
	}
	for _, one := range []*facts.HistoryTime{h.Packages, h.Journal, h.Wtmp} {
		if one == nil || one.Local {
			continue
		}
		if at, err := time.Parse(time.RFC3339, one.Time); err == nil {
			t.see(one.Source.Path, at)
		}
	}
}

// super takes the time of the superblock of a mounted volume.
func (t *Times) super(m *engine.Machine, device string) {
	i := slices.IndexFunc(m.Volumes, func(v engine.Volume) bool { return v.Name == device })
	if i < 0 || !strings.HasPrefix(m.Volumes[i].Content, "ext") {
		return
	}
	what := "the superblock of " + device
	b, err := binread.ReadAt(m.Volumes[i], superblock, superblockLength, superblockLength)
	if err != nil {
		t.miss(what, err.Error())
		return
	}
	c := binread.Little(b)
	if at := int64(c.At(writtenAt).U32()) | int64(c.At(writtenHighAt).U8())<<32; at > 0 {
		t.see(what, time.Unix(at, 0))
	}
}

// FileAge says whether the image was written within a time before now.
func (t Times) FileAge(now time.Time, most time.Duration) finding.Outcome {
	o := young("the image was written", t.Written, now, most)
	if o.Status == finding.Fail {
		o.Fix = "find out why no newer backup was made"
	}
	return o
}

// ContentAge says whether the guest was in use within a time before now.
func (t Times) ContentAge(now time.Time, most time.Duration) finding.Outcome {
	o := young("the newest content is of", t.Content, now, most)
	if strings.HasPrefix(t.Newest, "/") {
		o.Where = []finding.Location{{Path: t.Newest, Note: "the newest trace of use"}}
	} else if t.Newest != "" {
		o.Message += ", in " + t.Newest
	}
	if o.Status != finding.Fail {
		return o
	}
	o.Fix = "find out whether the machine ran, and whether the backup was made of it"
	if len(t.Unread) > 0 {
		o.Status, o.Fix = finding.Unknown, ""
		o.Message += "; newer traces may be where nothing could be read"
		for _, u := range t.Unread {
			o.Where = append(o.Where, finding.Location{Path: u.Path, Note: u.Cause})
		}
	}
	return o
}

// young holds a time against the oldest that is wanted.
func young(what string, at, now time.Time, most time.Duration) finding.Outcome {
	o := finding.Outcome{Status: finding.Unknown, Expected: "at most " + Age(most) + " old"}
	switch {
	case at.IsZero():
		o.Message = what + " at a time that is not known"
		return o
	case now.IsZero():
		o.Message = what + " " + stamp(at) + ", and what time it is now is not known"
		return o
	}
	old := now.Sub(at)
	o.Actual = Age(old) + " old"
	o.Message = fmt.Sprintf("%s %s, %s ago", what, stamp(at), Age(old))
	switch {
	case old < -slack:
		o.Actual = stamp(at)
		o.Message = what + " " + stamp(at) + ", which is later than now: a clock was wrong"
	case old > most:
		o.Status = finding.Fail
		o.Message += ", want at most " + Age(most)
	default:
		o.Status = finding.Pass
		o.Message += fmt.Sprintf(" (limit %s)", Age(most))
	}
	return o
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Age writes a duration for people, in the two largest of its units: "6 h 4 min".
func Age(d time.Duration) string {
	const day = 24 * time.Hour
	units := []struct {
		name string
		unit time.Duration
	}{{"d", day}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}}
	d = max(d, 0)
	for i, u := range units {
		if d < u.unit && u.unit > time.Second || u.unit == day && d < 3*day {
			continue // up to three days are told in hours, as limits are
		}
		text := fmt.Sprintf("%d %s", d/u.unit, u.name)
		if i+1 < len(units) {
			if rest := d % u.unit / units[i+1].unit; rest > 0 {
				text += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return text
	}
	return ""
}
