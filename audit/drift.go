package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/drift"
	"github.com/guestctl/guestctl/drift/ransom"
	"github.com/guestctl/guestctl/drift/tree"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// Drift says what to hold each guest against, and how. What it does not say is for the policy to say.
type Drift struct {
	// From is an image or a stored document of facts: what the guests are meant to be.
	From string
	// FromRoot is the root of From, as --root names it; "" is that of the guests.
	FromRoot string
	// Before returns what one guest is meant to be, by the name of its image and its facts, in place of From; nil where nobody knows, with
	// why.
	Before func(ctx context.Context, image string, now *facts.Document) (*Before, error)
	policy.Drift
	// ReadAll reads the content of every file, whatever its inode says.
	ReadAll bool
	// Started is called before a guest is compared, with about how many bytes its files have, and Progress now and then with how many
	// were done since; both may be nil.
	Started, Progress func(bytes int64)
}

// Before is an earlier state of a guest.
type Before struct {
	Name  string
	Facts *facts.Document
	// None says why there are no facts.
	None string
}

// Drifted is what became of a guest, beside its findings.
type Drifted struct {
	From    string         `json:"from"`
	Summary string         `json:"summary"`
	Domains int            `json:"domains"` // of the facts without a change
	Changes []drift.Change `json:"changes"` // of the facts, explained or not
	// Files is nil where one side has no image.
	Files *DriftedFiles `json:"files" jsonschema:"nullable"`
	// Ransomware are its signs among the files; nil where files were not compared.
	Ransomware *ransom.Signs `json:"ransomware" jsonschema:"nullable"`
	Unread     []DriftUnread `json:"unread"`
	Notes      []string      `json:"notes"` // what the result rests on
}

// DriftedFiles counts what became of the files.
type DriftedFiles struct {
	Compared    int            `json:"compared"`
	Changed     int            `json:"changed"`
	Unexplained int            `json:"unexplained"`
	Classes     map[string]int `json:"classes"` // of changes, by what accounts for them
	By          []ExplainedBy  `json:"by"`      // most files first
	Read        int            `json:"read"`    // files whose content was read on both sides
	Bytes       int64          `json:"bytes"`   // that they have
	Trusted     int            `json:"trusted"` // files that are the same by size, times and number of their inode
	SameOrigin  int            `json:"same_origin"`
}

// ExplainedBy is what explains some of the changes.
type ExplainedBy struct {
	What  string `json:"what"`
	Files int    `json:"files"`
}

// DriftUnread is a domain or path that could not be compared.
type DriftUnread struct {
	Where string `json:"where"`
	Cause string `json:"cause"`
}

// golden is what the guests are held against.
type golden struct {
	name    string
	doc     *facts.Document
	machine *engine.Machine // nil for a stored document
	guest   *guest.Guest
	hashing *hashing // nil where nobody asks for digests
}

// wholeRequest asks for all facts but those about files that a request names.
func wholeRequest() facts.Request {
	return facts.Request{Domains: drift.Comparable(collectorNames())}
}

func collectorNames() []string {
	var names []string
	for _, c := range engine.Collectors() {
		names = append(names, c.Name)
	}
	return names
}

// openGolden reads what the job's guests are held against. Close it after use.
func (r *Result) openGolden(ctx context.Context) (g *golden, err error) {
	d := r.job.Drift
	if d == nil || d.From == "" {
		return nil, nil
	}
	g = &golden{name: d.From}
	doc, ok, err := r.job.Documents.read(ctx, d.From)
	if ok && d.FromRoot != "" {
		return nil, fmt.Errorf("%s: stored facts, which are of one root: --from-root wants an image", d.From)
	}
	if ok || err != nil {
		g.doc = doc
		return g, err
	}
	g.name = strings.TrimSuffix(d.From+" "+d.FromRoot, " ")
	if g.machine, err = engine.Open(ctx, []string{d.From}, r.job.Engine); err != nil {
		return nil, err
	}
	root := cmp.Or(d.FromRoot, r.job.Root)
	if root == "all" || root == engine.Snapshots {
		root = "auto"
	}
	guests, err := g.machine.Select(ctx, root)
	if err == nil {
		g.guest = guests[0]
		g.doc, err = g.machine.Facts(ctx, g.guest, wholeRequest(), r.job.Now)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", d.From, err), g.close())
	}
	return g, nil
}

