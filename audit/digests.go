package audit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/finding"
)

// Digests asks for the digests of the files that the images consist of, beside the verdict on them.
type Digests struct {
	// Started is called with how many bytes the files of an image have before they are read, and Progress with how many were done
	// since; both may be nil.
	Started, Progress func(bytes int64)
}

// HostFile is a file of the host that an image consists of.
type HostFile struct {
	Name   string `json:"name"` // in its directory
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// Input is something that a verdict rests on beside the images.
type Input struct {
	Kind, Name string
	SHA256     string // in hexadecimal digits
}

// DigestCheck is the check of a target whose digests could not be made.
const DigestCheck = "image.digest"

// hashing is the digests of one machine or file in the making.
type hashing struct {
	machine *engine.Machine // nil for a file alone
	files   []HostFile
	err     error
	done    chan struct{}
	cancel  context.CancelFunc
}

// hash begins to hash the files of a machine. Stop it before the machine is closed.
func hash(ctx context.Context, m *engine.Machine, d Digests) *hashing {
	ctx, cancel := context.WithCancel(ctx)
	h := &hashing{machine: m, done: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(h.done)
		h.files, h.err = hashFiles(ctx, m.Files(), d)
	}()
	return h
}

// wait returns the digests when they are done. It is an error that one of the files is not what it was when it was opened.
func (h *hashing) wait() ([]HostFile, error) {
	<-h.done
	if h.err != nil || h.machine == nil {
		return h.files, h.err
	}
	return h.files, h.machine.Unchanged()
}

func (h *hashing) stop() {
	if h != nil && h.cancel != nil {
		h.cancel()
		<-h.done
	}
}

// hashes are the digests of a run.
type hashes struct {
	mu     sync.Mutex
	images map[string]*hashing // by the name that the user gave
	inputs []Input             // that were hashed beside the images
}

func (h *hashes) of(image string) *hashing {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.images[image]
}

func (h *hashes) set(image string, one *hashing) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.images[image] = one
}

func (h *hashes) input(kind string, files []HostFile) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range files {
		h.inputs = append(h.inputs, Input{kind, f.Name, f.SHA256})
	}
}

// hash begins to hash the files of an image where the job asks for it. What it returns stops that and must be called before the machine
// is closed.
func (r *Result) hash(ctx context.Context, name string, m *engine.Machine) (stop func()) {
	if r.job.Digests == nil {
		return func() {}
	}
	h := hash(ctx, m, *r.job.Digests)
	r.hashes.set(name, h)
	return h.stop
}

// hashAlone hashes the files that the user named of a machine that could not be opened: nobody knows what others it has.
func (r *Result) hashAlone(ctx context.Context, name string) {
	if r.job.Digests == nil {
		return
	}
	h := &hashing{done: make(chan struct{})}
	h.files, h.err = hashNamed(ctx, r.disks(name), *r.job.Digests)
	close(h.done)
	r.hashes.set(name, h)
}

// digested waits for the digests of a target. Where they could not be made, a check says so.
func (r *Result) digested(t *Target) {
	if r.job.Digests == nil {
		return
	}
	err := errors.New("a document of stored facts is no image")
	if h := r.hashes.of(t.Image); h != nil {
		t.Files, err = h.wait()
	}
	if err == nil {
		return
	}
	t.Files = nil
	t.Checks = append(t.Checks, finding.Finding{
		ID: DigestCheck, Title: "The digest of the image is known", Status: finding.Unknown, Severity: finding.High,
		Expected: "all bytes of the image's files can be read, and are not written to meanwhile", Actual: err.Error(),
		Message: "no digest of the image: " + err.Error(), Where: []finding.Location{}, Fingerprint: finding.Fingerprint(DigestCheck, "", ""),
	})
}

