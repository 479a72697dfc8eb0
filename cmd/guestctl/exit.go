package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/internal/nearest"
)

// The exit codes. Findings win over what could not be judged when a run has both.
const (
	exitOK          = 0
	exitFindings    = 1
	exitUsage       = 2
	exitNotJudged   = 3
	exitInternal    = 4
	exitInterrupted = 130
)

const exitCodes = `  0    everything was judged, and nothing at or above --fail-on failed
  1    findings: something at or above --fail-on failed
  2    nothing was judged: wrong flags, or a mistake in a baseline or policy (with file:line:column)
  3    not judged: an image is unreadable, encrypted or unsupported, a result is unknown,
       or less than --min-coverage of the needed facts could be read
  4    internal error
  130  interrupted

1 wins over 3. --exit-zero turns 1 and 3 into 0, and never 2 or 4.
`

// codeError is an error that decides the exit code. One without an error inside says nothing more: the report did.
type codeError struct {
	code int
	err  error
}

func (e *codeError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *codeError) Unwrap() error { return e.err }

func withCode(code int, err error) error {
	if err == nil {
		return nil
	}
	return &codeError{code, err}
}

func notJudged(err error) error { return withCode(exitNotJudged, err) }

func internalError(p any) error {
	return withCode(exitInternal, fmt.Errorf("internal error: %v; this is a defect of guestctl, please report it", p))
}

// verdictCode is the exit code of a judged run.
func verdictCode(v audit.Verdict, exitZero bool) error {
	code := map[audit.Verdict]int{audit.Clean: exitOK, audit.Findings: exitFindings, audit.NotJudged: exitNotJudged}[v]
	if code == exitOK || exitZero {
		return nil
	}
	return &codeError{code: code}
}

func newExitCodesTopic() *cobra.Command {
	return &cobra.Command{Use: "exit-codes", Short: "The exit codes of every command", Long: "Exit codes:\n" + strings.TrimRight(exitCodes, "\n")}
}

// exitCodesHelp is what the help of a command says of its exit codes.
func exitCodesHelp(c *cobra.Command) string {
	if c.Name() == "exit-codes" {
		return ""
	}
	return "\nExit codes:\n" + exitCodes
}

func flagError(cmd *cobra.Command, err error) error {
	if value, secret := (*pflag.InvalidValueError)(nil), (*secretError)(nil); errors.As(err, &value) && errors.As(err, &secret) {
		err = fmt.Errorf("--%s: %w", value.GetFlag().Name, secret)
	}
	return withCode(exitUsage, fmt.Errorf("%w\nsee %s --help", suggestFlag(cmd, err), cmd.CommandPath()))
}

// suggestFlag adds the nearest flag to the error about an unknown one.
func suggestFlag(cmd *cobra.Command, err error) error {
	name, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !ok {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := nearest.Word(name, names); near != "" {
		return fmt.Errorf("%w, did you mean --%s?", err, near)
	}
	return err
}

func unknownCommand(cmd *cobra.Command, name string) error {
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	err := fmt.Errorf("unknown command %q", name)
	if near := nearest.Word(name, names); near != "" {
		err = fmt.Errorf("%w, did you mean %s?", err, near)
	}
	return withCode(exitUsage, fmt.Errorf("%w\nsee guestctl --help", err))
}

// wantArgs is an argument count that is an error of usage when it does not fit.
func wantArgs(least, most int, usage string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || most >= 0 && len(args) > most {
			return withCode(exitUsage, fmt.Errorf("%d arguments, want: %s %s", len(args), cmd.CommandPath(), usage))
		}
		return nil
	}
}

var errNoBaseline = errors.New("no baseline: name one with --baseline FILE or builtin:linux-server, or policies with --policy DIR")
