package intact

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/finding"
)

// tables verifies the partition tables.
func (v *verifier) tables(context.Context) {
	r := v.layer(TableLayer, "The partition table is whole")
	var found []string
	partitions := 0
	for i := range v.machine.Volumes {
		vol := &v.machine.Volumes[i]
		switch {
		case vol.Table != nil:
			found = append(found, vol.Content)
			partitions += len(vol.Table.Volumes)
			for _, p := range vol.Table.Problems {
				r.damage(tableDamage(vol.Name, p), 1)
			}
		case isTable(vol.Content) && vol.Err != nil:
			r.failure(vol.Name, vol.Err, "no partition can be found")
		case i < len(v.machine.Disks) && vol.Err != nil && vol.Content == "":
			r.failure(vol.Name, vol.Err, "nothing on it can be found")
		case i < len(v.machine.Disks) && vol.Content == "":
			r.unknown("%s: no partition table and no file system is recognised", vol.Name)
		}
	}
	for _, p := range v.machine.Problems {
		r.unknown("%s", p)
	}
	if len(found) == 0 && r.Damaged == 0 && len(r.Unknown) == 0 {
		r.Status = finding.NotApplicable
		r.end("the disk has no partition table")
		return
	}
	slices.Sort(found)
	r.end("%s: %s", strings.Join(found, ", "), count(partitions, "partition inside of the disk", "partitions inside of the disk, none over another"))
}

func isTable(content string) bool {
	return slices.ContainsFunc(engine.Volumes(), func(f volume.Format) bool { return f.Name == content })
}

// failure is something that could not be read: damage where the bytes are wrong, and otherwise unknown.
func (r *report) failure(place string, err error, meaning string) {
	if !errors.Is(err, binread.ErrCorrupt) && !errors.Is(err, binread.ErrChecksum) {
		r.unknown("%s: %v", place, err)
		return
	}
	r.damage(Damage{Place: place, Problem: err.Error(), Meaning: meaning, Severity: finding.Critical}, 1)
}

func tableDamage(name string, p volume.Problem) Damage {
	d := Damage{Place: name, Problem: p.Message}
	switch p.Meaning {
	case volume.Cosmetic:
		d.Severity, d.Meaning = finding.Low, "systems read the table as it is"
	case volume.Unprotected:
		d.Severity, d.Meaning = finding.Medium, "one of two copies is damaged, and the other is left"
	case volume.Ambiguous:
		d.Severity, d.Meaning = finding.Medium, "systems differ in what they see on such a disk"
	case volume.Degraded:
		d.Severity, d.Meaning = finding.Medium, "a copy of the data is missing, and another serves"
	case volume.Overlapping:
		d.Severity, d.Meaning = finding.High, "what is written to one partition damages the other"
	case volume.Missing:
		d.Severity, d.Meaning = finding.Critical, "data is missing"
	default:
		d.Severity, d.Meaning = finding.High, "partitions may be missing"
	}
	return d
}
