package intact

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"path"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/guestctl/guestctl/backup/checksums"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/finding"
)

// ChecksumLayer is the layer of files with checksums of their own, other than archives.
const ChecksumLayer = "backup.checksums"

// summed is a file with checksums of its own, and what it came to.
type summed struct {
	guest.Object
	format checksums.Format
	result checksums.Result
	err    error
}

// checksums verifies the files with checksums of their own.
func (v *verifier) checksums(ctx context.Context, g *guest.Guest) {
	r := v.layer(ChecksumLayer, "Files are what their own checksums say")
	files := v.findSummed(ctx, r, g)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(files)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				files[i].verify(ctx, g)
				if v.Progress != nil {
					v.Progress(files[i].Size)
				}
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return
	}
	verified, without := 0, 0
	unread := map[string]int{} // files, by why nothing is known of them
	for i := range files {
		r.summed(&files[i], unread)
		verified += files[i].result.Verified
		if files[i].result.Without {
			without++
		}
	}
	for _, why := range slices.Sorted(maps.Keys(unread)) {
		if more := unread[why] - 1; more > 0 {
			r.note("%s more: %s", count(more, "file", "files"), why)
		}
	}
	if without > 0 {
		r.note("%s of PostgreSQL have no checksums: pg_checksums --enable adds them", count(without, "file", "files"))
	}
	if len(files) == without && len(r.Unknown) == 0 {
		r.Status = finding.NotApplicable
		r.end("the guest has no journals, nor databases with checksums")
		return
	}
	r.end("%s: %s", count(len(files)-without, "file", "files"), count(verified, "checksum agrees", "checksums agree"))
}

// findSummed lists the files of every kind.
func (v *verifier) findSummed(ctx context.Context, r *report, g *guest.Guest) []summed {
	var files []summed
	seen := map[filesys.Node]string{}
	for _, format := range checksums.Formats() {
		for _, root := range format.Roots {
			err := g.Walk(ctx, root, func(o guest.Object, err error) error {
				switch {
				case err != nil && !o.IsRegular():
					r.unknown("%s: %v", o.Path, err) // of the file itself opening tells
				case o.IsRegular() && format.Is(o.Path) && seen[o.Node] != o.Device:
					seen[o.Node] = o.Device
					files = append(files, summed{Object: o, format: format})
					if v.Started != nil {
						v.Started(o.Size)
					}
				}
				return nil
			})
			if err != nil && ctx.Err() == nil && !errors.Is(err, fs.ErrNotExist) {
				r.unknown("%s: %v", root, err)
			}
		}
	}
	return files
}

func (s *summed) verify(ctx context.Context, g *guest.Guest) {
	f, err := s.Open()
	if f == nil || err != nil {
		s.err = err
		return
	}
	s.result, s.err = s.format.Verify(ctx, checksums.File{ReaderAt: f, Size: f.Size(), Path: s.Path, Beside: func(name string, n int64) ([]byte, error) {
		other, err := g.Open(path.Join(path.Dir(s.Path), name))
		if other == nil || err != nil {
			return nil, err
		}
		return binread.ReadAt(other, 0, min(n, other.Size()), n)
	}})
}

// summed tells of a file. What is wrong in one that was open when it was copied may be of that moment.
func (r *report) summed(s *summed, unread map[string]int) {
	if s.err != nil {
		why := s.err.Error()
		if unread[why]++; unread[why] == 1 {
			r.unknown("%s: %s", s.Path, why)
		}
	}
	if s.result.Open && len(s.result.Problems) > 0 {
		r.unknown("%s: the %s was being written to when it was copied: %s", s.Path, s.format.Name, s.result.Problems[0])
		return
	}
	for _, p := range s.result.Problems {
		r.damage(s.damage(p.String()), 1)
	}
	r.Damaged += s.result.More
	r.v.result.More += s.result.More
}

func (s *summed) damage(problem string) Damage {
	return Damage{
		Place: s.Path, Belongs: s.Device, Problem: problem, Meaning: "what stands there in the " + s.format.Name + " is lost or in doubt",
		Severity: finding.Medium, Files: []File{{Path: s.Path}},
	}
}
