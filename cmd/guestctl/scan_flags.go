package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/scanner"
	"github.com/guestctl/guestctl/scanner/clamav"
)

// scanFlags are the flags of every command that scans files for malware.
type scanFlags struct {
	engines    audit.Engines
	clamdSize  string
	maxSize    string
	timeout    time.Duration
	maxTime    time.Duration
	noArchives bool
	fast       bool
	allowed    []string
	score      int
	workers    int

	names []string // of these flags
}

func (f *scanFlags) add(cmd *cobra.Command) {
	d := scanner.DefaultLimits()
	flags := cmd.Flags()
	before := map[string]bool{}
	flags.VisitAll(func(one *pflag.Flag) { before[one.Name] = true })
	e := &f.engines
	flags.StringArrayVar(&e.Rules, "rules", nil, "`DIR|FILE` with YARA rules, beside the built-in ones; may be repeated")
	flags.BoolVar(&e.StrictRules, "strict-rules", false, "take a file of rules that does not compile as a mistake (exit 2), not as one to leave out")
	flags.BoolVar(&e.NoBuiltin, "no-builtin-rules", false, "leave out the built-in YARA rules")
	flags.BoolVar(&e.NoYARA, "no-yara", false, "use no YARA rules at all")
	flags.StringVar(&e.Clamd, "clamd", "", "show files to the clamd at `ADDRESS`: unix:PATH or tcp:HOST:PORT")
	flags.BoolVar(&e.Clamscan, "clamscan", false, "show files to clamscan, where no clamd runs")
	flags.StringVar(&f.clamdSize, "clamd-max-size", sizeFlag(clamav.DefaultMaxSize), "`SIZE` of the largest file that ClamAV is shown")
	flags.StringArrayVar(&e.Signatures, "clamav-signatures", nil, "`DIR|FILE` with signatures in ClamAV's text formats, used without ClamAV; may be repeated")
	flags.StringArrayVar(&e.Intel, "intel", nil, "`DIR|FILE` with feeds of threat intelligence; may be repeated")
	flags.BoolVar(&e.IntelLogs, "intel-logs", false, "look for domains and addresses of feeds in logs, too")
	flags.StringArrayVar(&e.KnownGood, "known-good", nil, "`FILE` with digests of files that are not looked into; may be repeated")
	flags.StringVar(&f.maxSize, "max-size", sizeFlag(d.FileSize), "`SIZE` of the largest file, or member of an archive, that is looked into")
	flags.DurationVar(&f.timeout, "file-timeout", d.FileTime, "how long one engine may take for one file")
	flags.DurationVar(&f.maxTime, "max-time", 0, "how long the scan of one guest may take; what is left then is not looked into")
	flags.BoolVar(&f.noArchives, "no-archives", false, "do not look into archives and compressed files")
	flags.BoolVar(&f.fast, "fast", false, "leave out files that are as their package shipped them, by the package database of the guest")
	flags.StringArrayVar(&f.allowed, "allow-sha256", nil, "`DIGEST` of a file that is not told; may be repeated")
	flags.IntVar(&f.score, "fail-on-score", 0, "`SCORE` from 0 to 100 that a match needs to fail; below it is for people to look at")
	flags.IntVar(&f.workers, "workers", 0, "how many files of one guest are looked into at the same time; 0 is one for each processor")
	flags.VisitAll(func(one *pflag.Flag) {
		if !before[one.Name] {
			f.names = append(f.names, one.Name)
		}
	})
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"rules":             carapace.ActionFiles(".yar", ".yara"),
		"intel":             carapace.ActionFiles(),
		"known-good":        carapace.ActionFiles(),
		"clamav-signatures": carapace.ActionFiles(".hdb", ".hsb", ".hdu", ".hsu", ".ndb", ".ndu"),
		"clamd":             carapace.Batch(carapace.ActionFiles(), carapace.ActionValues("unix:", "tcp:127.0.0.1:3310").NoSpace(':')).ToA(),
		"max-size":          carapace.ActionValues("64MiB", sizeFlag(d.FileSize), "1GiB"),
		"clamd-max-size":    carapace.ActionValues(sizeFlag(clamav.DefaultMaxSize), "100MiB"),
		"file-timeout":      carapace.ActionValues(d.FileTime.String(), "2m"),
		"max-time":          carapace.ActionValues("10m", "1h"),
		"fail-on-score":     carapace.ActionValues("25", "50", "70", "90"),
		"workers":           carapace.ActionValues("0", "1", "2"),
	})
}

