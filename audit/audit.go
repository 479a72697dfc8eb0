// Package audit is the one way in for the command line, the scheduler and the API: Run opens each image, finds its guests,
// gathers the facts, lets the judges speak, and gives the verdict.
package audit

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/guestctl/guestctl/backup/boot"
	"github.com/guestctl/guestctl/backup/compare"
	"github.com/guestctl/guestctl/backup/intact"
	"github.com/guestctl/guestctl/backup/live"
	"github.com/guestctl/guestctl/backup/origin"
	"github.com/guestctl/guestctl/backup/seal"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/rules/frameworks"
)

// Schema names the version of the result as JSON.
const Schema = "guestctl.result/1"

// Job says what to judge, and by what.
type Job struct {
	Images []string // each is one machine
	// Disks are further disks of the machine whose first disk is the one image.
	Disks  []string
	Engine engine.Options
	// Documents finds the documents that stand in for images; nil looks for them in files of these names.
	Documents Documents
	Root      string // "auto", "all" or a device
	Policy    *policy.Policy
	FailOn    FailOn
	// Scan looks into the files of every guest for malware; nil looks into none.
	Scan *Scan
	// Verify holds what packages own against the package database, where the user or the policy asks for it; nil leaves it to the policy.
	Verify *Verify
	// Backup verifies the images as backups; nil does not.
	Backup *Backup
	// Against holds the images against another or a seal, and does nothing else with them; nil judges them.
	Against *Against
	// Drift holds every guest against another state of it; nil holds it against none.
	Drift *Drift
	// KeepFacts keeps all facts about each guest on its target, whatever the policy needs of them.
	KeepFacts bool
	// EachFacts is given all facts about each guest, from several goroutines at once, and may be nil. Its error ends the run.
	EachFacts func(image string, doc *facts.Document) error
	// Digests asks for the digests of the files of the images; nil does not.
	Digests *Digests
	// Assume is put over the facts of every guest before it is judged; nil is the guest as it is.
	Assume *facts.Patch
	// MinCoverage is the share of the needed facts that must have been readable, in percent.
	MinCoverage float64
	// Frameworks are the keys of the frameworks to report, beside those that the policy names.
	Frameworks []string
	// Jobs is how many images are judged at the same time; 0 is one.
	Jobs int
	// Now is the time of the judgement, for checks on ages.
	Now time.Time // needed where the policy has waivers
	// Tool is the version of the program, for the report.
	Tool string
	// Done is called after each image, from one goroutine at a time; nil is allowed.
	Done func(image string)
}

// Result is the outcome of a job.
type Result struct {
	Schema  string   `json:"schema"`
	Tool    Tool     `json:"tool"`
	Policy  Policy   `json:"policy"`
	Assumed *Assumed `json:"assumed" jsonschema:"nullable"` // nil: the guests were judged as they are
	Targets []Target `json:"targets"`
	Waivers []Waiver `json:"waivers"` // every exception of the policy
	// Checks are about the run as a whole: waivers that are stale, and such that end soon.
	Checks  []finding.Finding `json:"checks"`
	Summary Summary           `json:"summary"`

	job        Job
	frameworks []*frameworks.Framework
	golden     *golden         // nil without one
	source     *facts.Document // of the machine that backups are to be of; nil without one
	hashes     *hashes
}

// Tool is the program that made a result.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Policy is what a result was judged by.
type Policy struct {
	Files       []string  `json:"files"`
	Checks      int       `json:"checks"`
	FailOn      FailOn    `json:"fail_on"`
	MinCoverage float64   `json:"min_coverage"`
	Disabled    []Remark  `json:"disabled"` // checks that a baseline took away, and why
	Warnings    []Warning `json:"warnings"`
	Rules       []Rule    `json:"rules"` // every check, by id
}

// Remark is what a baseline says of a check.
type Remark struct {
	ID       string           `json:"id"`
	Reason   string           `json:"reason"`
	Position finding.Position `json:"policy"`
}

