// Package intact verifies that the bytes of a machine's disks are what they were, as far as that can be told without the disks they
// were copied from: the tables of the containers, the partition tables, the structure of the file systems and, when asked, every
// byte and every checksum in compressed files.
//
// Every layer is a finding of its own, with the damage in it: pass is proof within what the layer can prove, and what could not be
// looked at is unknown. Content without a checksum, such as a file of no package, can be damaged without a trace.
package intact

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/backup/cycle"
	"github.com/guestctl/guestctl/backup/place"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/finding"
)

// The layers, which are the ids of their findings.
const (
	ContainerLayer  = "backup.container"
	TableLayer      = "backup.table"
	FileSystemLayer = "backup.filesystem" // "backup.filesystem/p1" for one of them
	DataLayer       = "backup.data"       // with Options.Full
	ArchiveLayer    = "backup.archives"
)

// MaxDamage is how much damage is kept one by one of a machine. All of it is counted.
const MaxDamage = 1000

// Options say how much is verified.
type Options struct {
	// Full reads every byte that the disks hold, and every compressed file below /boot and /usr.
	Full bool
	// Share has Full read a part of the bytes in this run, and the next parts in the next ones; nil reads all.
	Share *Share
	// Started is called with about how many bytes are going to be read, now and then, and Progress with how many were read since; both
	// may be nil.
	Started, Progress func(bytes int64)
}

// Verification is what was verified, and what was found.
type Verification struct {
	Full        bool         `json:"full"`
	Containers  []Container  `json:"containers"`
	FileSystems []FileSystem `json:"filesystems"`
	Read        int64        `json:"read"`            // bytes of the disks that were read to look whether they can be
	Cycle       *cycle.Run   `json:"cycle,omitempty"` // what this run read, where it was to read a share
	Archives    int          `json:"archives"`        // compressed files whose checksums were verified
	Damage      []Damage     `json:"damage"`          // by layer; MaxDamage at most
	More        int          `json:"more"`            // damage that is only counted
	Layers      []Layer      `json:"layers"`
	// Changing is why nothing of it holds: the image was written to while it was verified.
	Changing string `json:"changing,omitempty"`

	lately []finding.Finding // whether all of it is read within a time
}

// Container is what the check of a disk's container came to.
type Container struct {
	Disk   int    `json:"disk"`
	Format string `json:"format"`
	image.Checked
}

// FileSystem is what the check of a file system came to.
type FileSystem struct {
	Device      string   `json:"device"`
	Type        string   `json:"type"`
	Checked     bool     `json:"checked"` // its structure
	Inodes      uint64   `json:"inodes"`
	Directories uint64   `json:"directories"`
	Blocks      uint64   `json:"blocks"` // in use
	Unchecked   []string `json:"unchecked"`

	sound bool // all of it was checked, and nothing is wrong
	idle  bool // its journal has nothing to replay
}

// Damage is one thing that is wrong.
type Damage struct {
	Layer    string           `json:"layer"`
	Place    string           `json:"place"`   // in the image, in words
	Belongs  string           `json:"belongs"` // what lies there, in words; "" where that is not known
	Problem  string           `json:"problem"`
	Meaning  string           `json:"meaning"`
	Severity finding.Severity `json:"severity"`
	// Disk and Extents are where it is, as far as that is known, Regions what is there, and Files whose it is: maxFiles at most in all
	// damage, and MoreFiles beside them.
	Disk      int            `json:"disk"`
	Extents   []Extent       `json:"extents"`
	Regions   []place.Region `json:"regions"`
	Files     []File         `json:"files"`
	MoreFiles int            `json:"more_files,omitempty"`

	spot spot
}

// Layer is the outcome of one layer.
type Layer struct {
	ID      string         `json:"id"`
	Title   string         `json:"title"`
	Status  finding.Status `json:"status"`
	Message string         `json:"message"`
	Damaged int            `json:"damaged"` // things that are wrong
	Unknown []string       `json:"unknown"` // what could not be verified, and why
	Notes   []string       `json:"notes"`
}