func (g *golden) close() error {
	if g == nil || g.machine == nil {
		return nil
	}
	g.hashing.stop()
	return g.machine.Close()
}

// drifting is one comparison at work.
type drifting struct {
	*Drift
	*golden
	policy policy.Drift
	ignore func(string) bool
	check  finding.Finding // of the policy, where it has one

	doc    *facts.Document
	guest  *guest.Guest // nil for stored facts
	facts  *drift.Comparison
	files  *tree.Result                   // nil where one side has no image
	signs  *ransom.Signs                  // nil with it
	status map[string]*tree.Change        // of files, by path
	now    func() (*shipped.Index, error) // what the packages of the guest shipped
}

// drift adds what changed since the golden state to the checks of the target. doc has all facts
// about the guest, or is nil where nobody gathered them. m and g are nil for stored facts.
func (r *Result) drift(ctx context.Context, t *Target, m *engine.Machine, g *guest.Guest, doc *facts.Document) error {
	if !r.drifts() {
		return nil
	}
	d := &drifting{Drift: r.job.Drift, golden: r.golden, guest: g, doc: doc}
	for _, f := range t.Checks {
		if f.ID == policy.DriftCheck && f.Status == finding.Unknown {
			d.check = f
		}
	}
	d.policy = d.Drift.Drift
	if d.check.ID != "" { // a baseline that is not for this guest says nothing of it
		d.policy = d.policy.Over(r.job.Policy.Drift)
	}
	var err error
	if d.ignore, err = policy.PathPatterns(d.policy.Ignore); err != nil {
		return err
	}
	if d.doc == nil {
		if d.doc, err = m.Facts(ctx, g, wholeRequest(), r.job.Now); err != nil {
			return err
		}
	}
	if d.golden == nil {
		before, err := d.Before(ctx, t.Image, d.doc)
		if err != nil {
			return err
		}
		if before.Facts == nil {
			t.Checks = append(apart(t.Checks, r.job.Policy.Elsewhere(policy.ByDrift)), d.about(finding.Unknown, before.None))
			return nil
		}
		d.golden = &golden{name: before.Name, doc: before.Facts}
	}
	if err := d.compare(ctx, r); err != nil {
		return err
	}
	t.Checks = append(apart(t.Checks, r.job.Policy.Elsewhere(policy.ByDrift)), d.findings()...)
	t.Drift = d.drifted()
	return nil
}

// drifts reports whether guests are held against an earlier state.
func (r *Result) drifts() bool {
	return r.golden != nil || r.job.Drift != nil && r.job.Drift.Before != nil
}

func (d *drifting) compare(ctx context.Context, r *Result) error {
	d.facts = drift.Compare(d.golden.doc, d.doc, drift.Options{Domains: drift.Comparable(collectorNames())})
	d.status = map[string]*tree.Change{}
	if d.guest != nil {
		d.now = cached(func() (*shipped.Index, error) { return shipped.Load(ctx, d.guest) })
	}
	if d.guest != nil && d.golden.guest != nil {
		if d.Started != nil {
			d.Started(used(d.guest))
		}
		before, after := d.versions()
		files, err := tree.Compare(ctx, tree.Options{
			Before: tree.Side{Guest: d.golden.guest, Packages: shipped.Load, Versions: before},
			After: tree.Side{
				Guest: d.guest, Versions: after,
				Packages: func(context.Context, *guest.Guest) (*shipped.Index, error) { return d.now() },
			},
			Ignore: d.ignore, Accounts: accountsOf(d.facts, d.doc), ReadAll: d.ReadAll, Now: r.job.Now, Progress: d.Progress,
		})
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		d.files = files
		for i := range files.Changes {
			d.status[files.Changes[i].Path] = &files.Changes[i]
		}
	}
	for i := range d.facts.Changes {
		if err := d.explain(&d.facts.Changes[i]); err != nil {
			return err
		}
	}
	return d.ransomware(ctx)
}