// asked reports whether one of the flags was given.
func (f *scanFlags) asked(cmd *cobra.Command) bool {
	return slices.ContainsFunc(f.names, cmd.Flags().Changed)
}

// run scans, and judges what the job asks for beside it. asked says that the user wants a scan, whatever the policy says.
func (f *scanFlags) run(cmd *cobra.Command, j *judgement, asked bool) error {
	if err := f.notEmpty(cmd); err != nil {
		return err
	}
	bar := newByteProgress(cmd, "scanned")
	defer bar.Close()
	scan, err := f.open(cmd.Context(), j.Job.Policy, !f.noCache(cmd), asked, bar)
	if err != nil {
		return err
	}
	defer scan.Close()
	j.Job.Scan = scan
	return j.run(cmd)
}

// notEmpty refuses a flag with an empty value, which is a variable that was not set: what it asks for would not be done.
func (f *scanFlags) notEmpty(cmd *cobra.Command) error {
	for _, name := range f.names {
		flag := cmd.Flag(name)
		values := []string{flag.Value.String()}
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		if flag.Changed && slices.Contains(values, "") {
			want, _ := pflag.UnquoteUsage(flag)
			return fmt.Errorf("--%s is empty, want %s", name, want)
		}
	}
	return nil
}

func (f *scanFlags) noCache(cmd *cobra.Command) bool {
	off, err := cmd.Flags().GetBool("no-cache")
	return err == nil && off
}

// open opens the engines that the flags and the policy ask for.
func (f *scanFlags) open(ctx context.Context, p *policy.Policy, cache, asked bool, bar *progress) (*audit.Scan, error) {
	size, err := parseSize(f.maxSize)
	if err != nil {
		return nil, fmt.Errorf("--max-size: %w", err)
	}
	if f.engines.ClamdSize, err = parseSize(f.clamdSize); err != nil {
		return nil, fmt.Errorf("--clamd-max-size: %w", err)
	}
	if f.engines.Now, err = now(); err != nil {
		return nil, err
	}
	opts := audit.ScanOptions{
		Engines:  f.engines,
		Limits:   scanner.Limits{FileTime: f.timeout},
		Archives: !f.noArchives, Fast: f.fast, Workers: f.workers, Time: f.maxTime, Score: f.score,
		Asked: asked, Started: bar.Grow, Progress: bar.Add,
	}
	if size != scanner.DefaultLimits().FileSize {
		opts.Limits.FileSize = size
	}
	if f.score < 0 || f.score > 100 {
		return nil, fmt.Errorf("--fail-on-score %d, want a number from 0 to 100", f.score)
	}
	switch {
	case f.timeout <= 0:
		return nil, fmt.Errorf("--file-timeout %v, want more than 0", f.timeout)
	case f.maxTime < 0:
		return nil, fmt.Errorf("--max-time %v, want more than 0, or 0 for no limit", f.maxTime)
	case f.workers < 0:
		return nil, fmt.Errorf("--workers %d, want at least 1, or 0 for one for each processor", f.workers)
	}
	for _, s := range f.allowed {
		digest := strings.TrimPrefix(strings.ToLower(s), "sha256:")
		if len(digest) != 64 || strings.Trim(digest, "0123456789abcdef") != "" {
			return nil, fmt.Errorf("--allow-sha256 %q, want 64 hexadecimal digits", s)
		}
		opts.Allowed = append(opts.Allowed, digest)
	}
	if dir := cacheDir(); dir != "" && cache {
		opts.CacheDir, opts.Version = dir, buildID()
	}
	return audit.OpenScan(ctx, opts.Over(p.Malware))
}

// sizeFlag writes a size as parseSize reads it.
func sizeFlag(n int64) string { return strconv.FormatInt(n>>20, 10) + "MiB" }

// parseSize reads a number of bytes, with a binary unit behind it where there is one: 64MiB, 2G, 4096.
func parseSize(s string) (int64, error) {
	digits := strings.TrimRight(s, "KMGTiB")
	n, err := strconv.ParseInt(digits, 10, 64)
	unit := map[string]int64{"": 0, "B": 0, "K": 10, "M": 20, "G": 30, "T": 40}
	shift, ok := unit[strings.TrimSuffix(strings.TrimSuffix(s[len(digits):], "B"), "i")]
	if err != nil || !ok || n < 1 || n > 1<<50>>shift {
		return 0, fmt.Errorf("%q, want a number of bytes such as 64MiB", s)
	}
	return n << shift, nil
}
