package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/backup/origin"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
)

// Item is one of a series of states of a machine: an image, or stored facts.
type Item struct {
	Image   string    `json:"image"`
	Root    string    `json:"root,omitempty"`   // of the image, where the series goes through several
	Written time.Time `json:"written,omitzero"` // when the file was
	Content time.Time `json:"content,omitzero"` // when the guest was last used, where that was asked for
}

// Called names the state: its image, and where the series goes through the roots of one, that root.
func (i Item) Called() string { return strings.TrimSuffix(i.Image+" "+i.Root, " ") }

// Order is what a series is ordered by, the oldest first.
type Order string

// The orders.
const (
	ByWritten Order = "written" // the time of the file
	ByName    Order = "name"    // in which numbers count as such: web-9 is before web-10
	ByContent Order = "content" // the newest trace of use in the guest
	ByCreated Order = "created" // the time that the snapshots of one image were made, and then the guest as it is
)

// Orders lists the orders.
func Orders() []string { return []string{string(ByWritten), string(ByName), string(ByContent)} }

// Sort orders a series. ByContent wants the times of content, which FindContent finds.
func (o Order) Sort(series []Item) {
	name := func(a, b Item) int { return cmp.Or(compareNames(a.Image, b.Image), strings.Compare(a.Image, b.Image)) }
	slices.SortStableFunc(series, func(a, b Item) int {
		switch o {
		case ByName:
			return name(a, b)
		case ByContent:
			return cmp.Or(a.Content.Compare(b.Content), a.Written.Compare(b.Written), name(a, b))
		}
		return cmp.Or(a.Written.Compare(b.Written), name(a, b))
	})
}

// compareNames compares names, and numbers in them by their value.
func compareNames(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x != "" && y != "" {
			m, n := strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			if c := cmp.Or(cmp.Compare(len(m), len(n)), strings.Compare(m, n)); c != 0 {
				return c
			}
			a, b = a[len(x):], b[len(y):]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// digits are those that a text begins with.
func digits(s string) string { return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))] }

// Content returns when the guest of an image was last used. An error says that nobody knows.
func (g Gather) Content(ctx context.Context, name string) (at time.Time, err error) {
	err = guard(name, func() error {
		at, err = g.content(ctx, name)
		return err
	})
	if err == nil && at.IsZero() {
		err = fmt.Errorf("%s: nothing in it tells when it was last used", name)
	}
	return at, err
}

func (g Gather) content(ctx context.Context, name string) (at time.Time, err error) {
	if doc, ok, err := g.Documents.read(ctx, name); ok || err != nil {
		if err != nil {
			return at, err
		}
		return origin.Recorded(doc).Content, nil
	}
	m, err := engine.Open(ctx, []string{name}, g.Engine)
	if err != nil {
		return at, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	guests, err := m.Select(ctx, g.Root)
	if err != nil {
		return at, fmt.Errorf("%s: %w", name, err)
	}
	for _, one := range guests {
		doc, err := m.Facts(ctx, one, facts.Request{Domains: origin.Domains()}, g.Now)
		if err != nil {
			return at, err
		}
		if t := origin.TimesOf(m, one, doc).Content; t.After(at) {
			at = t
		}
	}
	return at, nil
}

// Roots returns the states of the past that an image holds, the oldest first, and at the end the guest that boots, if there is one. Written
// is when the image was.
func (g Gather) Roots(ctx context.Context, image Item) (items []Item, err error) {
	m, err := engine.Open(ctx, []string{image.Image}, g.Engine)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	if len(m.Guests) > 1 {
		return nil, fmt.Errorf("%s: %d operating systems, want the snapshots of one", image.Image, len(m.Guests))
	}
	past, err := m.Past(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", image.Image, err)
	}
	for _, o := range past {
		items = append(items, Item{Image: image.Image, Root: o.Name(), Written: o.Tree.Created.UTC()})
	}
	for _, one := range m.Guests {
		items = append(items, Item{Image: image.Image, Root: one.Name, Written: image.Written})
	}
	return items, nil
}

// One returns the facts of the one guest of a state.
func (g Gather) One(ctx context.Context, item Item) (*facts.Document, error) {
	name := item.Image
	g.Root = cmp.Or(item.Root, g.Root)
	docs, err := g.Image(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(docs) != 1 {
		return nil, fmt.Errorf("%s: %d operating systems, want one: choose it with --root DEVICE", name, len(docs))
	}
	return docs[0], nil
}
