package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/report"
	"github.com/guestctl/guestctl/scanner/intel"
)

func newIntelCommand() *cobra.Command {
	return group(&cobra.Command{Use: "intel", Short: "Compile, show and fetch feeds of threat intelligence"},
		intelBuildCommand(),
		intelShowCommand(),
		intelFetchCommand(),
	)
}

func intelBuildCommand() *cobra.Command {
	var out string
	var knownGood bool
	cmd := &cobra.Command{
		Use:   "build -o FILE FEED...",
		Short: "Compile feeds to one file that is searched without loading it",
		Long: `Compile feeds to one file that is searched without loading it.

A FEED is a file, or a folder of files: lists of digests, paths, domains and addresses, CSV and JSON of abuse.ch, STIX 2.1,
events and feeds of MISP, OpenIOC. What is not used of them is counted by its reason, in the file and on stdout. Any number of
digests takes the same memory. --known-good compiles digests of harmless files; it also takes the SQLite database of the NSRL.`,
		Example: `  guestctl intel build -o bad.intel bazaar.csv threatfox.json misp-feed/
  guestctl intel build --known-good -o nsrl.intel RDS_2026.09.1_modern_minimal.db`,
		Args: wantArgs(1, -1, "-o FILE FEED..."),
		RunE: func(cmd *cobra.Command, feeds []string) error {
			if out == "" {
				return withCode(exitUsage, fmt.Errorf("no file to write, want -o FILE"))
			}
			m, err := intel.Build(cmd.Context(), out, feeds, knownGood)
			if err != nil {
				return err
			}
			return withCode(exitInternal, tellFeed(cmd, m))
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "write the compiled feed to `FILE`")
	cmd.Flags().BoolVar(&knownGood, "known-good", false, "the feeds list harmless files")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"output": carapace.ActionFiles()})
	carapace.Gen(cmd).PositionalAnyCompletion(carapace.ActionFiles())
	return cmd
}

func intelShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Look through a compiled feed for damage, and count what is in it",
		Args:  wantArgs(1, 1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			f, err := intel.OpenFile(args[0])
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			defer func() { _ = f.Close() }() // it was only read
			if err := f.Verify(cmd.Context()); err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			kind := "malicious"
			if f.KnownGood() {
				kind = "known good"
			}
			if _, err := fmt.Fprintf(cmd.OutOrStdout(), "feed of   %s\ndigest    %s\n\n", kind, f.Digest()); err != nil {
				return withCode(exitInternal, err)
			}
			return withCode(exitInternal, tellFeed(cmd, f.Meta()))
		},
	}
	carapace.Gen(cmd).PositionalCompletion(carapace.ActionFiles())
	return cmd
}

// tellFeed prints what is in a compiled feed, and what of its sources is not.
func tellFeed(cmd *cobra.Command, m intel.Meta) error {
	var counts, sources, unused [][]string
	for _, kind := range slices.Sorted(maps.Keys(m.Counts)) {
		counts = append(counts, []string{string(kind), strconv.FormatInt(m.Counts[kind], 10)})
	}
	for _, s := range m.Sources {
		sources = append(sources, []string{s.Name, s.Format, strconv.FormatInt(s.Indicators, 10)})
	}
	for _, reason := range slices.Sorted(maps.Keys(m.Unused)) {
		unused = append(unused, []string{reason, strconv.Itoa(m.Unused[reason])})
	}
	w := cmd.OutOrStdout()
	for i, t := range []struct {
		columns []string
		rows    [][]string
	}{{[]string{"KIND", "INDICATORS"}, counts}, {[]string{"SOURCE", "FORMAT", "INDICATORS"}, sources}, {[]string{"NOT USED", "TIMES"}, unused}} {
		if len(t.rows) == 0 {
			continue
		}
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if err := report.WriteTable(w, t.columns, t.rows); err != nil {
			return err
		}
	}
	return nil
}