// hashAgainst hashes the image that another is compared with, with all its files.
func (r *Result) hashAgainst(ctx context.Context, m *engine.Machine) error {
	if r.job.Digests == nil {
		return nil
	}
	h := hash(ctx, m, *r.job.Digests)
	defer h.stop()
	files, err := h.wait()
	r.hashes.input("compare", files)
	return err
}

// hash begins to hash what the guests are held against, an image with all its files or a document of facts.
func (g *golden) hash(ctx context.Context, d *Digests) error {
	if g == nil || d == nil {
		return nil
	}
	if g.machine != nil {
		g.hashing = hash(ctx, g.machine, *d)
		return nil
	}
	files, err := hashFile(ctx, g.name, *d)
	g.hashing = &hashing{files: files, done: make(chan struct{})}
	close(g.hashing.done)
	return err
}

// hashed waits for the digests of what the guests were held against.
func (r *Result) hashed() error {
	if r.golden == nil || r.golden.hashing == nil {
		return nil
	}
	files, err := r.golden.hashing.wait()
	if err != nil {
		return fmt.Errorf("%s: %w", r.golden.name, err)
	}
	r.hashes.input("drift-from", files)
	return nil
}

// FilesOf returns the digests of the files that the disks of a machine consist of, those that they name included. Of a machine that
// cannot be opened they are the files of the disks alone.
func FilesOf(ctx context.Context, disks []string, opts engine.Options, d Digests) (files []HostFile, err error) {
	m, err := engine.Open(ctx, disks, opts)
	if err != nil {
		return hashNamed(ctx, disks, d)
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	h := hash(ctx, m, d)
	defer h.stop()
	return h.wait()
}

func hashNamed(ctx context.Context, names []string, d Digests) (files []HostFile, err error) {
	for _, name := range names {
		one, err := hashFile(ctx, name, d)
		if err != nil {
			return nil, err
		}
		files = append(files, one...)
	}
	return files, nil
}

func hashFile(ctx context.Context, name string, d Digests) ([]HostFile, error) {
	f, err := image.OpenFile(name)
	if err != nil {
		return nil, err
	}
	files, err := hashFiles(ctx, []*image.File{f}, d)
	return files, errors.Join(err, f.Close())
}

func hashFiles(ctx context.Context, files []*image.File, d Digests) ([]HostFile, error) {
	if d.Started != nil {
		for _, f := range files {
			d.Started(f.Size())
		}
	}
	var all []HostFile
	for _, f := range files {
		sum := sha256.New()
		n, err := io.CopyBuffer(&counting{ctx, sum, d.Progress}, io.NewSectionReader(f, 0, f.Size()), make([]byte, hashBlock))
		if err == nil && n != f.Size() {
			err = fmt.Errorf("%w: %d of %d bytes are there", engine.ErrChanged, n, f.Size())
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		all = append(all, HostFile{f.Name(), f.Size(), hex.EncodeToString(sum.Sum(nil))})
	}
	return all, nil
}

// hashBlock is how many bytes are hashed at a time.
const hashBlock = 1 << 20

// counting writes as long as nobody interrupts, and tells how much.
type counting struct {
	ctx      context.Context
	w        io.Writer
	progress func(int64)
}

func (c *counting) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	if c.progress != nil {
		c.progress(int64(len(b)))
	}
	return c.w.Write(b)
}

// Inputs lists what the verdict rests on beside the images: the files of the policy, what each guest was held against, and digests of
// known files.
func (r *Result) Inputs() []Input {
	all := slices.Clone(r.hashes.inputs)
	for _, in := range r.job.Policy.Inputs() {
		all = append(all, Input(in))
	}
	if a := r.job.Against; a != nil && a.Seal != nil {
		all = append(all, Input{"seal", a.Seal.ID(), a.Seal.ID()})
	}
	if s := r.job.Scan; s != nil && s.known != nil {
		all = append(all, Input{"known-good", "known-good", s.known.Digest()})
	}
	slices.SortFunc(all, func(a, b Input) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.SHA256, b.SHA256))
	})
	return slices.Compact(all)
}