// versions are those of the packages on both sides. Where one side could not be read, nobody knows which of them changed, and none
// explains anything.
func (d *drifting) versions() (before, after map[string]string) {
	if slices.ContainsFunc(d.facts.Unread, func(u drift.Unread) bool { return u.Domain == "packages" }) {
		return nil, nil
	}
	return drift.Versions(d.golden.doc), drift.Versions(d.doc)
}

// cached asks once.
func cached[T any](ask func() (T, error)) func() (T, error) {
	var v T
	var err error
	done := false
	return func() (T, error) {
		if !done {
			v, err = ask()
			done = true
		}
		return v, err
	}
}

// accountsOf are the accounts of which the facts tell that they changed.
func accountsOf(c *drift.Comparison, after *facts.Document) tree.Accounts {
	a := tree.Accounts{Homes: map[string]string{}, Whole: map[string]bool{}, Touched: map[string]bool{}}
	for i := range c.Changes {
		change := &c.Changes[i]
		if change.Domain != "users" && change.Domain != "groups" {
			continue
		}
		a.Touched[change.Key] = true
		if change.Kind == drift.Added || change.Kind == drift.Removed {
			a.Whole[change.Key] = true
		}
		if change.Domain == "users" && change.Kind == drift.Added {
			a.Homes[change.Key] = homeOf(after, change.Key)
		}
	}
	return a
}

func homeOf(d *facts.Document, name string) string {
	if users, ok := facts.Get[facts.Users](d, "users"); ok {
		for _, u := range *users {
			if u.Name == name {
				return strings.TrimRight(u.Home, "/")
			}
		}
	}
	return ""
}

// explain looks for what explains a change of the facts: packages explain themselves, unless one went back; others are explained by
// the files that they come from.
func (d *drifting) explain(c *drift.Change) error {
	switch {
	case c.Because != "":
		return nil
	case c.Domain == "packages":
		if c.Kind == drift.Added || c.Kind == drift.Removed || c.Kind == drift.Upgraded {
			c.Because = "the package database"
		}
		return nil
	}
	paths := c.Paths()
	if len(paths) > 0 && !slices.ContainsFunc(paths, func(p string) bool { return !d.ignore(p) }) {
		c.Because = "ignored"
		return nil
	}
	if d.files == nil {
		return d.byIndex(c, paths)
	}
	by := map[string]bool{}
	for _, p := range paths {
		change := d.fileChange(p)
		switch {
		case change == nil: // is as it was, and no cause of a change
		case change.Class == tree.Unexplained, change.Class == tree.ByFacts && !change.NewHome:
			return nil
		default:
			by[cmp.Or(change.By, string(change.Class))] = true
		}
	}
	c.Because = strings.Join(slices.Sorted(maps.Keys(by)), ", ")
	return nil
}

// fileChange is what happened to the file that a path of the facts leads to.
func (d *drifting) fileChange(path string) *tree.Change {
	for _, g := range []*guest.Guest{d.guest, d.golden.guest} {
		if leads, err := g.Resolve(path); err == nil && d.status[leads] != nil {
			return d.status[leads]
		}
	}
	return d.status[path]
}

// byIndex explains a change where the golden state is stored facts: what is now is as a package shipped it that has another version.
func (d *drifting) byIndex(c *drift.Change, paths []string) error {
	if d.guest == nil || len(paths) == 0 {
		return nil
	}
	index, err := d.now()
	if err != nil {
		return err
	}
	before, after := d.versions()
	by := map[string]bool{}
	for _, p := range paths {
		o, err := d.guest.Stat(p)
		if err != nil {
			return nil //nolint:nilerr // what is gone explains nothing, and the change stays unexplained
		}
		pkg, state := tree.Shipped(index, &o)
		if state != finding.AsShipped || before[pkg] == after[pkg] {
			return nil
		}
		by[pkg+" "+cmp.Or(before[pkg], "not installed")+"→"+after[pkg]] = true
	}
	c.Because = strings.Join(slices.Sorted(maps.Keys(by)), ", ")
	return nil
}
