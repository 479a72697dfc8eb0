package image

import (
	"context"
	"fmt"
)

// CheckParent checks the parent. Its damage is told with its name, and with the guest bytes that this image has not itself.
func (m *Mapping) CheckParent(ctx context.Context, opts CheckOptions, t *Teller) error {
	if m.Parent == nil {
		return nil
	}
	t.Flush()
	below := opts
	below.Report = func(d Damage) {
		if d.File != "" {
			d.File = ": " + d.File
		}
		d.File = m.ParentName + d.File
		m.shown(&d)
		opts.Report(d)
	}
	c, _, err := CheckOf(ctx, m.Parent, below)
	if err != nil {
		return fmt.Errorf("parent %q: %w", m.ParentName, err)
	}
	t.Checked.Merge(c)
	return nil
}

// shown leaves of the guest bytes that a damage of the parent is about those that this image does not have itself: from the first to the
// last of them.
func (m *Mapping) shown(d *Damage) {
	if d.Guest < 0 {
		return
	}
	n := Clip(m.Bytes, d.Guest, max(d.Len, 1))
	first, end := int64(Nowhere), int64(0)
	for off, left, steps := d.Guest, n, 0; left > 0; steps++ {
		r, err := m.run(off, left)
		if err != nil || steps == maxSteps { // nobody knows what it has from here on
			r = Run{Place: Below, Len: left}
		}
		if r.Place == Below {
			if first < 0 {
				first = off
			}
			end = off + r.Len
		}
		off, left = off+r.Len, left-r.Len
	}
	d.Guest = first
	if first >= 0 && d.Len > 0 {
		d.Len = end - first
	}
}
