package intel

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// Build compiles feeds to a file. What it holds in memory does not grow with the feeds; it needs room for two copies of the result
// beside it while it works.
func Build(ctx context.Context, out string, paths []string, knownGood bool) (m Meta, err error) {
	dir := filepath.Dir(out)
	b, err := newBuilder(ctx, dir)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	b.good = knownGood
	places, err := b.places(paths)
	if err != nil {
		return m, err
	}
	for _, p := range places {
		feed, err := b.loadFile(p)
		if err == nil && feed != nil {
			err = errors.Join(fmt.Errorf("%s: compiled already, want the feeds that it was made of", p.name), feed.Close())
		}
		if err != nil {
			return m, err
		}
	}
	s, err := newSpool(dir)
	if err != nil {
		return m, err
	}
	if err := b.write(s); err != nil {
		return m, errors.Join(err, s.Close())
	}
	return b.meta, s.keep(out)
}

// OpenFile opens a compiled feed on the host.
func OpenFile(name string) (*Feed, error) {
	f, err := openFile(name)
	if err != nil {
		return nil, err
	}
	f.name = filepath.Base(name)
	return f, nil
}
