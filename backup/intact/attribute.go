package intact

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/backup/place"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/finding"
)

const (
	maxFiles  = 10_000  // that are named in all damage; the others are counted
	maxPlaces = 1 << 20 // that are looked at
	maxNamed  = 3       // files in a text
)

// Extent is a stretch of a disk, in bytes.
type Extent struct {
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

// File is a file or directory that damage is in.
type File struct {
	// Path is as the guest mounts it: "p3:/x" where nothing mounts the volume, or more than one guest is on the disks.
	Path    string `json:"path"`
	Package string `json:"package,omitempty"` // that owns it
	// Boot is the file's part in a boot, such as "kernel"; empty where it is known to have none, or nothing is known.
	Boot string `json:"boot,omitempty"`

	volume, inside string // where Path is from; the path in the volume
	dir            bool
}

// loss is what damage does to the data in it.
type loss int

const (
	unrelated loss = iota // the layer said what it means
	lost
	uncertain  // it may be lost
	structural // it is lost or in doubt, or its name or attributes are
	elsewhere  // another judge said it, and whether the machine boots is not known there
)

func (l loss) String() string {
	return [...]string{"", "data is lost", "data may be lost", "names, content or attributes are lost or in doubt", ""}[l]
}

// spot is where damage is, before it is known whose that is.
type spot struct {
	volume  string       // of node
	node    filesys.Node // 0: none
	volumes []string
	empty   bool // nothing lies there
	loss    loss
	meaning string // without the files
	worst   finding.Severity
}

// attribute tells which files and what else lie in the damage: one look at every file of a disk that has some.
func (v *verifier) attribute(ctx context.Context) error {
	names, places := maxFiles, maxPlaces
	for disk := range v.machine.Disks {
		var stretches []place.Stretch
		found := false
		for i := range v.result.Damage {
			d := &v.result.Damage[i]
			if d.Disk != disk {
				continue
			}
			found = found || len(d.Extents) > 0 || d.spot.node != 0
			for _, e := range d.Extents {
				stretches = append(stretches, place.Stretch{Off: e.Offset, Len: e.Length})
			}
		}
		if !found {
			continue
		}
		all, err := place.Of(ctx, v.machine, disk)
		if err != nil {
			return err
		}
		slices.SortFunc(stretches, func(a, b place.Stretch) int { return cmp.Compare(a.Off, b.Off) })
		if err := all.Learn(ctx, stretches); err != nil {
			return err
		}
		for i := range v.result.Damage {
			if d := &v.result.Damage[i]; d.Disk == disk {
				v.locate(d, all, &names, &places)
			}
		}
	}
	return nil
}

// locate says what lies in a damage. It names and looks at no more than what is left of the limits.
func (v *verifier) locate(d *Damage, all *place.Map, names, places *int) {
	seen := map[int]bool{}
	add := func(file int) {
		switch {
		case file < 0 || seen[file]:
			return
		case *names == 0:
			d.MoreFiles++
		default:
			*names--
			f := &all.Files[file]
			d.Files = append(d.Files, File{Path: f.Path, volume: f.Volume, inside: f.Object.Path, dir: f.IsDir()})
		}
		seen[file] = true
	}
	for _, e := range d.Extents {
		all.Each(e.Offset, e.Length, func(p place.Place) bool {
			*places--
			if !slices.Contains(d.Regions, p.Region) {
				d.Regions = append(d.Regions, p.Region)
			}
			if !slices.Contains(d.spot.volumes, p.Volume) {
				d.spot.volumes = append(d.spot.volumes, p.Volume)
			}
			add(p.File)
			return *places > 0
		})
	}
	if d.spot.node != 0 {
		add(all.Named(d.spot.volume, d.spot.node))
	}
	slices.SortFunc(d.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	d.spot.empty = v.empty(d)
	d.tell()
}

// empty reports whether nothing lies in the damage: free space, or a journal with nothing to replay. What a file system says of itself
// holds only where its check found nothing.
func (v *verifier) empty(d *Damage) bool {
	idle := true
	for _, name := range d.spot.volumes {
		i := slices.IndexFunc(v.result.FileSystems, func(f FileSystem) bool { return f.Device == name })
		if i < 0 || !v.result.FileSystems[i].sound {
			return false
		}
		idle = idle && v.result.FileSystems[i].idle
	}
	return len(d.Regions) > 0 && !slices.ContainsFunc(d.Regions, func(r place.Region) bool {
		return r != place.Free && (r != place.Journal || !idle)
	})
}

// Owners is what is known of the files of a guest.
type Owners struct {
	Package func(path string) string // that owns the file, or ""
	Boot    func(path string) string // the file's part in a boot, or ""
}

// Attribute says of all damage what it means to the guest.
func (r *Verification) Attribute(g *guest.Guest, owners Owners) {
	for i := range r.Damage {
		d := &r.Damage[i]
		d.Files = slices.Clone(d.Files) // another guest may have the same damage
		for j := range d.Files {
			f := &d.Files[j]
			if path, ok := f.in(g); ok {
				f.Package, f.Boot = owners.Package(path), owners.Boot(path)
			}
		}
		d.tell()
	}
}

// Add adds damage that another judge found.
func (r *Verification) Add(d Damage) {
	d.spot.loss = elsewhere
	r.add(d)
}

func (r *Verification) add(d Damage) {
	if len(r.Damage) == MaxDamage {
		r.More++
		return
	}
	d.Extents, d.Regions, d.Files = slices.Concat([]Extent{}, d.Extents), []place.Region{}, slices.Concat([]File{}, d.Files)
	r.Damage = append(r.Damage, d)
}

// In returns the damage of a layer in a file, or nil.
func (r *Verification) In(layer, path string) *Damage {
	for i := range r.Damage {
		if d := &r.Damage[i]; d.Layer == layer && len(d.Files) > 0 && d.Files[0].Path == path {
			return d
		}
	}
	return nil
}

// Damaged reports whether there is damage that Attribute would say more of.
func (r *Verification) Damaged() bool {
	return slices.ContainsFunc(r.Damage, func(d Damage) bool { return len(d.Files) > 0 })
}

// in is the path of the file in a guest, which need not mount its volume.
func (f *File) in(g *guest.Guest) (string, bool) {
	if f.inside == "" {
		return f.Path, true
	}
	for _, m := range g.Mounts {
		if m.Device == f.volume && m.Unread == "" {
			return strings.TrimSuffix(m.Target, "/") + f.inside, true
		}
	}
	return "", false
}

// tell says whom the damage is about, and what it means.
func (d *Damage) tell() {
	if d.spot.volume != "" || len(d.spot.volumes) > 0 {
		d.Belongs = d.belongs()
	}
	if d.spot.loss == unrelated {
		return
	}
	if d.spot.meaning == "" {
		d.spot.meaning, d.spot.worst = d.Meaning, d.Severity
	}
	d.Meaning, d.Severity = d.spot.meaning, d.spot.worst
	var boot []File
	whole := false // a file, and not some entries of a directory
	for _, f := range d.Files {
		if f.Boot != "" {
			boot = append(boot, f)
			whole = whole || !f.dir
		}
	}
	switch {
	case len(boot) > 0 && (d.spot.loss == uncertain || !whole):
		d.Meaning, d.Severity = "the machine may not boot: "+named(boot, len(boot)), finding.High
	case len(boot) > 0:
		d.Meaning, d.Severity = "the machine would not boot: "+named(boot, len(boot)), finding.Critical
	case d.spot.loss == elsewhere:
	case len(d.Files)+d.MoreFiles > 0:
		d.Meaning = fmt.Sprintf("%s in %s", d.spot.loss, named(d.Files, len(d.Files)+d.MoreFiles))
	case d.spot.empty:
		d.Meaning = "no data is lost: " + d.regions()
		d.Severity = finding.Low
		if d.spot.loss == lost { // what copies the image stops there
			d.Severity = finding.Medium
		}
	}
}

// belongs says what the damage is in: files, and what else there is.
func (d *Damage) belongs() string {
	var what []string
	if len(d.Files)+d.MoreFiles > 0 {
		what = append(what, named(d.Files, len(d.Files)+d.MoreFiles))
	}
	if s := d.regions(); s != "" {
		what = append(what, s)
	}
	text := strings.Join(what, ", ")
	if d.spot.volume != "" || len(d.Files) > 0 && strings.HasPrefix(d.Files[0].Path, d.spot.volumes[0]+":") {
		return text // the place has the volume, or the path
	}
	if text == "" {
		return strings.Join(d.spot.volumes, ", ")
	}
	return strings.Join(d.spot.volumes, ", ") + ": " + text
}

// regions are what lies in the damage beside files that are named.
func (d *Damage) regions() string {
	var all []string
	for _, r := range d.Regions {
		switch {
		case r == place.Unclear && (len(d.Files) > 0 || d.spot.volume != ""):
		case r == place.Content && len(d.Files) > 0, r == place.Directory && len(d.Files) > 0:
		default:
			all = append(all, string(r))
		}
	}
	return strings.Join(all, ", ")
}

// named names the first of n files, with what is known of them.
func named(files []File, n int) string {
	var all []string
	for _, f := range files[:min(len(files), maxNamed)] {
		switch {
		case f.Boot != "" && f.Package != "":
			all = append(all, fmt.Sprintf("%s (%s, of package %s)", f.Path, f.Boot, f.Package))
		case f.Boot != "":
			all = append(all, fmt.Sprintf("%s (%s)", f.Path, f.Boot))
		case f.Package != "":
			all = append(all, fmt.Sprintf("%s (of package %s)", f.Path, f.Package))
		default:
			all = append(all, f.Path)
		}
	}
	if len(all) == 0 {
		return count(n, "file", "files")
	}
	text := strings.Join(all, ", ")
	if more := n - len(all); more > 0 {
		text += " and " + count(more, "more file", "more files")
	}
	return text
}
