package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/policy/rego"
	"github.com/guestctl/guestctl/report"
)

// testReport is what `policy test --format json` prints.
type testReport struct {
	Passed   int            `json:"passed"`
	Failed   int            `json:"failed"`
	Tests    []testOutcome  `json:"tests"`
	Coverage []testCoverage `json:"coverage"`
	Checks   []testProof    `json:"checks"`
}

type testOutcome struct {
	Name    string `json:"name"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Message string `json:"message,omitempty"` // "" for a test that passed
}

type testCoverage struct {
	File    string  `json:"file"`
	Percent float64 `json:"percent"`
	Lines   []int   `json:"lines"` // that no test runs
}

type testProof struct {
	ID     string `json:"id"`
	File   string `json:"file"`
	Change string `json:"change,omitempty"` // of the facts that makes it fail
	Wrong  string `json:"wrong,omitempty"`  // why there is none
}

func policyTestCommand() *cobra.Command {
	var format string
	formats := []string{"text", "json"}
	cmd := &cobra.Command{
		Use:   "test DIR|FILE|builtin...",
		Short: "Run the tests of checks in Rego, and prove that each check can fail",
		Long: `Run the tests of checks in Rego, and prove that each check can fail.

Tests are the rules test_... of files *_test.rego. Beside a check x in package p, the package p.x_test may have facts called pass,
fail and absent. From pass, one value after the other is changed until the check fails: a check that no change makes fail is
named, since it would be green on every guest. The exit code is 1 when a test fails or a check cannot fail.`,
		Example: "  guestctl policy test policy/\n  guestctl policy test --format json policy/ | jq '.checks[] | select(.wrong)'",
		Args:    wantArgs(1, -1, "DIR|FILE|builtin..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(formats, format) {
				return fmt.Errorf("no format %q, want one of %s", format, strings.Join(formats, ", "))
			}
			program, err := loadProgram(args)
			if err != nil {
				return err
			}
			suite, err := program.Suite(cmd.Context())
			if err != nil {
				return err
			}
			if format == "json" {
				err = report.WriteJSON(cmd.OutOrStdout(), testReportOf(suite))
			} else {
				err = printSuite(cmd.OutOrStdout(), suite)
			}
			if err != nil {
				return withCode(exitInternal, err)
			}
			if !suite.OK() {
				return &codeError{code: exitFindings}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "how to write it: "+strings.Join(formats, ", "))
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"format": carapace.ActionValues(formats...)})
	carapace.Gen(cmd).PositionalAnyCompletion(carapace.ActionFiles())
	return cmd
}

// loadProgram reads policies, or those that are built in.
func loadProgram(args []string) (*rego.Program, error) {
	if slices.Equal(args, []string{"builtin"}) {
		return rego.BuiltinSource()
	}
	return rego.Load(args, "")
}

func testReportOf(s *rego.Suite) testReport {
	r := testReport{Tests: []testOutcome{}, Coverage: []testCoverage{}, Checks: []testProof{}}
	for _, t := range s.Tests {
		r.Tests = append(r.Tests, testOutcome{t.Name, t.Position.File, t.Position.Line, t.Message})
		if t.Message == "" {
			r.Passed++
		} else {
			r.Failed++
		}
	}
	for _, c := range s.Coverage {
		r.Coverage = append(r.Coverage, testCoverage{c.File, c.Percent, c.Lines})
	}
	for _, p := range s.Proofs {
		r.Checks = append(r.Checks, testProof{p.Check.ID, p.Check.Position.File, p.Change, p.Wrong})
	}
	return r
}

func printSuite(out io.Writer, s *rego.Suite) error {
	w := bufio.NewWriter(out)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) } // Flush has the error
	r := testReportOf(s)
	for _, t := range r.Tests {
		if t.Message != "" {
			line("FAIL  %s:%d: %s: %s", report.Escape(t.File), t.Line, report.Escape(t.Name), report.Escape(t.Message))
		}
	}
	for _, c := range r.Coverage {
		if len(c.Lines) > 0 {
			line("%5.1f %% of %s, without lines %s", c.Percent, report.Escape(c.File), ranges(c.Lines))
		}
	}
	proved := 0
	for _, p := range r.Checks {
		if p.Wrong == "" {
			proved++
			continue
		}
		line("FAIL  %s: check %s %s", report.Escape(p.File), report.Escape(p.ID), report.Escape(p.Wrong))
	}
	line("%d tests passed, %d failed; %d of %d checks proved able to fail", r.Passed, r.Failed, proved, len(r.Checks))
	return w.Flush()
}

// ranges writes lines as "3-5, 9".
func ranges(lines []int) string {
	var parts []string
	for i := 0; i < len(lines); {
		j := i
		for j+1 < len(lines) && lines[j+1] == lines[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, strconv.Itoa(lines[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", lines[i], lines[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}
