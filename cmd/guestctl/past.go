package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/agent"
	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
)

// previousState is the word for what a guest was at the run before.
const previousState = "previous"

// past finds the facts of the history that a command names in place of images. It opens the store when the first is named.
type past struct {
	flags storeFlags
	store *store.Store
	kept  map[string]agent.Kept
}

// pastOf is the past of a command, in the store that its flags name. Call done at the end.
func pastOf(cmd *cobra.Command) *past {
	p := &past{kept: map[string]agent.Kept{}}
	if f := cmd.Flag("store"); f != nil {
		p.flags.place = f.Value.String()
	}
	return p
}

// done closes the history, to which nothing was written.
func (p *past) done() {
	if p.store != nil {
		_ = p.store.Close()
	}
}

// open opens the history. One that is not there is not made.
func (p *past) open(ctx context.Context) (*agent.Past, error) {
	if p.store == nil {
		place, err := p.flags.where()
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(place); !strings.Contains(place, "://") && errors.Is(err, fs.ErrNotExist) {
			return nil, notJudged(fmt.Errorf("there is no history in %s: name its store with --store", place))
		}
		if p.store, err = store.Open(ctx, place, quietLog()); err != nil {
			return nil, withCode(exitInternal, fmt.Errorf("the store of jobs: %w", err))
		}
	}
	return &agent.Past{Store: p.store, Zone: time.Local}, nil
}

// names puts in place of every name that begins with history: those of the documents that it stands for.
func (p *past) names(ctx context.Context, images []string) (all []string, err error) {
	for _, image := range images {
		if !strings.HasPrefix(image, agent.PastPrefix) {
			all = append(all, image)
			continue
		}
		kept, err := p.find(ctx, image)
		if err != nil {
			return nil, err
		}
		for _, k := range kept {
			all = append(all, k.Name)
		}
	}
	return all, nil
}

// find finds what a name stands for, and remembers it.
func (p *past) find(ctx context.Context, name string) ([]agent.Kept, error) {
	history, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	kept, err := history.Find(ctx, name)
	for _, k := range kept {
		p.kept[k.Name] = k
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, notJudged(err)
	}
	return kept, err
}

// read is the source of documents for audit: the history for the names that it gave, else files.
func (p *past) read(ctx context.Context, name string) (*facts.Document, bool, error) {
	k, ok := p.kept[name]
	if !ok {
		return engine.ReadFacts(name)
	}
	history, err := p.open(ctx)
	if err != nil {
		return nil, true, err
	}
	doc, err := history.Document(ctx, k)
	return doc, true, err
}

// drift is the comparison with what --drift-from names: an image, facts in a file or of the history, or what a guest was at the run before.
func (p *past) drift(ctx context.Context, from string) (*audit.Drift, error) {
	if from == previousState {
		if _, err := p.open(ctx); err != nil {
			return nil, err
		}
		return &audit.Drift{Before: p.before}, nil
	}
	names, err := p.names(ctx, []string{from})
	if err != nil {
		return nil, err
	}
	if len(names) != 1 {
		return nil, fmt.Errorf("%s stands for %d documents, want one: %s", from, len(names), strings.Join(names[:min(len(names), 5)], ", "))
	}
	return &audit.Drift{From: names[0]}, nil
}

// before returns what a guest was at the run before: in a job the last run of it, for a state of the history the state before, and else
// the last run of all.
func (p *past) before(ctx context.Context, image string, now *facts.Document) (*audit.Before, error) {
	history, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	machine, job := agent.MachineName(image, now), os.Getenv(jobVariable)
	var state *agent.Kept
	if k, ok := p.kept[image]; ok {
		machine, state = k.Machine, &k
	}
	k, ok, err := history.Previous(ctx, machine, job, state)
	if err != nil {
		return nil, err
	}
	if !ok {
		of := "the history"
		if job != "" {
			of = "the history of the job " + job
		}
		return &audit.Before{None: fmt.Sprintf("nothing to compare with: %s has no earlier facts of %s", of, machine)}, nil
	}
	doc, err := history.Document(ctx, k)
	if err != nil {
		return &audit.Before{None: "nothing to compare with: " + err.Error()}, nil //nolint:nilerr // it is told
	}
	return &audit.Before{Name: k.Name, Facts: doc}, nil
}
