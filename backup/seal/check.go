package seal

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/guestctl/guestctl/backup/cycle"
	"github.com/guestctl/guestctl/backup/place"
	"github.com/guestctl/guestctl/backup/reading"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/image"
)

// maxDamage is how many stretches of damage are told. Where there are more, the image is another one.
const maxDamage = 1 << 16

// Damage is a stretch of chunks that are not what was sealed.
type Damage struct {
	Offset int64  `json:"offset"` // on the virtual disk, in bytes
	Length int64  `json:"length"`
	Cause  string `json:"cause,omitempty"` // why it could not be read; empty when it has other bytes
}

// CheckOptions say how to check. The zero value reads everything.
type CheckOptions struct {
	Workers int // 0: one for each processor
	// Budget is how much may be read, and Cycle where to begin and what to note where this stopped; nil begins at the start.
	Budget cycle.Budget
	Cycle  *cycle.State
	Now    time.Time
	// Progress is called with how many bytes of the virtual disk were done since; it may be nil.
	Progress func(bytes int64)
}

// Report is what a check came to.
type Report struct {
	Size   int64 `json:"size"` // of the disk, in bytes
	Sealed int64 `json:"sealed_size"`
	// From and To are what was checked, in bytes of the virtual disk; Read is how many had to be read for that.
	From    int64    `json:"from"`
	To      int64    `json:"to"`
	Read    int64    `json:"read"`
	Damaged []Damage `json:"damaged"`
	Unread  []Damage `json:"unread"`
	// More is set when there is more damage than is told.
	More bool `json:"more,omitempty"`
	// Changing is why the result does not hold: the image was written to while it was read.
	Changing string `json:"changing,omitempty"`
	// Places are what is in the damaged and unread stretches, as far as it is known.
	Places   []place.Place  `json:"places"`
	Problems []place.Missed `json:"problems"` // of finding the places
	// Whole is set when the whole disk was checked in this run.
	Whole bool `json:"whole"`
	// Cycle is how far the cycle is that this run is of; nil without one.
	Cycle *cycle.Run `json:"cycle,omitempty"`
}

// Check reads an image and tells which chunks are not what was sealed. The error is that of the context.
func Check(ctx context.Context, img image.Image, m *Manifest, opts CheckOptions) (*Report, error) {
	r := &Report{
		Size: img.Size(), Sealed: m.Size, Damaged: []Damage{}, Unread: []Damage{}, Places: []place.Place{}, Problems: []place.Missed{},
	}
	if r.Size != r.Sealed {
		return r, ctx.Err() // chunks of another size are none of these
	}
	first, again := 0, []int{}
	if opts.Cycle != nil {
		first, again = int(opts.Cycle.Next/m.ChunkSize), m.chunksOf(opts.Cycle.Bad)
	}
	r.From = int64(first) * m.ChunkSize
	r.To = r.From
	reader := reader{img, &m.Header, opts.Workers}
	over := false
	err := reader.read(ctx, again, first, func(c *chunk) bool {
		if over {
			return false
		}
		r.note(m, c)
		if c.again {
			return true
		}
		r.To = c.off + c.n
		if !c.hole {
			r.Read += c.n
		}
		if opts.Progress != nil {
			opts.Progress(c.n)
		}
		over = opts.Budget.Over(r.Read)
		return true
	})
	if err != nil {
		return nil, err
	}
	r.Damaged, r.Unread = inOrder(r.Damaged), inOrder(r.Unread)
	r.Whole = r.From == 0 && r.To == r.Size
	if opts.Cycle != nil {
		opts.Cycle.Remember(r.stretches())
		run := opts.Cycle.Ran(r.To, opts.Now)
		r.Cycle = &run
	}
	return r, nil
}

// chunksOf are the chunks that have a part in stretches, each once.
func (m *Manifest) chunksOf(all []cycle.Stretch) []int {
	chunks := []int{}
	for _, s := range all {
		for off := range reading.Cut(s.Off, s.Len, m.ChunkSize) {
			if i := int(off / m.ChunkSize); i < m.Chunks() {
				chunks = append(chunks, i)
			}
		}
	}
	slices.Sort(chunks)
	return slices.Compact(chunks)
}

