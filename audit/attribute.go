package audit

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/guestctl/guestctl/backup/boot"
	"github.com/guestctl/guestctl/backup/intact"
	"github.com/guestctl/guestctl/backup/place"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/owners"
	"github.com/guestctl/guestctl/scanner/packages"
)

// maxExtents of one file are told.
const maxExtents = 100

// attribute adds the files that are not as their package has them to the damage of a guest's disks, and says of all damage whose it is:
// which package has the file, and whether the guest boots without it. An image without damage is asked nothing.
func (r *Result) attribute(ctx context.Context, m *engine.Machine, g *guest.Guest, disks *intact.Verification, result *packages.Result) error {
	for i := range result.Differences {
		if d := &result.Differences[i]; isDamage(d) {
			disks.Add(packagedDamage(m, d))
		}
	}
	if !disks.Damaged() {
		return nil
	}
	owned, err := owners.Load(ctx, g)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		owned = &owners.Index{} // the check of the packages says why
	}
	doc, err := m.Facts(ctx, g, facts.Request{Domains: []string{"boot"}}, r.job.Now)
	if err != nil {
		return err
	}
	parts, dirs := boot.Parts(ctx, m, g, doc), map[string]bool{}
	for name := range parts {
		for name != "/" {
			name = path.Dir(name)
			dirs[name] = true
		}
	}
	disks.Attribute(g, intact.Owners{
		Package: func(name string) string {
			if all := owned.Owners(name); len(all) == 1 { // directories are many packages'
				return all[0]
			}
			return ""
		},
		Boot: func(name string) string {
			if part, ok := parts[name]; ok || !dirs[name] {
				return part
			}
			return "directory that every boot reads"
		},
	})
	return ctx.Err()
}

// packagedDamage is a file that is not as its package has it, with where it lies. Which part of it is damaged its digest does not tell.
func packagedDamage(m *engine.Machine, d *packages.Difference) intact.Damage {
	out := intact.Damage{
		Layer: BackupPackages, Problem: fmt.Sprintf("want %s, is %s", d.Expected, d.Actual), Severity: severityOf(d),
		Meaning: meaning(d.Role), Files: []intact.File{{Path: d.Path, Package: d.Package}},
	}
	if d.Object.Mode == 0 {
		return out
	}
	disk, stretches := place.ContentOf(m, d.Object)
	out.Disk = max(disk, 0)
	var told []string
	for _, s := range stretches[:min(len(stretches), maxExtents)] {
		out.Extents = append(out.Extents, intact.Extent{Offset: s.Off, Length: s.Len})
		if len(told) < 3 {
			told = append(told, fmt.Sprintf("%#x to %#x", s.Off, s.Off+s.Len-1))
		}
	}
	out.Place = strings.Join(told, ", ")
	if more := len(stretches) - len(told); more > 0 {
		out.Place += " and " + countOf(more, "more place")
	}
	return out
}
