package audit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/scanner"
	"github.com/guestctl/guestctl/scanner/intel"
	"github.com/guestctl/guestctl/scanner/verdicts"
	"github.com/guestctl/guestctl/scanner/yara"
)

// ScanOptions say what files are scanned for, and how.
type ScanOptions struct {
	Engines

	Limits   scanner.Limits
	Archives bool // look into archives
	Fast     bool // leave out files that are as their package shipped them
	Workers  int  // 0: one for each processor
	Time     time.Duration
	// Score is what a match needs to fail; below it is for people to look at. 0 makes every match fail.
	Score   int
	Allowed []string // SHA-256 digests, in hexadecimal digits
	// Asked is set when the user asked for a scan, whatever the policy says.
	Asked bool
	// CacheDir is where verdicts and compiled rules are kept, and Version the program's; "" keeps nothing.
	CacheDir, Version string
	// Started is called before a guest is scanned, with about how many bytes its files have, and Progress now and then with how many
	// were done since; both may be nil.
	Started, Progress func(bytes int64)
}

// Over returns the options with what a baseline says put below them.
func (o ScanOptions) Over(m policy.Malware) ScanOptions {
	o.Rules = slices.Concat(m.Rules, o.Rules)
	o.Score = cmp.Or(o.Score, m.Score)
	o.Limits.FileSize = cmp.Or(o.Limits.FileSize, m.MaxSize)
	o.Allowed = slices.Concat(m.Allowed, o.Allowed)
	return o
}

// cache is a folder of the cache, or "" when nothing is kept.
func (o ScanOptions) cache(name string) string {
	if o.CacheDir == "" {
		return ""
	}
	return filepath.Join(o.CacheDir, name)
}

// Where a scan keeps what it learned, in ScanOptions.CacheDir: verdicts on contents, and compiled rules.
const (
	VerdictsFile = "verdicts"
	RulesDir     = "yara"
)

// verdictLimit is how many bytes of verdicts are kept: some million files.
const verdictLimit = 512 << 20

// Scan is a scan that is ready for any number of images. Close it after the last one.
type Scan struct {
	opts    ScanOptions
	engines []scanner.Engine
	known   *intel.KnownGood
	store   *verdicts.Store
}

// OpenScan opens the engines. An error is one of the rules, feeds or programs that the options name: nothing can be judged.
func OpenScan(ctx context.Context, opts ScanOptions) (*Scan, error) {
	s := &Scan{opts: opts}
	o := &opening{ScanOptions: opts}
	for _, open := range engines() {
		e, err := open(ctx, o)
		if err != nil {
			s.Close()
			return nil, err
		}
		if e != nil {
			s.engines = append(s.engines, e)
		}
	}
	if len(opts.KnownGood) > 0 {
		known, err := intel.LoadKnownGood(ctx, opts.KnownGood)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.known = known
	}
	if path := opts.cache(VerdictsFile); path != "" {
		s.store = verdicts.Open(path, opts.Version, verdictLimit)
	}
	return s, nil
}

// Close closes the engines and writes what was learned. That it cannot be kept is no error of the scan.
func (s *Scan) Close() {
	for _, e := range s.engines {
		if c, ok := e.(io.Closer); ok {
			_ = c.Close()
		}
	}
	if s.known != nil {
		_ = s.known.Close()
	}
	if s.store != nil {
		_ = s.store.Close()
	}
}

// Rules are the names of the YARA rules that the scan uses, sorted.
func (s *Scan) Rules() []string {
	for _, e := range s.engines {
		if y, ok := e.(*yara.Engine); ok {
			return y.Rules()
		}
	}
	return nil
}

// Malware is what a scan of a guest did, beside its findings.
type Malware struct {
	Engines   []scanner.Description `json:"engines"`
	Stats     scanner.Stats         `json:"stats"`
	Unscanned []scanner.Unscanned   `json:"unscanned"` // every file that was not looked into, or not wholly
}

// kept is what is kept of a scan as long as the image and everything that it was scanned with stay the same.
type keptScan struct {
	Hits    []scanner.Hit
	Malware Malware

	read read // now, and not kept
}

