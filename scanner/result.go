package scanner

import (
	"cmp"
	"slices"

	"github.com/guestctl/guestctl/finding"
)

// Result is what a scan came to.
type Result struct {
	Engines   []Description
	Stats     Stats
	Hits      []Hit       // by path, member, engine and rule
	Unscanned []Unscanned // by path, member, engine and reason
	// Sums are the digests that Options.Sums asked for, by path.
	Sums map[string][]byte

	leftOut map[string]bool // paths in Unscanned
	missed  map[string]bool // engines in Unscanned
	passing bool            // a reason may be gone the next time
}

func newResult() *Result {
	return &Result{Sums: map[string][]byte{}, Stats: Stats{Skipped: map[string]int{}}, leftOut: map[string]bool{}, missed: map[string]bool{}}
}

// Stats counts what a scan did.
type Stats struct {
	Files     int            `json:"files"`   // regular files, by path
	Bytes     int64          `json:"bytes"`   // that they have
	Members   int            `json:"members"` // of archives, that were looked into
	Scanned   int            `json:"scanned"` // files that were read and shown to an engine
	Cached    int            `json:"cached"`  // files whose verdict was kept from before
	KnownGood int            `json:"known_good"`
	Allowed   int            `json:"allowed"` // files with a digest that the user listed
	Unscanned int            `json:"unscanned"`
	Skipped   map[string]int `json:"skipped"`         // records of what was not looked into, by reason
	Apart     int            `json:"apart,omitempty"` // snapshots and deployments beside the guest, which are guests of their own
}

// Hit is one match in one file.
type Hit struct {
	File  finding.File
	Match finding.Match
}

// Complete reports whether every file was looked into whole.
func (r *Result) Complete() bool { return r.Stats.Unscanned == 0 }

// Settled reports whether the same scan of the same files would come to the same result.
func (r *Result) Settled() bool { return !r.passing }

func (r *Result) sort() {
	slices.SortFunc(r.Hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.File.Path, b.File.Path), cmp.Compare(a.File.Member, b.File.Member),
			cmp.Compare(a.Match.Engine, b.Match.Engine), cmp.Compare(a.Match.Rule, b.Match.Rule))
	})
	slices.SortFunc(r.Unscanned, func(a, b Unscanned) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Member, b.Member),
			cmp.Compare(a.Engine, b.Engine), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Detail, b.Detail))
	})
}
