package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/evidence"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/report"
)

func newEvidenceCommand() *cobra.Command {
	return group(&cobra.Command{Use: "evidence", Short: "Verify and show signed statements of what was found in an image"},
		evidenceVerifyCommand(),
		evidenceShowCommand(),
	)
}

func evidenceVerifyCommand() *cobra.Command {
	var f struct {
		image   string
		trust   string
		require []string
		maxAge  string
		format  string
		disk    imageFlags
	}
	cmd := &cobra.Command{
		Use:   "verify FILE --image IMAGE --trust DIR|FILE",
		Short: "Verify that evidence is signed by a trusted key, is about an image, and says what it has to",
		Long: `Verify that evidence is signed by a trusted key, is about an image, and says what it has to.

The digests of the image, and of every file that it names, must be those of the evidence. The keys come from the trust list alone: a key
that comes with the evidence is refused. Nothing is looked up anywhere. Without --require, evidence of a failed check holds, too.

The exit code is 0 when the evidence holds, 1 when it does not, 2 for wrong flags or a trust list that cannot be used, and 3 when the
evidence or the image cannot be read.`,
		Example: `  guestctl evidence verify web.intoto.jsonl --image web.qcow2 --trust keys/ --require result=pass --max-age 30d
  guestctl evidence verify web.intoto.jsonl --image web.qcow2 --trust ci.pub --require result=pass --require command=gate`,
		Args: wantArgs(1, 1, "FILE --image IMAGE --trust DIR|FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneFormat(f.format); err != nil {
				return err
			}
			if f.image == "" && len(f.disk.disks) > 0 {
				f.image, f.disk.disks = f.disk.disks[0], f.disk.disks[1:]
			}
			if f.image == "" || f.trust == "" {
				return errors.New("want --image IMAGE and --trust DIR|FILE: evidence is held against an image, by keys that you have")
			}
			want, err := wanted(f.require, f.maxAge)
			if err != nil {
				return err
			}
			trusted, err := evidence.Trust(f.trust)
			if err != nil {
				return fmt.Errorf("--trust: %w", err)
			}
			want.Snapshot = f.disk.snapshot
			bar := newByteProgress(cmd, "hashed")
			held, err := evidence.Hold(args[0], trusted, want, func() ([]audit.HostFile, error) {
				return audit.FilesOf(cmd.Context(), slices.Concat([]string{f.image}, f.disk.disks), f.disk.options(), audit.Digests{Started: bar.Grow, Progress: bar.Add})
			})
			bar.Close()
			if err != nil {
				return runError(err)
			}
			if f.format == "json" {
				err = report.WriteJSON(cmd.OutOrStdout(), held)
			} else {
				err = report.EvidenceHeld(output(cmd), held)
			}
			if err != nil {
				return withCode(exitInternal, err)
			}
			if !held.Holds {
				return &codeError{code: exitFindings}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.image, "image", "", "`IMAGE` that the evidence has to be about")
	flags.StringVar(&f.trust, "trust", "", "public ed25519 keys that are believed: a `FILE`, or a DIR of files .pub and .pem")
	flags.StringArrayVar(&f.require, "require", nil, "what the evidence has to say, as `KEY=VALUE`; may be repeated: "+strings.Join(evidence.RequirementKeys(), ", "))
	flags.StringVar(&f.maxAge, "max-age", "", "how old the evidence may be, as a `TIME`: 30d")
	flags.StringVar(&f.format, "format", evidenceFormats()[0], "how to write it: "+strings.Join(evidenceFormats(), ", "))
	f.disk.addOpening(cmd)
	f.disk.addDisk(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"image": carapace.ActionFiles(), "trust": carapace.ActionFiles(), "format": carapace.ActionValues(evidenceFormats()...),
	})
	carapace.Gen(cmd).PositionalCompletion(carapace.ActionFiles())
	return cmd
}

func evidenceFormats() []string { return []string{"text", "json"} }

func oneFormat(name string) error {
	if !slices.Contains(evidenceFormats(), name) {
		return fmt.Errorf("no format %q, want one of %s", name, strings.Join(evidenceFormats(), ", "))
	}
	return nil
}

// wanted reads what the evidence has to say.
func wanted(require []string, maxAge string) (w evidence.Want, err error) {
	for _, s := range require {
		r, err := evidence.ParseRequirement(s)
		if err != nil {
			return w, fmt.Errorf("--require %w", err)
		}
		w.Require = append(w.Require, r)
	}
	if maxAge != "" {
		if w.MaxAge, err = policy.ParseAge(maxAge); err != nil {
			return w, fmt.Errorf("--max-age: %w", err)
		}
	}
	w.Now, err = now()
	return w, err
}

func evidenceShowCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Show what evidence says, without asking whether it is to be believed",
		Long: `Show what evidence says, without asking whether it is to be believed.

As JSON it is the in-toto statement that was signed, with its predicate.`,
		Args: wantArgs(1, 1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneFormat(format); err != nil {
				return err
			}
			e, err := evidence.ReadFile(args[0])
			if err != nil {
				return notJudged(err)
			}
			s, err := e.Unverified()
			if err != nil {
				return notJudged(fmt.Errorf("%s: %w", args[0], err))
			}
			if format == "json" {
				return withCode(exitInternal, report.WriteJSON(cmd.OutOrStdout(), s))
			}
			return withCode(exitInternal, report.Evidence(output(cmd), args[0], e, s))
		},
	}
	cmd.Flags().StringVar(&format, "format", evidenceFormats()[0], "how to write it: "+strings.Join(evidenceFormats(), ", "))
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"format": carapace.ActionValues(evidenceFormats()...)})
	carapace.Gen(cmd).PositionalCompletion(carapace.ActionFiles())
	return cmd
}
