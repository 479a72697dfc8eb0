package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// Gather says which facts to gather, and how.
type Gather struct {
	Engine    engine.Options
	Disks     []string // further disks of the machine whose image is asked for
	Documents Documents
	Root      string // "auto", "all" or a device
	Request   facts.Request
	Now       time.Time
	Tool      string // the version of the program, for the document
}

// Documents finds the document that stands in for an image of this name, or says that it is the name of an image.
type Documents func(ctx context.Context, name string) (*facts.Document, bool, error)

// read asks d, or where there is none looks for a file that holds a document.
func (d Documents) read(ctx context.Context, name string) (*facts.Document, bool, error) {
	if d == nil {
		return engine.ReadFacts(name)
	}
	return d(ctx, name)
}

// WholeDomains lists the domains of facts that need no further word: all but those about files that a request names.
func WholeDomains() []string {
	return slices.DeleteFunc(collectorNames(), func(name string) bool { return name == "files" || name == "globs" })
}

// wholeFacts gathers all facts about a guest where the job wants them.
func (r *Result) wholeFacts(ctx context.Context, m *engine.Machine, g *guest.Guest) (*facts.Document, error) {
	if !r.job.KeepFacts && r.job.EachFacts == nil {
		return nil, nil
	}
	req := facts.Request{Domains: WholeDomains()}
	if r.job.EachFacts != nil && r.job.Drift == nil { // by which other rules may judge later
		req = r.job.Policy.Request().Merge(req)
	}
	doc, err := m.Facts(ctx, g, req, r.job.Now)
	if err != nil {
		return nil, err
	}
	doc.Meta.Tool = r.job.Tool
	return doc, nil
}

// giveFacts gives the facts of a target to who wants each, and keeps them only for who wants all at the end: of many images they are much.
func (r *Result) giveFacts(name string, t *Target) error {
	doc := t.Facts
	if !r.job.KeepFacts {
		t.Facts = nil
	}
	if r.job.EachFacts == nil || doc == nil {
		return nil
	}
	return r.job.EachFacts(name, doc)
}

// Image returns the facts about the guests of an image, or the document that the file holds in place of one. A panic,
// which is a defect of ours, is an error of kind ErrInternal.
func (g Gather) Image(ctx context.Context, name string) (docs []*facts.Document, err error) {
	err = guard(name, func() error {
		docs, err = g.image(ctx, name)
		return err
	})
	return docs, err
}

func (g Gather) image(ctx context.Context, name string) (docs []*facts.Document, err error) {
	if doc, ok, err := g.Documents.read(ctx, name); ok || err != nil {
		if ok && len(g.Disks) > 0 {
			return nil, storedFacts(name)
		}
		return []*facts.Document{doc}, err
	}
	m, err := engine.Open(ctx, slices.Concat([]string{name}, g.Disks), g.Engine)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	guests, err := m.Select(ctx, g.Root)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, one := range guests {
		doc, err := m.Facts(ctx, one, g.Request, g.Now)
		if err != nil {
			return nil, err
		}
		doc.Meta.Tool = g.Tool
		docs = append(docs, doc)
	}
	return docs, nil
}

// storedFacts is the error that a document of facts was given further disks.
func storedFacts(name string) error {
	return binread.WithHint(fmt.Errorf("%s: stored facts, which have no further disks", name), "name an image, or leave --disk out")
}
