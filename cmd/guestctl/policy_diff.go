package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/report"
)

func policyDiffCommand() *cobra.Command {
	var f struct {
		waivers []string
		labels  []string
		format  string
		image   imageFlags
	}
	formats := []string{"text", "json"}
	cmd := &cobra.Command{
		Use:   "diff OLD NEW FACTS...",
		Short: "Show which verdicts on guests another policy would change",
		Long: `Show which verdicts on guests another policy would change.

OLD and NEW are baselines, builtin:NAME, files or folders with checks in Rego, or folders with all of these: every *.toml in
one is a baseline. FACTS are documents that guestctl facts --facts-out stored, or images. Printed are the checks that came,
those that went, and those with another verdict, each with what both policies say. The exit code is 1 when there is one, 0
when nothing changes, 3 when an image could not be read.`,
		Example: `  guestctl policy diff main.toml pr.toml released/*.facts
  guestctl policy diff --format json policies-main/ policies/ web01.facts disk.qcow2`,
		Args: wantArgs(3, -1, "OLD NEW FACTS..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(formats, f.format) {
				return fmt.Errorf("no format %q, want one of %s", f.format, strings.Join(formats, ", "))
			}
			at, err := now()
			if err != nil {
				return err
			}
			labels, err := parseLabels(f.labels)
			if err != nil {
				return err
			}
			opts := policy.Options{Waivers: f.waivers, Labels: labels, Now: at}
			before, err := loadSide(args[0], opts)
			if err != nil {
				return err
			}
			after, err := loadSide(args[1], opts)
			if err != nil {
				return err
			}
			d, err := audit.Compare(cmd.Context(), audit.Comparison{
				Old: before, New: after, Images: args[2:],
				Gather: f.image.gather(facts.Request{}, at),
			})
			if err != nil {
				return runError(err)
			}
			if f.format == "json" {
				err = report.WriteJSON(cmd.OutOrStdout(), d)
			} else {
				err = report.DiffText(output(cmd), d)
			}
			if err != nil {
				return withCode(exitInternal, err)
			}
			return verdictCode(d.Verdict(), false)
		},
	}
	cmd.Flags().StringArrayVar(&f.waivers, "waivers", nil, "`FILE` of accepted exceptions, for both policies; may be repeated")
	cmd.Flags().StringArrayVar(&f.labels, "label", nil, "label of the images, as `KEY=VALUE`, for both policies; may be repeated")
	cmd.Flags().StringVar(&f.format, "format", formats[0], "how to write it: "+strings.Join(formats, ", "))
	f.image.add(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"format":  carapace.ActionValues(formats...),
		"waivers": carapace.ActionFiles(".toml"),
	})
	carapace.Gen(cmd).PositionalAnyCompletion(carapace.ActionFiles())
	return cmd
}

// loadSide reads one of the policies to compare: a baseline, checks in Rego, or a folder of them.
func loadSide(name string, opts policy.Options) (*policy.Policy, error) {
	if filepath.Ext(name) == ".toml" || strings.HasPrefix(name, "builtin:") {
		return policy.Load([]string{name}, opts)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		opts.Policies = []string{name}
		return policy.Load(nil, opts)
	}
	baselines, err := filepath.Glob(filepath.Join(escapeGlob(name), "*.toml"))
	if err != nil {
		return nil, err
	}
	hasRego, err := holdsRego(name)
	if err != nil {
		return nil, err
	}
	if hasRego {
		opts.Policies = []string{name}
	}
	if len(baselines) == 0 && !hasRego {
		return nil, fmt.Errorf("%s: a folder with neither *.toml nor *.rego", name)
	}
	return policy.Load(baselines, opts)
}

func escapeGlob(name string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(name)
}

func holdsRego(dir string) (found bool, err error) {
	err = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".rego" {
			found = true
			return fs.SkipAll
		}
		return err
	})
	return found, err
}
