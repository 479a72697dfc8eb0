package lvm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

// open adds the logical volumes that a running system shows to the table: snapshots behind all others, so that what carries the same
// file system is found first. The error is that of the context.
func (g *group) open(ctx context.Context, t *volume.Table, first *volume.Volume) error {
	b := newBuilder(g)
	var late []*volume.Volume
	for _, l := range g.logicals {
		if err := ctx.Err(); err != nil {
			return err
		}
		shown, o, err := b.shown(l)
		if shown == nil {
			continue
		}
		v := g.volume(shown, first)
		if s, ok := b.snapshots[l.name]; ok {
			v.Kind = "LVM snapshot of " + s.origin
		}
		t.Problems = append(t.Problems, fill(v, o, err)...)
		if strings.Contains(v.Kind, "snapshot") {
			late = append(late, v)
			continue
		}
		t.Volumes = append(t.Volumes, v)
	}
	t.Volumes = append(t.Volumes, late...)
	t.Problems = append(t.Problems, g.overlaps()...)
	return nil
}

// shown returns what a running system shows in the place of a logical volume of the metadata; nil where it shows none.
func (b *builder) shown(l *logical) (*logical, *built, error) {
	if l.segments[0].kind == "snapshot" && b.wrong[l.name] != nil {
		return l, nil, b.wrong[l.name]
	}
	if s, ok := b.snapshots[l.name]; ok && !s.merging {
		o, err := b.snapshot(s)
		return cmp.Or(b.logical[s.store], l), o, err
	}
	if !l.has("VISIBLE") || b.stores[l.name] || isPool(l) || l.segments[0].kind == "snapshot" {
		return nil, nil, nil
	}
	for _, s := range b.snapshots {
		if s.merging && s.origin == l.name {
			o, err := b.snapshot(s)
			return l, o, err
		}
	}
	o, err := b.build(l.name)
	return l, o, err
}

// isPool reports whether a logical volume is the store of others, and none that a running system shows.
func isPool(l *logical) bool {
	return slices.Contains([]string{"thin-pool", "cache-pool", "vdo-pool"}, l.segments[0].kind)
}

// volume is what a running system shows of a logical volume, before its content is known. It lies on the first physical volume that is
// there, until it is known on which.
func (g *group) volume(l *logical, first *volume.Volume) *volume.Volume {
	dash := func(s string) string { return strings.ReplaceAll(s, "-", "--") }
	return &volume.Volume{
		Name:   g.name + "/" + l.name,
		Size:   l.extents * g.extentSize,
		Kind:   "LVM " + l.segments[0].kind,
		UUID:   l.id,
		Parent: first,
		Devices: []string{
			"/dev/" + g.name + "/" + l.name,
			"/dev/mapper/" + dash(g.name) + "-" + dash(l.name),
			"/dev/disk/by-id/dm-name-" + dash(g.name) + "-" + dash(l.name),
			"/dev/disk/by-id/dm-uuid-LVM-" + undashed(g.id) + undashed(l.id),
		},
	}
}

// fill gives a volume its bytes, or the reason why it has none.
func fill(v *volume.Volume, o *built, err error) (problems []volume.Problem) {
	if err != nil {
		v.ReaderAt, v.Err = unreadable{err}, fmt.Errorf("lvm: %w", err)
		switch {
		case errors.Is(err, errInvalid):
			problems = append(problems, volume.Problemf(volume.Cosmetic, "%s cannot be read: %v", v.Name, err))
		case !errors.Is(err, binread.ErrUnsupported):
			problems = append(problems, volume.Problemf(volume.Broken, "%s cannot be read: %v", v.Name, err))
		}
		return problems
	}
	v.Kind, v.Size = "LVM "+o.kind, o.size
	if o.has("ACTIVATION_SKIP") || o.has("NOAUTOACTIVATE") {
		v.Kind += ", not activated"
	}
	var on []*volume.Volume
	for _, p := range o.on.list {
		if p.at != nil {
			on = append(on, p.at)
		}
	}
	if len(on) > 0 {
		v.Parent = on[0]
	}
	if len(on) > 1 {
		v.Members = on
	}
	v.ReaderAt, v.Lies = whole{o.device, o.size}, o.place
	if p, ok := o.place(0, o.size); ok && p.Len == o.size && p.At == v.Parent && p.Off > 0 {
		v.ReaderAt, v.Offset, v.Lies = io.NewSectionReader(p.At, p.Off, p.Len), p.Off, nil
	}
	for _, p := range o.lost.list[:min(len(o.lost.list), maxNotes)] {
		problems = append(problems, volume.Problemf(volume.Missing, "%s lacks what is on physical volume %s (%s), which is missing", v.Name, p.name, p.id))
	}
	if len(o.lost.list) > 0 {
		v.Err = fmt.Errorf("lvm: %w", o.lost.list[0].missing())
	}
	for _, n := range o.notes {
		problems = append(problems, volume.Problemf(volume.Degraded, "%s: %s", v.Name, n))
	}
	return problems
}

