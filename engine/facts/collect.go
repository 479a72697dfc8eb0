package facts

import (
	"context"
	"io/fs"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
)

// Collect gathers what the request names from one guest, with the given collectors. Domains that others need are
// collected too, and a domain that no collector fills is Unsupported. The error is that of the context; everything else
// is on the document.
func Collect(ctx context.Context, g *guest.Guest, req Request, collectors []Collector, now int) (*Document, error) {
	d := &Document{Schema: Schema, Collectors: map[string]Status{}, Facts: map[string]any{}}
	if len(req.Files) > 0 {
		req.Domains = union(req.Domains, []string{"files"})
	}
	if len(req.Globs) > 0 {
		req.Domains = union(req.Domains, []string{"globs"})
	}
	if len(req.Registry) > 0 {
		req.Domains = union(req.Domains, []string{"registry"})
	}
	together := &shared{}
	for _, name := range req.Domains {
		if err := d.collect(ctx, name, func() *Scope {
			return &Scope{Guest: g, Request: req, Now: now, shared: together, facts: d.Facts, files: map[string]bool{}}
		}, collectors); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *Document) collect(ctx context.Context, name string, scope func() *Scope, all []Collector) error {
	if _, done := d.Collectors[name]; done {
		return nil
	}
	i := slices.IndexFunc(all, func(c Collector) bool { return c.Name == name })
	if i < 0 {
		d.Collectors[name] = (&Scope{}).status(binread.Unsupported("this version gathers no facts called %q", name))
		return nil
	}
	if !slices.Contains(all[i].systems(), scope().Guest.System) {
		d.Collectors[name] = (&Scope{}).status(fs.ErrNotExist)
		return nil
	}
	for _, need := range all[i].Needs {
		if err := d.collect(ctx, need, scope, all); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s := scope()
	for _, need := range all[i].Needs {
		s.inherit(need, d.Collectors[need])
	}
	value, err := all[i].Collect(ctx, s)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if value != nil {
		d.Facts[name] = value
	}
	d.Collectors[name] = s.status(err)
	return nil
}

// inherit makes a domain whose needs were not fully read no better than they are.
func (s *Scope) inherit(name string, st Status) {
	if st.State == OK || st.State == Absent {
		return
	}
	for _, p := range st.Problems {
		s.problems = append(s.problems, Problem{p.Path, p.Line, name + ": " + p.Message})
	}
}