// Warning is something in a baseline that works and is probably not what its author wants.
type Warning struct {
	Message  string           `json:"message"`
	Position finding.Position `json:"policy"`
}

// Target is one guest that was to be judged, or an image in which none could be.
type Target struct {
	Image  string         `json:"image"`
	Result finding.Status `json:"result"` // pass, fail or unknown
	// Error says why nothing could be judged, and Hint what to do; then there are no checks.
	Error string `json:"error,omitempty"`
	Hint  string `json:"hint,omitempty"`
	// Coverage is the share of the needed facts that was readable, in percent.
	Coverage float64 `json:"coverage"`
	Counts
	Score    Score             `json:"score"`
	Disk     *Disk             `json:"disk" jsonschema:"nullable"` // the first
	Disks    []Disk            `json:"disks,omitempty"`            // all, where there are several
	Root     *facts.RootMeta   `json:"root" jsonschema:"nullable"`
	OS       *facts.OS         `json:"os" jsonschema:"nullable"`
	Checks   []finding.Finding `json:"checks"`
	Problems []Problem         `json:"problems"`
	// Files are the files of the host that the image consists of, itself first; nil where nobody asked for their digests.
	Files []HostFile `json:"files,omitempty"`
	// Malware is what a scan of the files did; nil without one.
	Malware *Malware `json:"malware,omitempty"`
	// Packages is what a verification of the packages did; nil without one.
	Packages *Packages `json:"packages,omitempty"`
	// Backup is what a verification of the image as a backup did; nil without one.
	Backup *intact.Verification `json:"backup,omitempty"`
	// Times are when the image and what is in it were written; nil where it was not verified as a backup.
	Times *origin.Times `json:"times,omitempty"`
	// Boot is the chain of links from the firmware to a login; nil where no proof of it was asked for.
	Boot *boot.Proof `json:"boot,omitempty"`
	// BootRun is what a real boot did; nil where none was asked for.
	BootRun *live.Trial `json:"boot_run,omitempty"`
	// Comparison is how the image differs from another, and Sealed from its seal; nil where it was not held against one.
	Comparison *compare.Comparison `json:"comparison,omitempty"`
	Sealed     *seal.Report        `json:"sealed,omitempty"`
	// Drift is what became of the guest since another state of it; nil where there was none to compare with.
	Drift *Drifted `json:"drift,omitempty"`
	// Frameworks says how far the guest meets the frameworks that were asked for.
	Frameworks []Framework `json:"frameworks"`

	// Facts are all facts about the guest, where the job keeps them.
	Facts *facts.Document `json:"-"`

	// Err is the error behind Error, for callers that care for its kind.
	Err error `json:"-"`

	// KnownOS is OS where it was read without a problem; nil otherwise.
	KnownOS *facts.OS `json:"-"`
}

// Counts is how many checks had which outcome.
type Counts struct {
	Passed        int `json:"passed"`
	Failed        int `json:"failed"`
	Unknown       int `json:"unknown"`
	NotApplicable int `json:"notapplicable"`
	Waived        int `json:"waived"`
	Manual        int `json:"manual"`
}

// Disk is the image a guest is in.
type Disk struct {
	Format string `json:"format"`
	Size   int64  `json:"size"` // of the virtual disk, in bytes
	Used   int64  `json:"used"` // bytes the container holds; -1 when not known
	// Backing are the names of the backing files, as the images have them, the nearest first.
	Backing []string `json:"backing,omitempty"`
}

// Problem is something that could not be read, or that is wrong with the image, with where it is: "p2:/var/lib/x".
type Problem struct {
	Where   string `json:"where"`
	Message string `json:"message"`
}

// Summary counts the targets by result.
type Summary struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Unknown int `json:"unknown"`
}

