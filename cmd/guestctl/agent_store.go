package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/agent/store"
)

// What the environment says of the store of the agent, and to the command of a job of which one it is.
const (
	storeVariable = "GUESTCTL_STORE"
	jobVariable   = "GUESTCTL_JOB"
)

// storeFlags say where the agent keeps what it remembers.
type storeFlags struct{ place string }

func (f *storeFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.place, "store", "", "where jobs and history are: a `FILE`, or postgres://USER@HOST/NAME (GUESTCTL_STORE; else a file below XDG_STATE_HOME)")
}

// where is the place of the store.
func (f *storeFlags) where() (string, error) {
	if f.place != "" {
		return f.place, nil
	}
	if place := os.Getenv(storeVariable); place != "" {
		return place, nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "guestctl", "state.db"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("no folder for jobs and history: give --store, or set XDG_STATE_HOME or HOME")
	}
	return filepath.Join(home, ".local", "state", "guestctl", "state.db"), nil
}

// with opens the store for work, and closes it.
func (f *storeFlags) with(ctx context.Context, log *slog.Logger, work func(*store.Store) error) (err error) {
	place, err := f.where()
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, place, log)
	if err != nil {
		return withCode(exitInternal, fmt.Errorf("the store of jobs: %w", err))
	}
	defer func() { err = errors.Join(err, withCode(exitInternal, s.Close())) }()
	err = work(s)
	var coded *codeError
	if err == nil || errors.As(err, &coded) || errors.Is(err, store.ErrNotFound) {
		return err
	}
	return withCode(exitInternal, store.Explain(err))
}
