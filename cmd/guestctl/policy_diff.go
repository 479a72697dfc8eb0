package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/agent"
	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/report"
)

type policyDiffFlags struct {
	waivers []string
	labels  []string
	facts   []string
	history bool
	format  string
	image   imageFlags
	store   storeFlags
}

func policyDiffCommand() *cobra.Command {
	var f policyDiffFlags
	formats := []string{"text", "json"}
	cmd := &cobra.Command{
		Use:   "diff OLD NEW [FACTS...]",
		Short: "Show what another policy asks, and which verdicts on guests it would turn",
		Long: `Show what another policy asks, and which verdicts on guests it would turn.

OLD and NEW are baselines, builtin:NAME, files or folders with checks in Rego, or folders with all of these: every *.toml in
one is a baseline. FACTS are documents that guestctl facts --facts-out stored, images, folders of them, or what the history keeps of a
machine (history:web01@118); --history is the last that it has of every machine. Printed are the checks that came, those that went, and
those with another verdict, each with what both policies say. The exit code is 1 when a verdict turns to fail, 3 when one turns to unknown
or an image could not be read, and 0 when none turns to the worse.

Without FACTS it is told in what the checks differ, and the exit code is 1 when they do.`,
		Example: `  guestctl policy diff main.toml pr.toml
  guestctl policy diff main.toml pr.toml --history
  guestctl policy diff main.toml pr.toml released/*.facts
  guestctl policy diff --format json policies-main/ policies/ web01.facts disk.qcow2`,
		Args: wantArgs(2, -1, "OLD NEW [FACTS...]"),
		RunE: f.run,
	}
	cmd.Flags().StringArrayVar(&f.waivers, "waivers", nil, "`FILE` of accepted exceptions, for both policies; may be repeated")
	cmd.Flags().StringArrayVar(&f.labels, "label", nil, "label of the images, as `KEY=VALUE`, for both policies; may be repeated")
	cmd.Flags().StringArrayVar(&f.facts, "facts", nil, "`FILE|DIR` with facts or images, as FACTS; may be repeated")
	cmd.Flags().BoolVar(&f.history, "history", false, "judge the last facts of every machine in the history, too")
	cmd.Flags().StringVar(&f.format, "format", formats[0], "how to write it: "+strings.Join(formats, ", "))
	f.image.add(cmd)
	f.store.add(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"format":  carapace.ActionValues(formats...),
		"waivers": carapace.ActionFiles(".toml"),
		"facts":   carapace.ActionFiles(),
	})
	carapace.Gen(cmd).PositionalAnyCompletion(carapace.ActionFiles())
	return cmd
}

func (f *policyDiffFlags) run(cmd *cobra.Command, args []string) error {
	if f.format != "text" && f.format != "json" {
		return fmt.Errorf("no format %q, want one of text, json", f.format)
	}
	at, err := now()
	if err != nil {
		return err
	}
	c := audit.Comparison{Gather: f.image.gather(facts.Request{}, at)}
	if c.Old, c.New, err = f.policies(args[0], args[1], at); err != nil {
		return err
	}
	history := pastOf(cmd)
	defer history.done()
	if c.Images, err = f.guests(cmd.Context(), history, slices.Concat(args[2:], f.facts)); err != nil {
		return err
	}
	c.Gather.Documents = history.read
	bar := newProgress(cmd, int64(len(c.Images)))
	defer bar.Close()
	c.Done = func() { bar.Add(1) }
	d, err := audit.Compare(cmd.Context(), c)
	if err != nil {
		return runError(err)
	}
	return tell(cmd, f.format, d, report.DiffText)
}

// policies reads both sides.
func (f *policyDiffFlags) policies(before, after string, at time.Time) (a, b *policy.Policy, err error) {
	labels, err := parseLabels(f.labels)
	if err != nil {
		return nil, nil, err
	}
	opts := policy.Options{Waivers: f.waivers, Labels: labels, Now: at}
	if a, err = loadSide(before, opts); err != nil {
		return nil, nil, err
	}
	b, err = loadSide(after, opts)
	return a, b, err
}

// guests are the names of all documents and images: what a folder has, and what the history keeps.
func (f *policyDiffFlags) guests(ctx context.Context, history *past, named []string) (names []string, err error) {
	if f.history {
		named = append(named, agent.PastPrefix+"*")
	}
	for _, name := range named {
		if info, err := os.Stat(name); err != nil || !info.IsDir() {
			names = append(names, name)
			continue
		}
		found, err := (&agent.Images{Paths: []string{name}}).Find("")
		if err != nil {
			return nil, err
		}
		if len(found.Images) == 0 {
			return nil, notJudged(fmt.Errorf("%s: a folder without a file", name))
		}
		for _, i := range found.Images {
			names = append(names, i.Path)
		}
	}
	return history.names(ctx, names)
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