// Verify verifies the disks of a machine. The error is that of the context: what cannot be read is in the result.
func Verify(ctx context.Context, m *engine.Machine, opts Options) (*Verification, error) {
	v := &verifier{Options: opts, machine: m, result: &Verification{
		Full: opts.Full, Containers: []Container{}, FileSystems: []FileSystem{}, Damage: []Damage{}, Layers: []Layer{},
	}}
	for _, layer := range []func(context.Context){v.containers, v.tables, v.fileSystems, v.data} {
		layer(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	if err := v.attribute(ctx); err != nil {
		return nil, err
	}
	return v.result, nil
}

// Unpack verifies the compressed files, and others with checksums of their own, of a guest of the machine that r is of, and adds what it
// finds to r.
func (r *Verification) Unpack(ctx context.Context, g *guest.Guest, opts Options) error {
	v := &verifier{Options: opts, result: r}
	v.archives(ctx, g)
	if ctx.Err() == nil {
		v.checksums(ctx, g)
	}
	return ctx.Err()
}

// Clone returns a copy of r that Unpack can add to.
func (r *Verification) Clone() *Verification {
	c := *r
	c.Damage, c.Layers = slices.Clone(r.Damage), slices.Clone(r.Layers)
	return &c
}

// verifier is one run.
type verifier struct {
	Options
	machine *engine.Machine
	result  *Verification
}

// report is a layer that is being verified.
type report struct {
	Layer
	v     *verifier
	worst finding.Severity
}

func (v *verifier) layer(id, title string) *report {
	return &report{Layer: Layer{ID: id, Title: title, Status: finding.Pass, Unknown: []string{}, Notes: []string{}}, v: v}
}

// damage adds units things that are wrong.
func (r *report) damage(d Damage, units int) {
	d.Layer = r.ID
	r.Damaged += units
	if r.worst == "" || d.Severity.Rank() > r.worst.Rank() {
		r.worst = d.Severity
	}
	r.v.result.add(d)
}

func (r *report) unknown(format string, args ...any) {
	r.Unknown = append(r.Unknown, fmt.Sprintf(format, args...))
}

func (r *report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// end closes a layer, whose message is what was verified in it.
func (r *report) end(format string, args ...any) {
	r.Message = fmt.Sprintf(format, args...)
	switch {
	case r.Damaged > 0:
		r.Status = finding.Fail
	case len(r.Unknown) > 0:
		r.Status = finding.Unknown
	}
	r.v.result.Layers = append(r.v.result.Layers, r.Layer)
}

// Findings are the layers as findings: every damage has its place in that of its layer. Where a share was read there is one about when
// everything is.
func (r *Verification) Findings() []finding.Finding {
	all := make([]finding.Finding, 0, len(r.Layers))
	for i := range r.Layers {
		all = append(all, r.finding(&r.Layers[i]))
	}
	return append(all, r.lately...)
}

// maxTold is how many places of damage stand in a finding; the data have more.
const maxTold = 20

func (r *Verification) finding(l *Layer) finding.Finding {
	f := finding.Finding{
		ID: l.ID, Title: l.Title, Status: l.Status, Severity: finding.High, Expected: "no damage", Actual: "no damage", Message: l.Message,
		Where: []finding.Location{}, Notes: slices.Clone(l.Notes), Fingerprint: finding.Fingerprint(l.ID, "", ""),
	}
	var told []Damage
	for _, d := range r.Damage {
		if d.Layer == l.ID {
			told = append(told, d)
		}
	}
	slices.SortStableFunc(told, func(a, b Damage) int { return cmp.Compare(b.Severity.Rank(), a.Severity.Rank()) })
	switch l.Status {
	case finding.Fail:
		f.Actual = count(l.Damaged, "thing is wrong", "things are wrong")
		f.Fix = "take another backup, or restore and repair this one; the disk it was copied from may be damaged, too"
		if len(told) > 0 {
			f.Severity = told[0].Severity
			f.Message = f.Actual + ": " + told[0].Problem + " (" + told[0].Meaning + ")"
		}
	case finding.Unknown:
		f.Actual = "not verified"
		f.Message = l.Unknown[0]
		if more := len(l.Unknown) - 1; more > 0 {
			f.Message += fmt.Sprintf(", and %d more", more)
		}
	}
	for _, d := range told[:min(len(told), maxTold)] {
		where := d.Place
		if d.Belongs != "" {
			where = d.Belongs + ": " + where
		}
		f.Where = append(f.Where, finding.Location{Path: where, Note: d.Problem + ": " + d.Meaning})
	}
	if more := len(told) - maxTold; more > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("and %d more places, which the JSON report lists", more))
	}
	for i, u := range l.Unknown {
		if l.Status != finding.Unknown || i > 0 {
			f.Notes = append(f.Notes, "not verified: "+u)
		}
	}
	return f
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
