package intel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/guestctl/guestctl/scanner"
)

// KnownGood knows files that are harmless by their digests.
type KnownGood struct {
	feeds []*Feed
	meta  Meta
}

// LoadKnownGood reads lists of digests of known files: any feed, of which only the digests are used, the reference data set of the
// NSRL, and what guestctl intel build --known-good has made of them.
func LoadKnownGood(ctx context.Context, paths []string) (k *KnownGood, err error) {
	b, err := newBuilder(ctx, "")
	if err != nil {
		return nil, err
	}
	b.good, b.most = true, maxInMemory
	k = &KnownGood{meta: Meta{Counts: map[Kind]int64{}, Unused: map[string]int{}}}
	k.feeds, err = b.load(paths)
	for _, f := range k.feeds {
		if err == nil && !f.KnownGood() {
			err = fmt.Errorf("%s: a compiled feed of malicious files, want one made with --known-good", f.name)
		}
		for kind, n := range f.meta.Counts {
			k.meta.Counts[kind] += n
		}
		for reason, n := range f.meta.Unused {
			k.meta.Unused[reason] += n
		}
	}
	if err == nil && k.Count() == 0 {
		err = fmt.Errorf("%s: no digest of a known file in it%s", strings.Join(paths, ", "), reasonsOf(k.meta.Unused))
	}
	if err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

// Is reports whether the content of a file is known to be harmless. A digest that cannot be looked up is none. It is safe for
// concurrent use, and what scanner.Options.KnownGood asks for.
func (k *KnownGood) Is(o *scanner.Object) bool {
	for _, d := range digests() {
		for _, f := range k.feeds {
			if !f.Has(d.kind) {
				continue
			}
			if _, found, err := f.Lookup(d.kind, o.Sum(d.hash)); found && err == nil {
				return true
			}
		}
	}
	return false
}

// Count is how many digests are known.
func (k *KnownGood) Count() (n int64) {
	for _, c := range k.meta.Counts {
		n += c
	}
	return n
}

// Unused counts what was not used of the lists, by the reason.
func (k *KnownGood) Unused() map[string]int { return k.meta.Unused }

// Digest is the digest of all lists, in hexadecimal digits.
func (k *KnownGood) Digest() string {
	h := sha256.New()
	for _, f := range k.feeds {
		_, _ = io.WriteString(h, f.Digest()+"\n")
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Close closes compiled lists.
func (k *KnownGood) Close() error {
	var errs []error
	for _, f := range k.feeds {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