// run scans a guest, or remembers what a scan of it came to.
func (s *Scan) run(ctx context.Context, m *engine.Machine, g *guest.Guest, now time.Time, sums bool) (*keptScan, error) {
	var k keptScan
	if s.opts.CacheDir != "" && m.Recall(g, s.name(), &k) {
		return &k, nil
	}
	if s.opts.Started != nil {
		s.opts.Started(used(g))
	}
	packages, err := shipped.Load(ctx, g)
	if err != nil {
		return nil, err
	}
	opts := scanner.Options{
		Engines: s.engines, Limits: s.opts.Limits, Archives: s.opts.Archives, Fast: s.opts.Fast, Workers: s.opts.Workers,
		Time: s.opts.Time, Progress: s.opts.Progress, Packages: packages, Now: now, Allowed: map[string]bool{},
	}
	for _, digest := range s.opts.Allowed {
		opts.Allowed[digest] = true
	}
	if s.store != nil {
		opts.Store = s.store
	}
	if s.known != nil {
		opts.KnownGood = s.known.Is
	}
	if sums {
		opts.Sums = packages.Hash
	}
	if opts.Accounts, err = accounts(ctx, m, g, now); err != nil {
		return nil, err
	}
	r, err := scanner.Run(ctx, g, opts)
	if err != nil {
		return nil, err
	}
	k = keptScan{r.Hits, Malware{r.Engines, r.Stats, r.Unscanned}, read{packages, believed(r)}}
	if s.opts.CacheDir != "" && r.Settled() {
		m.Remember(g, s.name(), k)
	}
	return &k, nil
}

// used is about how many bytes the files of a guest have.
func used(g *guest.Guest) (n int64) {
	fsys := g.Root.FS.Description()
	return fsys.Size - max(0, fsys.Free)
}

// accounts are the names of the guest's users by their number: the first of a number counts.
func accounts(ctx context.Context, m *engine.Machine, g *guest.Guest, now time.Time) (map[uint32]string, error) {
	doc, err := m.Facts(ctx, g, facts.Request{Domains: []string{"users"}}, now)
	if err != nil {
		return nil, err
	}
	names := map[uint32]string{}
	if users, ok := facts.Get[facts.Users](doc, "users"); ok {
		for _, u := range slices.Backward(*users) {
			names[u.UID] = u.Name
		}
	}
	return names, nil
}

// name tells this scan from any other that would come to something else.
func (s *Scan) name() string {
	opts := s.opts
	opts.Now = time.Time{} // the keys of the engines say what depends on the day
	opts.Started, opts.Progress, opts.Asked, opts.Workers, opts.Score = nil, nil, false, 0, 0
	parts := []string{fmt.Sprintf("%+v", opts)}
	for _, e := range s.engines {
		d := e.Describe()
		parts = append(parts, d.Name, d.Version, d.Digest, d.Date, e.Key(&scanner.Object{}))
	}
	if s.known != nil {
		parts = append(parts, s.known.Digest())
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return "scan " + hex.EncodeToString(sum[:])
}

// scan adds what a scan of the guest finds to the checks of the target, and returns what it read.
func (r *Result) scan(ctx context.Context, t *Target, m *engine.Machine, g *guest.Guest) (read, error) {
	ids := r.job.Policy.Elsewhere(policy.ByScan)
	rest := apart(t.Checks, ids)
	// A baseline that is not for this guest asks for no scan.
	if s := r.job.Scan; s == nil || !s.opts.Asked && len(rest) == len(t.Checks) {
		return read{}, nil
	}
	if len(r.job.Scan.engines) == 0 {
		t.Checks = append(rest, unscanned(noEngine()))
		return read{}, nil
	}
	k, err := r.job.Scan.run(ctx, m, g, r.job.Now, r.verification(t).files)
	if err != nil {
		return read{}, err
	}
	t.Malware = &k.Malware
	t.Checks = append(rest, r.job.Scan.findings(k)...)
	return k.read, nil
}

// believed are the digests of a scan, without those of files that it could not read whole.
func believed(r *scanner.Result) map[string][]byte {
	for _, u := range r.Unscanned {
		delete(r.Sums, u.Path)
	}
	return r.Sums
}
