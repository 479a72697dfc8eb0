package intact

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/scanner/archive"
)

// maxArchive is the largest compressed file that is looked into, in bytes.
const maxArchive = 256 << 20

func archiveLimits() archive.Limits {
	return archive.Limits{Members: 1 << 20, Unpacked: 4 << 30, Ratio: 1000, Time: 10 * time.Minute}
}

// archives verifies the checksums in the initial RAM disks and, when everything is asked for, in the compressed files below /boot and
// /usr.
func (v *verifier) archives(ctx context.Context, g *guest.Guest) {
	r := v.layer(ArchiveLayer, "Compressed files can be unpacked")
	files := v.findArchives(ctx, r, g)
	if ctx.Err() != nil {
		return
	}
	failures := make([][]failedMember, len(files))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(files)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				failures[i] = v.unpack(ctx, &files[i])
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return
	}
	for i := range files {
		for _, f := range failures[i] {
			r.unpacked(&files[i], f)
		}
	}
	v.result.Archives = len(files)
	switch {
	case len(files) == 0 && len(r.Unknown) == 0:
		r.Status = finding.NotApplicable
		r.end("the guest has no initial RAM disk in /boot")
	case v.Full:
		r.end("%s below /boot and /usr: their content is what their checksums say", count(len(files), "compressed file", "compressed files"))
	default:
		r.end("%s in /boot: the content is what the checksums say", count(len(files), "initial RAM disk", "initial RAM disks"))
	}
}

// findArchives lists the compressed files that are verified.
func (v *verifier) findArchives(ctx context.Context, r *report, g *guest.Guest) []guest.Object {
	var files []guest.Object
	type inode struct {
		device string
		node   filesys.Node
	}
	seen := map[inode]bool{}
	roots := []string{"/boot"}
	if v.Full {
		roots = append(roots, "/usr")
	}
	for _, root := range roots {
		err := g.Walk(ctx, root, func(o guest.Object, err error) error {
			switch {
			case err != nil && !o.IsRegular():
				r.unknown("%s: %v", o.Path, err) // of the file itself opening tells
			case o.IsRegular() && (isInitrd(o.Path) || v.Full && isCompressed(o.Path)) && !seen[inode{o.Device, o.Node}]:
				seen[inode{o.Device, o.Node}] = true
				files = append(files, o)
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
	return files
}

func isInitrd(file string) bool {
	name := path.Base(file)
	return path.Dir(file) == "/boot" && (strings.HasPrefix(name, "initrd") || strings.HasPrefix(name, "initramfs"))
}

func isCompressed(file string) bool {
	return slices.Contains([]string{".gz", ".tgz", ".xz", ".txz", ".zst", ".bz2", ".lz4", ".lzma", ".zip", ".jar", ".whl"}, path.Ext(file))
}

// failedMember is a member of an archive that cannot be unpacked; without a name it is the archive itself.
type failedMember struct {
	name string
	err  error
}

// unpack reads everything in a compressed file.
func (v *verifier) unpack(ctx context.Context, o *guest.Object) (failed []failedMember) {
	f, err := o.Open()
	if err != nil {
		return []failedMember{{"", err}}
	}
	if f.Size() > maxArchive {
		return []failedMember{{"", binread.Limit("%d bytes, want at most %d", f.Size(), maxArchive)}}
	}
	content, err := binread.ReadAt(f, 0, f.Size(), maxArchive)
	if v.Progress != nil {
		v.Progress(f.Size())
	}
	if err != nil {
		return []failedMember{{"", err}}
	}
	if !archive.Is(content) {
		return []failedMember{{"", binread.Corrupt("%d bytes of no kind of archive or compression that is known", len(content))}}
	}
	budget := archive.NewBudget(ctx, int64(len(content)), archiveLimits())
	err = archive.Walk(content, budget, archive.Visitor{
		Member: func(m archive.Member) error {
			if _, err := io.Copy(io.Discard, m.Reader); err != nil {
				failed = append(failed, failedMember{m.Name, err})
			}
			return budget.Err()
		},
		Problem: func(name string, err error) { failed = append(failed, failedMember{name, err}) },
	})
	if err != nil {
		failed = append(failed, failedMember{"", err})
	}
	return failed
}

// unpacked tells of a member that could not be.
func (r *report) unpacked(o *guest.Object, f failedMember) {
	place := o.Path
	if f.name != "" {
		place += "!/" + f.name
	}
	if !errors.Is(f.err, binread.ErrCorrupt) && !errors.Is(f.err, binread.ErrChecksum) {
		r.unknown("%s: %v", place, f.err)
		return
	}
	d := Damage{Place: place, Belongs: o.Device, Problem: f.err.Error(), Meaning: "what is compressed in it is lost", Severity: finding.Medium, Files: []File{{Path: o.Path}}}
	if isInitrd(o.Path) {
		d.Meaning, d.Severity = "the kernel that wants it would not boot", finding.Critical
	}
	r.damage(d, 1)
}
