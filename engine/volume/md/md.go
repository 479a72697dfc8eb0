// Package md reads arrays of Linux software RAID (md(4)): superblocks of version 0.90, 1.0, 1.1 and 1.2, levels linear, 0, 1, 4, 5, 6
// and 10. The structures are those of include/uapi/linux/raid/md_p.h, and what lies where is as drivers/md has it.
//
// Members that missed writes, that were being filled or are marked faulty are left out. An array that lacks one member too many is known
// and not read; one that is read without a member says so. Nothing is rebuilt but in memory.
package md

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

// Format is Linux software RAID.
var Format = volume.Format{Name: "md RAID", Probe: probe, Set: set, Open: open}

func probe(r io.ReaderAt, size int64) (bool, error) {
	_, err := find(r, size)
	switch {
	case errors.Is(err, errNone):
		return false, nil
	case damaged(err), err == nil:
		return true, nil
	}
	return false, err
}

func set(v *volume.Volume) (string, error) {
	s, err := find(v, v.Size)
	if err != nil {
		return "", err
	}
	return s.id(), nil
}

// member is a device of the array.
type member struct {
	*superblock
	at *volume.Volume
}

func open(ctx context.Context, members []*volume.Volume, _ volume.Options) (*volume.Table, error) {
	var all []member
	for _, v := range members {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s, err := find(v, v.Size)
		if err != nil {
			return nil, fmt.Errorf("md: %w", err)
		}
		all = append(all, member{s, v})
	}
	a := &assembly{Table: &volume.Table{}, newest: all[0]}
	for _, m := range all {
		if m.events > a.newest.events {
			a.newest = m
		}
	}
	var devices []string
	a.Name, devices = a.newest.title()
	a.UUID = a.newest.id()
	a.choose(all)
	v := a.volume(members)
	v.Devices = devices
	a.Volumes = []*volume.Volume{v}
	return a.Table, nil
}

// assembly is an array that is put together.
type assembly struct {
	*volume.Table
	newest member
	legs   []*member // by place; nil where none is to be used
}

// choose gives every place of the array its member, and says which are left out and why.
func (a *assembly) choose(all []member) {
	a.legs = make([]*member, a.newest.disks)
	for i := range all {
		m := &all[i]
		leave := func(format string, args ...any) {
			a.Problems = append(a.Problems, volume.Problemf(volume.Degraded, "%s: %s", m.at.Name, fmt.Sprintf(format, args...)))
		}
		switch {
		case m.role == spare:
			continue
		case m.role < 0 && m.role != journalRole:
			leave("is marked faulty")
		case m.role == journalRole:
			continue
		case m.events+1 < a.newest.events:
			leave("missed writes: %d events, want %d", m.events, a.newest.events)
		case m.level != a.newest.level || m.disks != a.newest.disks || m.role >= len(a.legs):
			leave("says something else of the array than the others")
		case m.rebuilt:
			leave("was being filled from the others")
		case a.legs[m.role] != nil:
			leave("is member %d, as %s is: one of them is a copy", m.role, a.legs[m.role].at.Name)
		case m.dataLen > m.at.Size-m.data || m.dataLen == 0:
			a.Problems = append(a.Problems, volume.Problemf(volume.Missing, "%s: %d bytes of data at %d, and the device ends at %d",
				m.at.Name, m.dataLen, m.data, m.at.Size))
			a.legs[m.role] = m
		default:
			a.legs[m.role] = m
		}
	}
	for place, m := range a.legs {
		if m == nil {
			a.Problems = append(a.Problems, volume.Problemf(volume.Degraded, "member %d of %d is on none of the disks", place, len(a.legs)))
		} else if len(m.bad) > 0 {
			a.Problems = append(a.Problems, volume.Problemf(volume.Degraded, "%s: %d bad stretches", m.at.Name, len(m.bad)))
		}
	}
	if !a.newest.clean && a.newest.level > 0 {
		a.Problems = append(a.Problems, volume.Problemf(volume.Cosmetic, "was not stopped in order: its copies may differ where it was being written"))
	}
}

// volume is the array as a volume.
func (a *assembly) volume(members []*volume.Volume) *volume.Volume {
	s := a.newest
	v := &volume.Volume{
		Name: a.Name, Kind: "RAID " + levelName(s.level), UUID: a.UUID, Parent: members[0], Members: slices.Clone(members),
		ReaderAt: unread{}, Size: s.size,
	}
	slices.SortStableFunc(v.Members, func(x, y *volume.Volume) int { return cmp.Compare(x.Name, y.Name) })
	array, err := a.layOut()
	if err != nil {
		v.Err = fmt.Errorf("md: %w", err)
		for i, p := range a.Problems {
			if p.Meaning == volume.Degraded {
				a.Problems[i].Meaning = volume.Missing
			}
		}
		return v
	}
	v.ReaderAt, v.Size = array, array.size
	v.Lies = array.lies
	return v
}

func levelName(level int) string {
	if level == -1 {
		return "linear"
	}
	return strconv.Itoa(level)
}

// layOut works out how the array is laid out over its members, and whether it can be read.
func (a *assembly) layOut() (*array, error) {
	s := a.newest
	switch {
	case s.reshape:
		return nil, binread.Unsupported("the array was being given another shape")
	case s.journal:
		return nil, binread.Unsupported("what was written last may be in a journal, which is not replayed")
	}
	l, err := layoutOf(s.superblock, a.legs)
	if err != nil {
		return nil, err
	}
	if missing := a.missing(); missing > 0 {
		if !l.survives(func(place int) bool { return a.legs[place] != nil }) {
			return nil, binread.WithHint(binread.Corrupt("%d of %d members are missing", missing, len(a.legs)),
				"give the other disks of the machine, too")
		}
		if !s.clean && l.parity() {
			return nil, binread.Corrupt("a member is missing and the array was not stopped in order: what its parity gives may be wrong")
		}
	}
	legs := make([]leg, len(a.legs))
	for i, m := range a.legs {
		if m != nil {
			legs[i] = leg{m.at, m.data, min(m.dataLen, m.at.Size-m.data), m.bad}
		}
	}
	return &array{layout: l, legs: legs, size: l.bytes()}, nil
}

func (a *assembly) missing() (n int) {
	for _, m := range a.legs {
		if m == nil {
			n++
		}
	}
	return n
}

// unread is an array without bytes.
type unread struct{}

func (unread) ReadAt([]byte, int64) (int, error) {
	return 0, binread.Corrupt("md: the array is not complete")
}

// String names the members that are used, for tests.
func (a *assembly) String() string {
	var all []string
	for _, m := range a.legs {
		if m == nil {
			all = append(all, "_")
			continue
		}
		all = append(all, m.at.Name)
	}
	return strings.Join(all, " ")
}