// Run judges the images of the job. The error is that of the context, or of a job that cannot be done at all; an image
// that cannot be read is a target with an Error.
func Run(ctx context.Context, job Job) (r *Result, err error) {
	r = &Result{
		Schema: Schema, Tool: Tool{"guestctl", job.Tool}, Policy: policyOf(job),
		Targets: []Target{}, Waivers: []Waiver{}, Checks: []finding.Finding{}, job: job,
		hashes: &hashes{images: map[string]*hashing{}},
	}
	if job.Assume != nil {
		r.Assumed = &Assumed{job.Assume.File, job.Assume.Paths}
	}
	if len(job.Disks) > 0 && len(job.Images) > 1 {
		return nil, fmt.Errorf("further disks of one machine, and %d images", len(job.Images))
	}
	if len(job.Policy.Waivers.List) > 0 && job.Now.IsZero() {
		return nil, errors.New("waivers cannot be judged without the day of the judgement")
	}
	for _, key := range frameworkKeys(job) {
		f, err := frameworks.Load(key)
		if err != nil {
			return nil, err
		}
		r.frameworks = append(r.frameworks, f)
	}
	golden, err := r.openGolden(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, golden.close()) }()
	r.golden = golden
	if err := golden.hash(ctx, job.Digests); err != nil {
		return nil, err
	}
	if r.source, err = r.openSource(ctx); err != nil {
		return nil, err
	}
	perImage := make([][]Target, len(job.Images))
	if err := r.each(ctx, func(i int) error {
		targets, err := r.image(ctx, job.Images[i])
		perImage[i] = targets
		return err
	}); err != nil {
		return nil, err
	}
	if err := r.hashed(); err != nil {
		return nil, err
	}
	for _, targets := range perImage {
		r.Targets = append(r.Targets, targets...)
	}
	r.registerWaivers()
	for _, t := range r.Targets {
		switch t.Result {
		case finding.Pass:
			r.Summary.Passed++
		case finding.Fail:
			r.Summary.Failed++
		default:
			r.Summary.Unknown++
		}
	}
	return r, nil
}

// disks are the disks of the machine whose first is the image called name.
func (r *Result) disks(name string) []string { return slices.Concat([]string{name}, r.job.Disks) }

func policyOf(job Job) Policy {
	p := Policy{
		Files: job.Policy.Files, Checks: len(job.Policy.Checks), FailOn: job.FailOn, MinCoverage: job.MinCoverage,
		Disabled: []Remark{}, Warnings: []Warning{}, Rules: rulesOf(job.Policy),
	}
	for _, d := range job.Policy.Disabled {
		p.Disabled = append(p.Disabled, Remark(d))
	}
	for _, w := range job.Policy.Warnings {
		p.Warnings = append(p.Warnings, Warning{w.Message, finding.Position{File: w.File, Line: w.Line}})
	}
	return p
}

// each calls work for every image, job.Jobs at a time, and returns the first error.
func (r *Result) each(ctx context.Context, work func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range max(1, min(r.job.Jobs, len(r.job.Images))) {
		wg.Go(func() {
			for i := range next {
				if err := guard(r.job.Images[i], func() error { return work(i) }); err != nil {
					cancel(err)
					return
				}
				if r.job.Done != nil {
					mu.Lock()
					r.job.Done(r.job.Images[i])
					mu.Unlock()
				}
			}
		})
	}
feed:
	for i := range r.job.Images {
		select {
		case next <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}

// ErrInternal is the kind of errors that are a defect of this program.
var ErrInternal = errors.New("internal error")

// guard turns a panic, which is a defect of ours that some image brought to light, into an error that names the image.
func guard(image string, work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w while judging %s: %v; please report it with this:\n%s", ErrInternal, image, p, debug.Stack())
		}
	}()
	return work()
}

