package intact

import (
	"context"
	"fmt"
	"strings"

	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/finding"
)

// containers verifies the containers of the disks.
func (v *verifier) containers(ctx context.Context) {
	r := v.layer(ContainerLayer, "The container is sound")
	message := ""
	for i, disk := range v.machine.Disks {
		if ctx.Err() != nil {
			return
		}
		format := disk.Description().Format
		checked, ok, err := image.CheckOf(ctx, disk.Image, image.CheckOptions{
			Started: v.Started, Progress: v.Progress,
			Report: func(d image.Damage) { r.damage(containerDamage(i, d), d.Units) },
		})
		v.result.Containers = append(v.result.Containers, Container{i, format, checked})
		switch {
		case err != nil:
			r.unknown("%v", err)
		case !ok:
			r.unknown("%s: the tables of this format are not verified", format)
		}
		if i > 0 {
			message += "; "
		}
		message += describe(format, checked)
		if within := disk.Description().Within; len(within) > 0 && err == nil && checked.Damaged == 0 {
			message += ", inside of " + strings.Join(within, ", ") + ", all of which can be unpacked"
		}
		r.described(i, disk)
	}
	for _, m := range v.machine.Appliances {
		if said := v.appliance(ctx, r, m); said != "" {
			message += "; " + said
		}
	}
	r.end("%s", message)
}

// describe says what of a container was held against what.
func describe(format string, c image.Checked) string {
	if c.Clusters == 0 {
		return format + ": a container without tables of its own"
	}
	tables := "tables"
	if format == "qcow2" {
		tables += " and reference counts"
	}
	s := fmt.Sprintf("%s: the %s of %d clusters agree", format, tables, c.Clusters)
	if c.Compressed > 0 {
		s += fmt.Sprintf(", %d compressed ones can be decompressed", c.Compressed)
	}
	return s
}

func containerDamage(disk int, d image.Damage) Damage {
	out := Damage{Place: d.Place(), Problem: d.Problem, Severity: finding.High}
	out.Disk, out.spot.loss = disk, lost
	if d.Guest >= 0 {
		out.Extents = []Extent{{d.Guest, max(1, d.Len)}}
	}
	switch d.Harm {
	case image.Wasted:
		out.Severity, out.Meaning, out.spot.loss = finding.Low, "space is lost, and no data", unrelated
	case image.Doubtful:
		out.Severity, out.Meaning, out.spot.loss = finding.Medium, "data may be lost", uncertain
	default:
		out.Meaning = "data is lost, or will be when it is written to"
	}
	return out
}
