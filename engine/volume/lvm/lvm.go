// Package lvm reads volume groups of LVM2 with the text format of metadata.
//
// It follows lvm2's own descriptions of what is on disk (lib/format_text/layout.h, lib/label/label.h, lvmraid(7), lvmthin(7)) and for what
// device-mapper keeps there the kernel's: Documentation/admin-guide/device-mapper (dm-raid, thin-provisioning, snapshot, log) and
// drivers/md/persistent-data. The newest sound copy of the metadata counts, on whichever physical volume it is. Linear, striped, mirrored,
// raid0, raid1 and raid10 volumes, thin volumes and snapshots are read; caches, raid4 to raid6, VDO and integrity are named.
//
// A physical volume that is missing is a problem of the group, and the error of the volumes that need it: no system activates them. What
// they have elsewhere can be read all the same.
package lvm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

// Format is LVM2.
var Format = volume.Format{Name: "lvm", Probe: probe, Set: set, Claims: claims, Open: open}

// member is a physical volume that was found, with the copies of the metadata that are on it.
type member struct {
	*volume.Volume
	*label
	copies []*copyOf
	damage []error // of copies that cannot be used
}

// set names the group that a physical volume says it belongs to, or the physical volume where it does not say.
func set(v *volume.Volume) (string, error) {
	m, err := read(v)
	if err != nil {
		return "", err
	}
	if c := m.newest(); c != nil {
		return "volume group " + c.id, nil
	}
	return setOf(m.id), nil
}

func setOf(id string) string { return "physical volume " + id }

// claims names the physical volumes of the group: some of them may have no metadata.
func claims(v *volume.Volume) []string {
	m, err := read(v)
	if err != nil || m.newest() == nil {
		return nil
	}
	var all []string
	for _, p := range m.newest().group.physicals {
		all = append(all, setOf(p.id))
	}
	return all
}

// read reads what a physical volume says. The error is of one that cannot be told from others.
func read(v *volume.Volume) (*member, error) {
	l, err := readLabel(v, v.Size)
	if err != nil {
		return nil, fmt.Errorf("lvm: %w", err)
	}
	m := &member{Volume: v, label: l}
	for _, at := range l.areas {
		c, err := readArea(v, at)
		switch {
		case err != nil && !damaged(err):
			return nil, fmt.Errorf("lvm: %w", err)
		case err != nil:
			m.damage = append(m.damage, err)
		case c != nil:
			m.copies = append(m.copies, c)
			newestOf(m.copies)
		}
	}
	return m, nil
}

// damaged tells an error of the metadata from one of the medium: only after the first another copy may help.
func damaged(err error) bool {
	return slices.ContainsFunc([]error{binread.ErrCorrupt, binread.ErrChecksum, binread.ErrLimit, binread.ErrUnsupported},
		func(kind error) bool { return errors.Is(err, kind) })
}

// newest is the copy on this physical volume that counts; nil where there is none.
func (m *member) newest() *copyOf { return newestOf(m.copies) }

// newestOf is the copy that counts. The groups of the others are let go.
func newestOf(copies []*copyOf) *copyOf {
	if len(copies) == 0 {
		return nil
	}
	newest := slices.MaxFunc(copies, func(a, b *copyOf) int { return cmp.Compare(a.seqno, b.seqno) })
	for _, c := range copies {
		if c != newest {
			c.group = nil
		}
	}
	return newest
}

// open opens the group that the physical volumes belong to.
func open(ctx context.Context, volumes []*volume.Volume, _ volume.Options) (*volume.Table, error) {
	var members []*member
	var copies []*copyOf
	var damage []error
	seen := map[string]string{}
	for _, v := range volumes {
		m, err := read(v)
		if err != nil {
			return nil, err
		}
		if other, twice := seen[m.id]; twice {
			return nil, binread.WithHint(binread.Unsupported("lvm: %s and %s are both physical volume %s", other, v.Name, m.id),
				"one is a copy of the other: give one of them")
		}
		seen[m.id] = v.Name
		members = append(members, m)
		copies = append(copies, m.copies...)
		newestOf(copies)
		damage = append(damage, m.damage...)
	}
	if len(members) == 0 {
		return nil, binread.Corrupt("lvm: no physical volume")
	}
	c := newestOf(copies)
	if c == nil {
		return withoutGroup(members[0], damage)
	}
	var problems []volume.Problem
	for _, err := range damage {
		problems = append(problems, volume.Problemf(volume.Unprotected, "metadata: %v: another copy is used", err))
	}
	problems = append(problems, outdated(c, copies)...)
	problems = append(problems, c.group.join(members)...)
	t := &volume.Table{Name: c.group.name, UUID: c.group.id, Problems: append(problems, c.group.problems()...)}
	return t, c.group.open(ctx, t, members[0].Volume)
}

// withoutGroup is what there is of a physical volume without metadata.
func withoutGroup(m *member, damage []error) (*volume.Table, error) {
	switch {
	case len(damage) > 0:
		return nil, fmt.Errorf("lvm: no copy of the metadata is sound: %w", damage[0])
	case m.used:
		return nil, binread.WithHint(binread.Corrupt("lvm: physical volume %s holds no metadata, and belongs to a group of which no other volume is here", m.id),
			"give all disks of the machine")
	}
	return &volume.Table{UUID: m.id, Problems: []volume.Problem{
		volume.Problemf(volume.Cosmetic, "physical volume %s belongs to no volume group", m.id),
	}}, nil
}

// outdated names copies that are not the one that counts.
func outdated(newest *copyOf, copies []*copyOf) (problems []volume.Problem) {
	for _, c := range copies {
		switch {
		case c.id != newest.id:
			problems = append(problems, volume.Problemf(volume.Ambiguous, "metadata: %s is of group %s, %s", c.where, c.name, c.id))
		case c.seqno < newest.seqno:
			problems = append(problems, volume.Problemf(volume.Unprotected, "metadata: %s is of change %d, the newest of %d, which is used",
				c.where, c.seqno, newest.seqno))
		case c.sum != newest.sum:
			problems = append(problems, volume.Problemf(volume.Ambiguous, "metadata: %s and %s differ, and are both of change %d: the second is used",
				c.where, newest.where, newest.seqno))
		}
	}
	return problems
}

// join finds the physical volumes of the group among those that are there.
func (g *group) join(members []*member) (problems []volume.Problem) {
	for _, m := range members {
		i := slices.IndexFunc(g.physicals, func(p *physical) bool { return p.id == m.id })
		if i < 0 {
			problems = append(problems, volume.Problemf(volume.Ambiguous, "%s, physical volume %s, is not of the group any more", m.Name, m.id))
			continue
		}
		p := g.physicals[i]
		p.at = m.Volume
		if end := p.start + p.extents*p.size; end > m.Size {
			problems = append(problems, volume.Problemf(volume.Missing, "physical volume %s on %s ends at byte %d, its extents at %d: the rest is missing",
				p.id, m.Name, m.Size, end))
		}
	}
	return problems
}
