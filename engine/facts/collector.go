package facts

import (
	"context"
)

// Collector gathers one domain.
type Collector struct {
	Name  string   // the domain's key in the document
	Doc   string   // one sentence for people
	Needs []string // domains that are collected before, for Of
	// New returns a pointer to an empty value of the domain: the schema and Decode are made from it.
	New func() any
	// Collect reads the guest. It returns the pointer that goes into the document, or nil with an error:
	// fs.ErrNotExist makes the domain Absent, binread.ErrUnsupported makes it Unsupported, any other error Error.
	// Problems that it reports on the scope make the domain Partial.
	Collect func(ctx context.Context, s *Scope) (any, error)
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
