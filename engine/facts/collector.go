package facts

import (
	"context"

	"github.com/guestctl/guestctl/engine/guest"
)

// Collector gathers one domain.
type Collector struct {
	Name  string   // the domain's key in the document
	Doc   string   // one sentence for people
	Needs []string // domains that are collected before, for Of
	// Systems are the kinds of guests that have the domain; in others it is Absent. Where none is named it is guest.Unix.
	Systems []guest.System
	// New returns a pointer to an empty value of the domain: the schema and Decode are made from it.
	New func() any
	// Collect reads the guest. It returns the pointer that goes into the document, or nil with an error:
	// fs.ErrNotExist makes the domain Absent, binread.ErrUnsupported makes it Unsupported, any other error Error.
	// Problems that it reports on the scope make the domain Partial.
	Collect func(ctx context.Context, s *Scope) (any, error)
}

// On returns the collector for guests of these kinds.
func (c Collector) On(systems ...guest.System) Collector {
	c.Systems = systems
	return c
}

func (c Collector) systems() []guest.System {
	if c.Systems == nil {
		return []guest.System{guest.Unix}
	}
	return c.Systems
}

// New returns the collector of the domain name, whose values have the type T.
func New[T any](name, doc string, collect func(ctx context.Context, s *Scope) (*T, error), needs ...string) Collector {
	return Collector{
		Name: name, Doc: doc, Needs: needs,
		New: func() any { return new(T) },
		Collect: func(ctx context.Context, s *Scope) (any, error) {
			v, err := collect(ctx, s)
			if v == nil {
				return nil, err
			}
			return v, err
		},
	}
}
