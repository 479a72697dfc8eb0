// Command guestctl judges virtual-machine disk images without booting, mounting or trusting them.
//
// One file per command: its flags, then its work. The exit codes stand in exit.go.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/carapace-sh/carapace"
	"github.com/charmbracelet/colorprofile"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/report"
	"github.com/guestctl/guestctl/scanner/yara"
)

func main() {
	yara.RunWorker()
	os.Exit(run())
}

// gcPercent lets the heap of a program that ends soon grow further before it is collected: less work, for memory that is
// far below the limits of the parsers.
const gcPercent = 200

// run is the whole program; it returns the exit code.
func run() (code int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal a second one ends the program at once.
	context.AfterFunc(ctx, stop)
	defer func() {
		if p := recover(); p != nil {
			code = fail(os.Stderr, internalError(p))
		}
	}()
	root := newRootCommand()
	if err := root.ExecuteContext(withBars(ctx)); err != nil {
		if ctx.Err() != nil {
			err = withCode(exitInterrupted, errors.New("interrupted"))
		}
		return fail(os.Stderr, err)
	}
	return exitOK
}

// fail tells a person what went wrong and what to do next, and returns the exit code.
func fail(w io.Writer, err error) int {
	var coded *codeError
	if !errors.As(err, &coded) {
		coded = &codeError{exitUsage, err}
	}
	if coded.err == nil {
		return coded.code
	}
	var b strings.Builder
	for line := range strings.SplitSeq(coded.err.Error(), "\n") {
		b.WriteString("guestctl: " + report.Escape(line) + "\n")
	}
	if hint := binread.HintOf(err); hint != "" {
		b.WriteString("hint: " + report.Escape(hint) + "\n")
	}
	_, _ = io.WriteString(w, b.String()) // there is nowhere left to say that stderr is gone
	return coded.code
}

// commands lists the commands in the order of the help.
func commands() []*cobra.Command {
	list := []*cobra.Command{
		newGateCommand(),
		schedulable(newCheckComplianceCommand()),
		schedulable(newScanCommand()),
		schedulable(newVerifyPackagesCommand()),
		schedulable(newVerifyBackupCommand()),
		schedulable(newDriftCommand()),
		newOutliersCommand(),
		newTimelineCommand(),
		newBisectCommand(),
		newBaselineCommand(),
		newInspectCommand(),
		newFactsCommand(),
		newLsCommand(),
		newCatCommand(),
		newStatCommand(),
		newFindCommand(),
		newEvidenceCommand(),
		newScheduleCommand(),
		newAgentCommand(),
		newHistoryCommand(),
		newCacheCommand(),
		newExplainCommand(),
		newPolicyCommand(),
		newChecksCommand(),
		newIntelCommand(),
		newSchemaCommand(),
		newCompletionCommand(),
		newVersionCommand(),
		newExitCodesTopic(),
	}
	for _, v := range report.Views() {
		list = append(list, newViewCommand(v))
	}
	return list
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "guestctl",
		Short: "Judge virtual-machine disk images without booting, mounting or trusting them",
		Long: `guestctl judges virtual-machine disk images without booting, mounting or trusting them.

It reads the image in user space: it never mounts, needs no root, runs no guest code, writes nothing to the image and
follows no path from an image onto the host. What could not be read is unknown, and never a pass. One flag runs a guest, in QEMU and
when it is asked for: verify-backup --boot.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		},
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.PersistentFlags().Bool("no-color", false, "write no terminal colours (as with NO_COLOR)")
	root.PersistentFlags().Bool("quiet", false, "show no progress")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(commands()...)
	help := root.HelpTemplate()
	for _, c := range append(root.Commands(), root) {
		c.SetHelpTemplate(help + exitCodesHelp(c))
	}
	carapace.Gen(root)
	return root
}

// group makes a command that only holds others.
func group(cmd *cobra.Command, below ...*cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return unknownCommand(cmd, args[0])
	}
	cmd.AddCommand(below...)
	return cmd
}

// output is stdout, with colours where they are wanted.
func output(cmd *cobra.Command) io.Writer {
	w := colorprofile.NewWriter(cmd.OutOrStdout(), os.Environ())
	if off, err := cmd.Flags().GetBool("no-color"); err == nil && off {
		w.Profile = colorprofile.NoTTY
	}
	return w
}

// told is a document that sums up to a verdict.
type told interface{ Verdict() audit.Verdict }

// tell writes a document as JSON or as text, and returns the exit code of its verdict.
func tell[T told](cmd *cobra.Command, format string, doc T, text func(io.Writer, T) error) (err error) {
	if format == "json" {
		err = report.WriteJSON(cmd.OutOrStdout(), doc)
	} else {
		err = text(output(cmd), doc)
	}
	if err != nil {
		return withCode(exitInternal, err)
	}
	return verdictCode(doc.Verdict(), false)
}

// plain drops the colours of what a report format writes.
func plain(w io.Writer) io.Writer {
	return &colorprofile.Writer{Forward: w, Profile: colorprofile.NoTTY}
}
