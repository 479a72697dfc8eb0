package md

import (
	"crypto/subtle"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

// target is a place in the data of a member, in bytes.
type target struct {
	place int
	off   int64
}

// layout tells what of an array lies where on its members.
type layout interface {
	bytes() int64 // of the array
	// first is where the byte at off lies, and for how many bytes that goes on: at least 1.
	first(off int64) (target, int64)
	// others calls each for the copies beside the first, until it returns false.
	others(off int64, each func(target) bool)
	// parityOf returns the members whose sum is the data at a place, and false where there is no parity.
	parityOf(off int64) (places []int, ok bool)
	// survives reports whether every byte can be had from the members that are there.
	survives(there func(place int) bool) bool
	parity() bool
}

// leg is the data of a member.
type leg struct {
	*volume.Volume
	start, size int64 // bytes
	bad         []run
}

func (l leg) there() bool { return l.Volume != nil }

// read fills p with the data at off.
func (l leg) read(p []byte, off int64) error {
	end := off + int64(len(p))
	if off < 0 || end > l.size {
		return binread.Corrupt("%s: ends before byte %d of its data", l.Name, end)
	}
	for _, b := range l.bad {
		if off < b.end && b.off < end {
			return binread.Corrupt("%s: a bad stretch at byte %d of its data", l.Name, b.off)
		}
	}
	return binread.Fill(l.Volume, p, l.start+off)
}

// array is an array that can be read. It is safe for concurrent use.
type array struct {
	layout
	legs []leg
	size int64
}

// ReadAt implements io.ReaderAt.
func (a *array) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, binread.Corrupt("md: read at %d", off)
	}
	done := 0
	for done < len(p) {
		if off >= a.size {
			return done, io.EOF
		}
		t, n := a.first(off)
		part := p[done:][:min(n, a.size-off, int64(len(p)-done))]
		if err := a.fill(part, off, t); err != nil {
			return done, err
		}
		done += len(part)
		off += int64(len(part))
	}
	return done, nil
}

// fill reads a part that lies in one piece: from its first place, from a copy, or by its parity.
func (a *array) fill(p []byte, off int64, t target) error {
	err := a.readLeg(p, t)
	if err == nil {
		return nil
	}
	a.others(off, func(other target) bool {
		if again := a.readLeg(p, other); again == nil {
			err = nil
		}
		return err != nil
	})
	if err == nil {
		return nil
	}
	if places, ok := a.parityOf(off); ok {
		return a.rebuild(p, t.off, places)
	}
	return err
}

func (a *array) readLeg(p []byte, t target) error {
	l := a.legs[t.place]
	if !l.there() {
		return binread.Corrupt("md: member %d is missing", t.place)
	}
	return l.read(p, t.off)
}

// rebuild makes what is missing of a stripe from the rest of it.
func (a *array) rebuild(p []byte, off int64, places []int) error {
	clear(p)
	b := make([]byte, min(len(p), 64<<10))
	for at := 0; at < len(p); at += len(b) {
		part := p[at:min(len(p), at+len(b))]
		for _, place := range places {
			if err := a.readLeg(b[:len(part)], target{place, off + int64(at)}); err != nil {
				return err
			}
			subtle.XORBytes(part, part, b[:len(part)])
		}
	}
	return nil
}

// lies implements volume.Volume.Lies. What is only in a parity is nowhere.
func (a *array) lies(off, n int64) (volume.Place, bool) {
	t, run := a.first(off)
	found := a.legs[t.place].there()
	if !found {
		a.others(off, func(other target) bool {
			if found = a.legs[other.place].there(); found {
				t = other
			}
			return !found
		})
	}
	if !found {
		return volume.Place{}, false
	}
	l := a.legs[t.place]
	return volume.Place{At: l.Volume, Off: l.start + t.off, Len: min(n, run)}, true
}