// inOrder sorts stretches, which were read in two turns, and tells what was read in both once.
func inOrder(all []Damage) []Damage {
	slices.SortStableFunc(all, func(a, b Damage) int { return cmp.Compare(a.Offset, b.Offset) })
	kept := all[:0]
	for _, d := range all {
		if n := len(kept); n > 0 {
			if last := &kept[n-1]; d.Offset < last.Offset+last.Length || d.Offset == last.Offset+last.Length && d.Cause == "" && last.Cause == "" {
				last.Length = max(last.Length, d.Offset+d.Length-last.Offset)
				continue
			}
		}
		kept = append(kept, d)
	}
	return kept
}

// stretches are what is damaged or could not be read, for the next run.
func (r *Report) stretches() []cycle.Stretch {
	all := []cycle.Stretch{}
	for _, d := range slices.Concat(r.Damaged, r.Unread) {
		all = append(all, cycle.Stretch{Off: d.Offset, Len: d.Length})
	}
	return all
}

// note holds a chunk against the seal.
func (r *Report) note(m *Manifest, c *chunk) {
	if c.err != nil {
		r.add(&r.Unread, Damage{c.off, c.n, c.err.Error()})
		return
	}
	want, used := m.digest(c.i)
	if used == c.zero || used && want != c.digest {
		r.add(&r.Damaged, Damage{Offset: c.off, Length: c.n})
	}
}

// add adds a stretch to the last one where it continues that.
func (r *Report) add(all *[]Damage, d Damage) {
	if n := len(*all); n > 0 && d.Cause == "" {
		if last := &(*all)[n-1]; last.Offset+last.Length == d.Offset {
			last.Length += d.Length
			return
		}
	}
	if len(*all) == maxDamage {
		r.More = true
		return
	}
	*all = append(*all, d)
}

// CheckMachine checks the disk of a machine that has one, and says what is in what is damaged.
func CheckMachine(ctx context.Context, machine *engine.Machine, m *Manifest, opts CheckOptions) (*Report, error) {
	if len(machine.Disks) != 1 {
		return nil, fmt.Errorf("seal: %d disks, want one", len(machine.Disks))
	}
	var before cycle.State
	if opts.Cycle != nil {
		before = *opts.Cycle
	}
	r, err := Check(ctx, machine.Disks[0].Image, m, opts)
	if err != nil {
		return nil, err
	}
	if len(r.Damaged)+len(r.Unread) > 0 {
		if err := r.attribute(ctx, machine); err != nil {
			return nil, err
		}
	}
	if err := machine.Unchanged(); err != nil {
		r.Changing = "the image " + err.Error()
		if opts.Cycle != nil {
			*opts.Cycle, r.Cycle.Kept = before, false
		}
	}
	return r, nil
}

// maxPlaces is how many places are told.
const maxPlaces = 1 << 16

func (r *Report) attribute(ctx context.Context, machine *engine.Machine) error {
	all, err := place.Of(ctx, machine, 0)
	if err != nil {
		return err
	}
	stretches := []place.Stretch{}
	for _, d := range slices.Concat(r.Damaged, r.Unread) {
		stretches = append(stretches, place.Stretch{Off: d.Offset, Len: d.Length})
	}
	slices.SortFunc(stretches, func(a, b place.Stretch) int { return cmp.Compare(a.Off, b.Off) })
	if err := all.Learn(ctx, stretches); err != nil {
		return err
	}
	r.Problems = append(r.Problems, all.Problems...)
	for _, list := range [][]Damage{r.Damaged, r.Unread} {
		for _, d := range list {
			all.Each(d.Offset, d.Length, func(p place.Place) bool {
				if len(r.Places) == maxPlaces {
					r.More = true
					return false
				}
				r.Places = append(r.Places, p)
				return true
			})
		}
	}
	return nil
}
