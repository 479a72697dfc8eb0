package lvm

import (
	"math"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

const (
	maxBytes     = int64(1) << 60 // of one volume
	maxPhysicals = 1024           // of a group, as many as a machine has volumes
	maxLogicals  = 1 << 13        // of a group, its parts among them
	maxExtents   = int64(1)<<32 - 1
	maxNumber    = int64(math.MaxInt64)
)

// group is a volume group as one copy of its metadata describes it.
type group struct {
	name, id   string
	seqno      int64
	status     []string // with the compatible flags
	lockType   string   // of a group that several hosts share: "sanlock", "dlm"
	system     string   // system_id: the only host that may use it; "" for any
	extentSize int64    // bytes
	physicals  []*physical
	logicals   []*logical
}

// physical is a physical volume of a group.
type physical struct {
	name, id string // name: "pv0"
	index    int    // in its group
	flagged  bool   // the group was changed while it was missing
	start    int64  // pe_start, in bytes
	extents  int64  // pe_count
	size     int64  // of an extent, in bytes
	at       *volume.Volume
}

// logical is a logical volume, or a part of one.
type logical struct {
	name, id string
	status   []string // with the compatible flags
	segments []segment
	extents  int64
}

// segment is a run of extents of a logical volume.
type segment struct {
	start, count int64 // extents
	kind         string
	flags        []string // of the type, behind "+"
	*section
}

func (l *logical) has(flag string) bool { return slices.Contains(l.status, flag) }

func (g *group) has(flag string) bool { return slices.Contains(g.status, flag) }

// decode reads metadata and holds it against what LVM demands of it. What single segments say is left to who opens their volume.
func decode(b []byte) (*group, error) {
	root, err := parse(b)
	if err != nil {
		return nil, err
	}
	if contents, version := root.text("contents"), root.number("version", 0, maxNumber); root.wrong != nil {
		return nil, root.wrong
	} else if contents != "Text Format Volume Group" || version != 1 {
		return nil, binread.Unsupported("contents %q of version %d, want a volume group of version 1", contents, version)
	}
	groups := root.sections()
	if len(groups) != 1 {
		return nil, binread.Corrupt("%d volume groups, want 1", len(groups))
	}
	s := groups[0].section
	g := &group{
		name:       groups[0].name,
		id:         s.text("id"),
		seqno:      s.number("seqno", 0, 1<<32-1),
		status:     flags(s),
		extentSize: sectorSize * s.number("extent_size", 1, 1<<32-1),
	}
	if s.has("lock_type") {
		g.lockType = s.text("lock_type")
	}
	if s.has("system_id") {
		g.system = s.text("system_id")
	}
	switch {
	case s.wrong != nil:
		return nil, s.wrong
	case undashed(g.id) == "":
		return nil, binread.Corrupt("%s: id %q, want a UUID", g.name, g.id)
	case !nameable(g.name):
		return nil, binread.Corrupt("volume group is called %q", g.name)
	}
	if err := g.decodePhysicals(s.child("physical_volumes")); err != nil {
		return nil, err
	}
	return g, firstOf(g.decodeLogicals(s.child("logical_volumes")), s.wrong)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// flags are the status of a thing with its compatible flags, which are a list of their own since LVM 2.02.
func flags(s *section) []string {
	all := s.texts("status")
	if s.has("flags") {
		all = append(all, s.texts("flags")...)
	}
	return all
}

// nameable reports whether LVM accepts a name (lvm(8), VALID NAMES).
func nameable(name string) bool { return name != "." && name != ".." && !strings.HasPrefix(name, "-") }

func (g *group) decodePhysicals(list *section) error {
	ids := map[string]string{}
	for _, f := range list.sections() {
		s := f.section
		p := &physical{
			name:    f.name,
			id:      s.text("id"),
			start:   sectorSize * s.number("pe_start", 0, maxBytes/sectorSize),
			extents: s.number("pe_count", 0, min(maxExtents, maxBytes/g.extentSize)),
			flagged: slices.Contains(flags(s), "MISSING"),
			size:    g.extentSize,
		}
		switch other, twice := ids[p.id]; {
		case s.wrong != nil:
			return s.wrong
		case undashed(p.id) == "":
			return binread.Corrupt("%s: id %q, want a UUID", s.path, p.id)
		case twice:
			return binread.Corrupt("%s: has the UUID of %s", s.path, other)
		}
		if p.index = len(g.physicals); p.index == maxPhysicals {
			return binread.Limit("%s: more than %d physical volumes", list.path, maxPhysicals)
		}
		ids[p.id] = p.name
		g.physicals = append(g.physicals, p)
	}
	return nil
}

func (g *group) decodeLogicals(list *section) error {
	for _, f := range list.sections() {
		s := f.section
		l := &logical{name: f.name, id: s.text("id"), status: flags(s)}
		count := s.number("segment_count", 0, maxExtents)
		switch {
		case s.wrong != nil:
			return s.wrong
		case undashed(l.id) == "":
			return binread.Corrupt("%s: id %q, want a UUID", s.path, l.id)
		case !nameable(l.name):
			return binread.Corrupt("logical volume is called %q", l.name)
		}
		if len(g.logicals) == maxLogicals {
			return binread.Limit("%s: more than %d logical volumes", list.path, maxLogicals)
		}
		if err := l.decodeSegments(s, count, maxBytes/g.extentSize); err != nil {
			return err
		}
		g.logicals = append(g.logicals, l)
	}
	return nil
}

// decodeSegments wants segments without a gap from extent 0 on.
func (l *logical) decodeSegments(list *section, count, most int64) error {
	all := list.sections()
	if int64(len(all)) != count || count == 0 {
		return binread.Corrupt("%s: %d segments, want the %d that it says, and at least one", list.path, len(all), count)
	}
	for _, f := range all {
		s := f.section
		seg := segment{
			start:   s.number("start_extent", 0, maxExtents),
			count:   s.number("extent_count", 1, maxExtents),
			section: s,
		}
		words := strings.Split(s.text("type"), "+")
		seg.kind, seg.flags = words[0], words[1:]
		if s.wrong != nil {
			return s.wrong
		}
		l.segments = append(l.segments, seg)
	}
	slices.SortStableFunc(l.segments, func(a, b segment) int { return int(a.start - b.start) })
	for _, seg := range l.segments {
		if seg.start != l.extents {
			return binread.Corrupt("%s: starts at extent %d, want %d, where the segment before ends", seg.path, seg.start, l.extents)
		}
		if seg.count > most-l.extents {
			return binread.Limit("%s: ends at extent %d, want at most %d", seg.path, seg.start+seg.count, most)
		}
		l.extents += seg.count
	}
	return nil
}
