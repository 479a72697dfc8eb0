package intel

import (
	"cmp"
	"crypto"
	"slices"
	"strings"
	"time"
)

// Kind is what an indicator, or a further condition of one, is about.
type Kind string

// The kinds. A path is that of the guest, and a name its last part.
const (
	MD5        Kind = "md5"
	SHA1       Kind = "sha1"
	SHA256     Kind = "sha256"
	SHA512     Kind = "sha512"
	Path       Kind = "path"
	Glob       Kind = "glob"   // of a path; "*" stays within a folder, "**" does not
	Regexp     Kind = "regexp" // found anywhere in a path; RE2
	Name       Kind = "name"
	NameRegexp Kind = "name_regexp" // found anywhere in a name
	Directory  Kind = "directory"   // the file is in it, or below it
	Parent     Kind = "parent"      // the file is in it
	Domain     Kind = "domain"      // or a name below it
	Address    Kind = "address"
	Network    Kind = "network"
	URL        Kind = "url"
	YARA       Kind = "yara" // the text of rules, which this package hands out

	size Kind = "size" // in bytes; a condition only
)

// kinds lists the kinds of indicators, the one that is looked up first when several hold together first.
func kinds() []Kind {
	return []Kind{SHA256, SHA512, SHA1, MD5, Path, Name, Parent, Directory, Glob, Regexp, NameRegexp, Domain, Address, Network, URL, YARA}
}

// digests lists the kinds that are digests of contents, the strongest first, each with its function.
func digests() [4]digestKind {
	return [4]digestKind{{SHA256, crypto.SHA256}, {SHA512, crypto.SHA512}, {SHA1, crypto.SHA1}, {MD5, crypto.MD5}}
}

type digestKind struct {
	kind Kind
	hash crypto.Hash
}

// hash is the function of a kind that is a digest, and 0 for the others.
func (k Kind) hash() crypto.Hash {
	for _, d := range digests() {
		if d.kind == k {
			return d.hash
		}
	}
	return 0
}

// isNetwork reports whether indicators of a kind are looked for in the text of files.
func (k Kind) isNetwork() bool { return k == Domain || k == Address || k == Network || k == URL }

// isPath reports whether indicators of a kind are held against the path of a file.
func (k Kind) isPath() bool {
	switch k {
	case Path, Glob, Regexp, Name, NameRegexp, Directory, Parent:
		return true
	}
	return false
}

// score is how much an indicator counts for which its feed does not say it.
func (k Kind) score() int {
	switch {
	case k.hash() != 0:
		return 75
	case k.isNetwork():
		return 60
	}
	return 50
}

// Term is one thing that is so, or with Not is not so, of a file.
type Term struct {
	Kind  Kind   `cbor:"1,keyasint"`
	Value string `cbor:"2,keyasint"`
	Not   bool   `cbor:"3,keyasint,omitempty"`
}

// Info is what a feed says of an indicator. Many share one.
type Info struct {
	Score     int    `cbor:"1,keyasint"`
	Label     string `cbor:"2,keyasint,omitempty"` // family or campaign
	Source    string `cbor:"3,keyasint"`           // file of the feed
	Reference string `cbor:"4,keyasint,omitempty"`
	// From and Until are in seconds since 1970; 0 has no bound.
	From  int64  `cbor:"5,keyasint,omitempty"`
	Until int64  `cbor:"6,keyasint,omitempty"`
	And   []Term `cbor:"7,keyasint,omitempty"` // what must hold beside the indicator
}

// Indicator is something by which a file is known to be malicious.
type Indicator struct {
	Term `cbor:"1,keyasint"`
	Info `cbor:"2,keyasint"`
}

// validOn reports whether an indicator holds at some time of the day that now is in. Nothing is left out at no time.
func (i Info) validOn(now time.Time) bool {
	if now.IsZero() {
		return true
	}
	day := now.UTC().Truncate(24 * time.Hour)
	return (i.From == 0 || i.From < day.Add(24*time.Hour).Unix()) && (i.Until == 0 || i.Until > day.Unix())
}

// joined makes one indicator of terms that hold together, with the reason where none can be made.
func joined(terms []Term) (key Term, and []Term, why string) {
	terms = slices.Clone(terms)
	rank := func(t Term) int {
		if i := slices.Index(kinds(), t.Kind); i >= 0 && !t.Not {
			return i
		}
		return len(kinds())
	}
	slices.SortStableFunc(terms, func(a, b Term) int { return cmp.Compare(rank(a), rank(b)) })
	terms = slices.Compact(terms)
	switch {
	case len(terms) == 0 || rank(terms[0]) == len(kinds()):
		return Term{}, nil, "nothing but sizes and negations"
	case len(terms) > maxTerms:
		return Term{}, nil, "too many conditions"
	case len(terms) > 1 && slices.ContainsFunc(terms, func(t Term) bool { return t.Kind.isNetwork() }):
		return Term{}, nil, "addresses together with something else"
	}
	return terms[0], terms[1:], ""
}

// strongest is the term for a file of which several digests are known: one of them is enough.
func strongest(sums []Term) (Term, bool) {
	for _, d := range digests() {
		for _, t := range sums {
			if t.Kind == d.kind {
				return t, true
			}
		}
	}
	return Term{}, false
}

// digestTerm tells a digest by its length.
func digestTerm(s string) (Term, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, d := range digests() {
		if len(s) == 2*d.hash.Size() && isHex(s) {
			return Term{Kind: d.kind, Value: s}, true
		}
	}
	return Term{}, false
}

// isHex reports whether a text in lower case has nothing but hexadecimal digits.
func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