// whole is a logical volume with an end.
type whole struct {
	device
	size int64
}

func (w whole) ReadAt(b []byte, off int64) (int, error) {
	switch {
	case off < 0:
		return 0, binread.Corrupt("offset %d, want not negative", off)
	case off >= w.size:
		return 0, io.EOF
	case int64(len(b)) > w.size-off:
		n, err := w.device.ReadAt(b[:w.size-off], off)
		if err == nil {
			err = io.EOF
		}
		return n, err
	}
	return w.device.ReadAt(b, off)
}

// problems is what is wrong with the group as a whole.
func (g *group) problems() (problems []volume.Problem) {
	add := func(m volume.Meaning, format string, args ...any) {
		problems = append(problems, volume.Problemf(m, format, args...))
	}
	for _, p := range g.physicals {
		switch {
		case p.at == nil:
			add(volume.Missing, "physical volume %s (%s) is missing", p.name, p.id)
		case p.flagged:
			add(volume.Ambiguous, "physical volume %s (%s) was missing when the group was changed: LVM does not use it until vgextend --restoremissing", p.name, p.id)
		}
	}
	if g.has("EXPORTED") {
		add(volume.Ambiguous, "the group is exported: no system activates it until vgimport")
	}
	if g.has("CLUSTERED") || g.has("SHARED") || g.lockType != "" && g.lockType != "none" {
		add(volume.Ambiguous, "the group is shared by several hosts (%s)", cmp.Or(g.lockType, "cluster"))
	}
	if g.has("NOAUTOACTIVATE") {
		add(volume.Ambiguous, "the group is not activated by itself")
	}
	if g.system != "" {
		add(volume.Ambiguous, "the group belongs to the host with the system ID %q: no other activates it", g.system)
	}
	return problems
}

// taken is a run of extents of a physical volume.
type taken struct {
	on           *physical
	start, count int64
	by           string
}

// overlaps names logical volumes that share extents of a physical volume.
func (g *group) overlaps() (problems []volume.Problem) {
	all := g.allocations()
	slices.SortStableFunc(all, func(a, b taken) int { return cmp.Or(strings.Compare(a.on.id, b.on.id), cmp.Compare(a.start, b.start)) })
	for i := 1; i < len(all); i++ {
		// the one that reaches farthest so far is the only one a later start has to be held against
		far, t := all[i-1], all[i]
		if far.on != t.on {
			continue
		}
		if t.start < far.start+far.count {
			problems = append(problems, volume.Problemf(volume.Overlapping, "%s and %s share extent %d of physical volume %s", far.by, t.by, t.start, t.on.id))
		}
		if len(problems) == maxOverlaps {
			return append(problems, volume.Problemf(volume.Overlapping, "more volumes share extents"))
		}
		if far.start+far.count > t.start+t.count {
			all[i] = far
		}
	}
	return problems
}

const maxOverlaps = 16 // that are named

// allocations are the extents of physical volumes that the logical volumes take.
func (g *group) allocations() (all []taken) {
	on := map[string]*physical{}
	for _, p := range g.physicals {
		on[p.name] = p
	}
	for _, l := range g.logicals {
		for _, s := range l.segments {
			for _, field := range []string{"stripes", "mirrors"} {
				if !s.has(field) {
					continue
				}
				list := s.list(field)
				count := s.count
				if field == "stripes" && len(list) > 1 {
					count /= int64(len(list) / 2)
				}
				for pair := range slices.Chunk(list, 2) {
					if p := on[pair[0].text]; p != nil && len(pair) == 2 {
						all = append(all, taken{p, pair[1].number, count, l.name})
					}
				}
			}
		}
	}
	return all
}
