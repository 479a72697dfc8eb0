package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/internal/nearest"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/policy/rego"
	"github.com/guestctl/guestctl/report"
)

func newChecksCommand() *cobra.Command {
	return group(&cobra.Command{
		Use: "checks", Short: "List and describe checks",
		Long: `List and describe checks: the built-in ones, or those of the baselines and policies that are named.

All of it is read from the checks' metadata; none is evaluated.`,
	}, checksListCommand(), checksShowCommand())
}

// checksFlags say which checks are meant and how they are written.
type checksFlags struct {
	policy policyFlags
	format string
}

func (f *checksFlags) add(cmd *cobra.Command) {
	f.policy.add(cmd)
	formats := append([]string{"text"}, report.DocumentNames()...)
	cmd.Flags().StringVar(&f.format, "format", "text", "how to write it: "+strings.Join(formats, ", "))
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"format": carapace.ActionValues(formats...)})
}

// entries describes the checks that the flags name.
func (f *checksFlags) entries() ([]policy.Entry, error) {
	if len(f.policy.baselines)+len(f.policy.policies) == 0 {
		return policy.BuiltinRegistry()
	}
	p, err := f.policy.load()
	if err != nil {
		return nil, err
	}
	return p.Registry(), nil
}

func (f *checksFlags) print(w io.Writer, text func(w *bufio.Writer), document any) error {
	if f.format == "text" {
		b := bufio.NewWriter(w)
		text(b)
		return withCode(exitInternal, b.Flush())
	}
	format, err := report.FindDocument(f.format)
	if err != nil {
		return err
	}
	return withCode(exitInternal, format.Write(w, document))
}

func checksListCommand() *cobra.Command {
	var f checksFlags
	var level string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List checks with their severity and title",
		Example: "  guestctl checks list --level cis-l1\n  guestctl checks list --baseline baseline.toml --format json",
		Args:    wantArgs(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if level != "" && !slices.Contains(rego.Levels(), level) {
				return fmt.Errorf("--level %s, want one of %s", level, strings.Join(rego.Levels(), ", "))
			}
			entries, err := f.entries()
			if err != nil {
				return err
			}
			entries = slices.DeleteFunc(entries, func(e policy.Entry) bool { return level != "" && !e.In(level) })
			return f.print(cmd.OutOrStdout(), func(w *bufio.Writer) {
				rows := make([][]string, 0, len(entries))
				for _, e := range entries {
					rows = append(rows, []string{e.ID, string(e.Severity), e.Title})
				}
				_ = report.WriteTable(w, []string{"id", "severity", "title"}, rows) // the writer keeps the error for Flush
			}, map[string]any{"checks": entries})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&level, "level", "", "only checks that a `LEVEL` asks for: "+strings.Join(rego.Levels(), ", "))
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"level": carapace.ActionValues(rego.Levels()...)})
	return cmd
}

func checksShowCommand() *cobra.Command {
	var f checksFlags
	cmd := &cobra.Command{
		Use:     "show CHECK",
		Short:   "Describe one check: what it judges, by which facts, and what it can be told",
		Example: "  guestctl checks show ssh-root-login",
		Args:    wantArgs(1, 1, "CHECK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			entries, err := f.entries()
			if err != nil {
				return err
			}
			i := slices.IndexFunc(entries, func(e policy.Entry) bool { return e.ID == args[0] })
			if i < 0 {
				return noCheck(args[0], entries)
			}
			e := entries[i]
			return f.print(cmd.OutOrStdout(), func(w *bufio.Writer) { describeCheck(w, e) }, e)
		},
	}
	f.add(cmd)
	carapace.Gen(cmd).PositionalCompletion(carapace.ActionCallback(func(carapace.Context) carapace.Action {
		entries, err := policy.BuiltinRegistry()
		if err != nil {
			return carapace.ActionMessage(err.Error())
		}
		var ids []string
		for _, e := range entries {
			ids = append(ids, e.ID)
		}
		return carapace.ActionValues(ids...)
	}))
	return cmd
}

func noCheck(id string, entries []policy.Entry) error {
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	err := fmt.Errorf("no check %s", id)
	if near := nearest.Word(id, ids); near != "" {
		err = fmt.Errorf("%w, did you mean %s?", err, near)
	}
	return err
}

func describeCheck(w io.Writer, e policy.Entry) {
	line := func(label, text string) {
		if text != "" {
			_, _ = fmt.Fprintf(w, "%-15s %s\n", label, report.EscapeText(text)) // the writer keeps the error for Flush
		}
	}
	line("check", e.ID)
	line("title", e.Title)
	line("why", e.Description)
	line("severity", string(e.Severity))
	line("scope", e.Scope)
	line("levels", strings.Join(e.Levels, ", "))
	line("facts", strings.Join(e.Facts, ", "))
	line("files", strings.Join(e.Files, ", "))
	for _, name := range slices.Sorted(maps.Keys(e.Params)) {
		p := e.Params[name]
		line("parameter", strings.TrimSpace(fmt.Sprintf("%s (%s, default %v) %s", name, p.Type, p.Default, p.Doc)))
	}
	for _, name := range slices.Sorted(maps.Keys(e.Controls)) {
		line(name, strings.Join(e.Controls[name], ", "))
	}
	line("fix", e.Remedy)
	for _, r := range e.References {
		line("see", r)
	}
	line("written in", fmt.Sprintf("%s:%d", e.Position.File, e.Position.Line))
}
