package main

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"
)

// logFlags say what of the log of an agent is written to stderr, and how.
type logFlags struct{ format, level string }

func logFormats() []string { return []string{"text", "json"} }

func logLevels() []string { return []string{"debug", "info", "warn", "error"} }

func (f *logFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.format, "log-format", "text", "how the log on stderr is written: "+strings.Join(logFormats(), ", "))
	cmd.Flags().StringVar(&f.level, "log-level", "info", "the least that is logged: "+strings.Join(logLevels(), ", "))
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"log-format": carapace.ActionValues(logFormats()...), "log-level": carapace.ActionValues(logLevels()...),
	})
}

// open is the log that the flags ask for; with --quiet there is none.
func (f *logFlags) open(cmd *cobra.Command) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.level)); err != nil || !slices.Contains(logLevels(), f.level) {
		return nil, fmt.Errorf("--log-level %q, want one of %s", f.level, strings.Join(logLevels(), ", "))
	}
	if !slices.Contains(logFormats(), f.format) {
		return nil, fmt.Errorf("--log-format %q, want one of %s", f.format, strings.Join(logFormats(), ", "))
	}
	quiet, err := cmd.Flags().GetBool("quiet")
	switch {
	case err != nil:
		return nil, err
	case quiet:
		return quietLog(), nil
	}
	opts := &slog.HandlerOptions{Level: level}
	if f.format == "json" {
		return slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), opts)), nil
	}
	return slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), opts)), nil
}