// image judges the guests of one image, or the facts of one that were stored.
func (r *Result) image(ctx context.Context, name string) (targets []Target, err error) {
	if r.job.Against != nil {
		return r.against(ctx, name)
	}
	doc, ok, err := r.job.Documents.read(ctx, name)
	if err != nil {
		return r.notJudged(ctx, name, nil, err)
	}
	if ok && len(r.job.Disks) > 0 {
		return r.notJudged(ctx, name, nil, storedFacts(name))
	}
	if ok {
		if doc, err = r.assume(doc); err != nil {
			return nil, err
		}
		t := r.target(name, r.verdict(ctx, doc))
		t.Facts = doc
		r.withoutImage(&t)
		r.noBackup(&t)
		r.notScanned(&t)
		r.notBooted(&t)
		if err := r.drift(ctx, &t, nil, nil, doc); err != nil {
			return nil, err
		}
		if err := r.giveFacts(name, &t); err != nil {
			return nil, err
		}
		r.settle(&t)
		t.Disk = &Disk{Format: "stored facts of " + doc.Meta.Image.Format, Size: doc.Meta.Image.Size, Used: -1}
		return []Target{t}, ctx.Err()
	}
	m, err := engine.Open(ctx, r.disks(name), r.job.Engine)
	if err != nil {
		r.hashAlone(ctx, name)
		if t, ok := r.damagedContainer(name, err); ok {
			return []Target{t}, ctx.Err()
		}
		return r.notJudged(ctx, name, nil, err)
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	defer r.hash(ctx, name, m)()
	disks, err := r.verifyDisks(ctx, m)
	if err != nil {
		return nil, err
	}
	guests, err := m.Select(ctx, r.job.Root)
	switch {
	case err != nil && disks != nil:
		return r.withoutGuest(ctx, name, m, disks, err)
	case err != nil:
		return r.notJudged(ctx, name, m, fmt.Errorf("%s: %w", name, err))
	}
	for _, g := range guests {
		t, err := r.guest(ctx, name, m, g, disks)
		if err != nil {
			return nil, err
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// notJudged is the target of an image in which nothing could be judged. Only an interrupted run is an error.
func (r *Result) notJudged(ctx context.Context, name string, m *engine.Machine, err error) ([]Target, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	t := Target{Image: name, Result: finding.Unknown, Error: err.Error(), Hint: binread.HintOf(err), Err: err}
	if h := r.hashes.of(name); h != nil {
		t.Files, _ = h.wait() // the target is unknown, with or without them
	}
	if m != nil {
		t.describe(m)
		t.Problems = problemsOf(m, nil)
	}
	return []Target{t}, nil
}

func (r *Result) guest(ctx context.Context, name string, m *engine.Machine, g *guest.Guest, disks *intact.Verification) (Target, error) {
	req := r.job.Policy.Request().Merge(facts.Request{Domains: []string{"os"}})
	var v verdict
	if r.job.Assume != nil || !m.Kept(g, req, r.job.Now, r.keptName(), &v) {
		doc, err := m.Facts(ctx, g, req, r.job.Now)
		if err != nil {
			return Target{}, err
		}
		if doc, err = r.assume(doc); err != nil {
			return Target{}, err
		}
		v = r.verdict(ctx, doc)
		if r.job.Assume == nil && ctx.Err() == nil && v.decided(r.job.Policy.Elsewhere(policy.ByScan, policy.ByVerify, policy.ByDrift, policy.ByBackup)) {
			m.Keep(g, doc, req, r.job.Now, r.keptName(), v)
		}
	}
	t := r.target(name, v)
	have, err := r.scan(ctx, &t, m, g)
	if err != nil {
		return Target{}, err
	}
	if err := r.verify(ctx, &t, m, g, have); err != nil {
		return Target{}, err
	}
	if err := r.verifyGuest(ctx, &t, m, g, disks); err != nil {
		return Target{}, err
	}
	if err := r.judgeBackup(ctx, &t, m, g); err != nil {
		return Target{}, err
	}
	if err := r.bootFor(ctx, &t, m); err != nil {
		return Target{}, err
	}
	if t.Facts, err = r.wholeFacts(ctx, m, g); err != nil {
		return Target{}, err
	}
	if err := r.drift(ctx, &t, m, g, t.Facts); err != nil {
		return Target{}, err
	}
	if err := r.giveFacts(name, &t); err != nil {
		return Target{}, err
	}
	r.unchanged(&t, m)
	r.settle(&t)
	t.describe(m)
	t.Problems = append(problemsOf(m, g), t.Problems...)
	return t, ctx.Err()
}

// verdict is what a document and the policy decide of a guest, and nothing else has a say in: it is kept with the facts, so that an
// unchanged image is judged by an unchanged policy once.
type verdict struct {
	Root     facts.RootMeta
	OS       *facts.OS
	Coverage float64
	Checks   []finding.Finding
	Problems []Problem
	KnowsOS  bool // OS was read without a problem
}

func (r *Result) keptName() string { return "verdict " + r.job.Policy.Digest }

// verdict judges the facts of one guest.
func (r *Result) verdict(ctx context.Context, doc *facts.Document) verdict {
	v := verdict{Root: doc.Meta.Root, Checks: r.job.Policy.Judge(ctx, doc), Problems: collectorProblems(doc)}
	v.OS, _ = facts.Get[facts.OS](doc, "os")
	v.KnowsOS = doc.Collectors["os"].State == facts.OK
	readable, needed := r.job.Policy.Coverage(doc)
	v.Coverage = percent(readable, needed)
	return v
}

// decided reports whether no check is unknown, save those that another judge decides: such a check may have wanted more time than
// there was.
func (v verdict) decided(elsewhere []string) bool {
	return !slices.ContainsFunc(v.Checks, func(f finding.Finding) bool {
		return f.Status == finding.Unknown && !slices.Contains(elsewhere, f.ID)
	})
}

// target is the guest with its verdict.
func (r *Result) target(name string, v verdict) Target {
	t := Target{Image: name, Root: &v.Root, OS: v.OS, Coverage: v.Coverage, Checks: v.Checks, Problems: slices.Concat(v.Problems, r.assumed())}
	if v.KnowsOS {
		t.KnownOS = v.OS
	}
	return t
}

// settle holds a target that has all its checks against what the job asks for.
func (r *Result) settle(t *Target) {
	r.digested(t)
	finding.Sort(t.Checks)
	r.waive(t)
	t.count()
	t.Score = scoreOf(t.Checks)
	t.Frameworks = tables(r.frameworks, t.Checks)
	t.Result = r.judge(t)
}

// judge gives the result of a target: a failing check at or above the limit beats an unknown one, which beats a pass.
func (r *Result) judge(t *Target) finding.Status {
	if r.fails(t.Checks) {
		return finding.Fail
	}
	if t.Unknown > 0 || t.Coverage < r.job.MinCoverage || t.Passed+t.Failed+t.Waived+t.NotApplicable+t.Manual == 0 {
		return finding.Unknown
	}
	return finding.Pass
}

// fails reports whether a check failed at or above the limit.
func (r *Result) fails(checks []finding.Finding) bool {
	return slices.ContainsFunc(checks, func(c finding.Finding) bool {
		return c.Status == finding.Fail && r.Policy.FailOn.Reached(c.Severity)
	})
}

func (t *Target) count() {
	for _, c := range t.Checks {
		t.Add(c.Status)
	}
}

// Add counts one check more.
func (c *Counts) Add(s finding.Status) {
	switch s {
	case finding.Pass:
		c.Passed++
	case finding.Fail:
		c.Failed++
	case finding.NotApplicable:
		c.NotApplicable++
	case finding.Waived:
		c.Waived++
	case finding.Manual:
		c.Manual++
	default:
		c.Unknown++
	}
}

// percent rounds down, so that 100 means all.
func percent(part, whole int) float64 {
	if whole == 0 {
		return 100
	}
	return float64(part*1000/whole) / 10
}
