package intact

import (
	"context"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/backup/place"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/finding"
)

// withoutFiles are kinds of partitions that need not hold anything that is recognised.
func withoutFiles() []string {
	return []string{"BIOS boot", "Linux swap", "Linux reserved", "Microsoft reserved", "PowerPC PReP boot", "Linux swap / Solaris"}
}

// fileSystems verifies every file system, and tells of partitions in which none is recognised.
func (v *verifier) fileSystems(ctx context.Context) {
	for i := range v.machine.Volumes {
		vol := &v.machine.Volumes[i]
		if ctx.Err() != nil {
			return
		}
		empty := vol.Content == "" && (vol.Parent == nil || vol.Err == nil && slices.Contains(withoutFiles(), vol.Kind))
		if empty || vol.Table != nil || isTable(vol.Content) {
			continue // the layer of the table has them, or there is nothing to verify
		}
		r := v.layer(FileSystemLayer+"/"+vol.Name, "The file system on "+vol.Name+" is whole")
		switch {
		case vol.FS != nil:
			v.fileSystem(ctx, r, vol)
		case vol.Err != nil:
			r.failure(vol.Name, vol.Err, "nothing in it can be read")
			r.end("%s: %v", vol.Name, vol.Err)
		case vol.Content == "":
			r.unknown("%s (%s): nothing is recognised in it: it was overwritten, or never used", vol.Name, vol.Kind)
			r.end("")
		case vol.Set != "":
			r.Status = finding.NotApplicable
			r.end("%s is a device of the %s %s, which is verified where its first one is", vol.Name, vol.Content, vol.Set)
		default: // such as swap, which holds nothing to keep
			r.Status = finding.NotApplicable
			r.end("%s holds no files", vol.Content)
		}
	}
}

func (v *verifier) fileSystem(ctx context.Context, r *report, vol *engine.Volume) {
	d := vol.FS.Description()
	fs := FileSystem{Device: vol.Name, Type: d.Type, Unchecked: []string{}}
	if d.Size > vol.Size {
		r.damage(Damage{
			Place: vol.Name, Problem: fmt.Sprintf("the file system has %d bytes, and its volume %d", d.Size, vol.Size),
			Meaning: "the end of the file system is missing", Severity: finding.Critical,
		}, 1)
	}
	for _, p := range d.Problems {
		meaning, severity := "it was not left in order", finding.Medium
		if p.Taints {
			meaning, severity = "everything that is read from it is in doubt", finding.Critical
		}
		r.damage(Damage{Place: vol.Name, Problem: p.Message, Meaning: meaning, Severity: severity}, 1)
	}
	if c, ok := vol.FS.(filesys.Checker); ok {
		v.structure(ctx, r, vol, c, &fs)
	} else {
		r.unknown("%s: the structure of %s is not verified", vol.Name, d.Type)
	}
	if c, ok := vol.FS.(filesys.Verified); ok && v.Full && v.Share == nil {
		v.content(ctx, r, vol, c)
	}
	v.result.FileSystems = append(v.result.FileSystems, fs)
	r.end("%s: %d inodes, %d directories and %d blocks are what they say", d.Type, fs.Inodes, fs.Directories, fs.Blocks)
}

// structure has the file system verify itself.
func (v *verifier) structure(ctx context.Context, r *report, vol *engine.Volume, c filesys.Checker, fs *FileSystem) {
	reported := uint64(0)
	report := r.structural(vol)
	checked, err := c.Check(ctx, func(d filesys.Damage) {
		reported++
		report(d)
	})
	if err != nil {
		r.unknown("%s: the check of the structure did not end: %v", vol.Name, err)
	}
	r.more(checked.Damage, reported)
	for _, u := range checked.Unchecked {
		r.unknown("%s: %s", vol.Name, u)
		fs.Unchecked = append(fs.Unchecked, u)
	}
	fs.Checked = err == nil && len(checked.Unchecked) == 0
	fs.sound = fs.Checked && r.Damaged == 0
	fs.idle = !slices.Contains(vol.FS.Description().Features, "needs_recovery")
	fs.Inodes, fs.Directories, fs.Blocks = checked.Inodes, checked.Directories, checked.Blocks
	if checked.Orphans > 0 {
		r.note("%d files without a name are removed by the next mount", checked.Orphans)
	}
}

// structural tells of damage that a file system finds, unless its description has told of it.
func (r *report) structural(vol *engine.Volume) func(filesys.Damage) {
	described := vol.FS.Description()
	said := map[string]bool{}
	for _, p := range described.Problems {
		said[p.Message] = true
	}
	return func(d filesys.Damage) {
		if said[d.Message] || said[described.Type+": "+d.Message] {
			return
		}
		out := structureDamage(vol.Name, described.BlockSize, d)
		disk, lies := place.On(r.v.machine, vol.Volume, max(d.Block, 0)*described.BlockSize, described.BlockSize)
		out.Disk = max(disk, 0)
		if d.Block >= 0 {
			for _, s := range lies {
				out.Extents = append(out.Extents, Extent{s.Off, s.Len})
			}
		}
		r.damage(out, 1)
	}
}

// more counts damage that was found and not reported.
func (r *report) more(found, reported uint64) {
	if found > reported {
		n := int(min(found-reported, 1<<30))
		r.Damaged += n
		r.v.result.More += n
	}
}

func structureDamage(name string, blockSize int64, d filesys.Damage) Damage {
	out := Damage{Place: name, Problem: d.Message, Severity: finding.High, spot: spot{volume: name, node: d.Node, loss: structural}}
	if d.Block >= 0 {
		out.Place += fmt.Sprintf(" block %d (at %#x)", d.Block, d.Block*blockSize)
	}
	if d.Node != 0 {
		out.Place += fmt.Sprintf(" inode %d", d.Node)
	}
	switch d.Harm {
	case filesys.HarmFatal:
		out.Severity, out.Meaning, out.spot.loss = finding.Critical, "it cannot be mounted, or nothing in it is reached", unrelated
	case filesys.HarmRisk:
		out.Severity, out.Meaning, out.spot.loss = finding.Medium, "all is there, and writing to it may destroy something", unrelated
	case filesys.HarmNone:
		out.Severity, out.Meaning, out.spot.loss = finding.Low, "a repair loses nothing", unrelated
	default:
		out.Meaning = structural.String()
	}
	return out
}
