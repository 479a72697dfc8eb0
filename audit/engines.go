package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	yararules "github.com/guestctl/guestctl/rules/yara"
	"github.com/guestctl/guestctl/scanner"
	"github.com/guestctl/guestctl/scanner/clamav"
	"github.com/guestctl/guestctl/scanner/intel"
	"github.com/guestctl/guestctl/scanner/yara"
)

// Engines say what scans files.
type Engines struct {
	// Rules are files and folders with YARA rules beside the built-in ones. StrictRules makes one that does not compile an error, where
	// it is otherwise left out and told.
	Rules             []string
	StrictRules       bool
	NoYARA, NoBuiltin bool // no YARA at all, or no built-in rules

	Clamd     string // address of a clamd: unix:PATH or tcp:HOST:PORT; "" asks none
	Clamscan  bool   // start clamscan
	ClamdSize int64  // most bytes of a file that ClamAV is given; 0 is clamav.DefaultMaxSize
	// Signatures are files and folders with signatures in ClamAV's text formats, which are used without it.
	Signatures []string

	// Intel are feeds of threat intelligence, and KnownGood lists of files that are known to be harmless.
	Intel, KnownGood []string
	IntelLogs        bool      // look for domains and addresses in logs, too
	Now              time.Time // by which indicators are valid, and verdicts of ClamAV
}

// opening is the state in which the engines are opened, one after the other: some bring rules for another.
type opening struct {
	ScanOptions
	rules []yara.Source
}

// engines lists what scans files, in the order in which it is opened. Each returns nil where the options do not ask for it.
func engines() []func(context.Context, *opening) (scanner.Engine, error) {
	return []func(context.Context, *opening) (scanner.Engine, error){openSignatures, openIntel, openClamd, openClamscan, openYARA}
}

func openSignatures(_ context.Context, o *opening) (scanner.Engine, error) {
	if len(o.Signatures) == 0 {
		return nil, nil
	}
	s, err := clamav.LoadSignatures(o.Signatures)
	if err != nil {
		return nil, err
	}
	var rules []yara.Source
	for _, r := range s.Rules() {
		rules = append(rules, yara.Source(r))
	}
	return o.bring(s, rules)
}

func openIntel(ctx context.Context, o *opening) (scanner.Engine, error) {
	if len(o.Intel) == 0 {
		return nil, nil
	}
	e, err := intel.Load(ctx, o.Intel, intel.Options{Now: o.Now, Logs: o.IntelLogs})
	if err != nil {
		return nil, err
	}
	var rules []yara.Source
	for i, r := range e.YARA() {
		rules = append(rules, yara.Source{Name: fmt.Sprintf("%s#%d", r.Source, i+1), Content: []byte(r.Text)})
	}
	return o.bring(e, rules)
}

// bring hands the rules that an engine has for YARA over. Without YARA it says that they are not used.
func (o *opening) bring(e scanner.Engine, rules []yara.Source) (scanner.Engine, error) {
	if !o.NoYARA || len(rules) == 0 {
		o.rules = append(o.rules, rules...)
		return e, nil
	}
	var names []string
	for _, r := range rules {
		names = append(names, r.Name)
	}
	part := withoutRules{Engine: e, about: e.Describe()}
	unused := fmt.Sprintf("not used without YARA: the rules of %s", strings.Join(names, ", "))
	if d := part.about; d.Rules == 0 {
		return nil, errors.Join(fmt.Errorf("%s: nothing to look for: %s", d.Name, unused), part.Close())
	}
	part.about.Warnings = append(slices.Clone(part.about.Warnings), unused)
	return part, nil
}

// withoutRules is an engine that is not used whole, and says so.
type withoutRules struct {
	scanner.Engine
	about scanner.Description
}

// Close closes the engine.
func (e withoutRules) Close() error {
	if c, ok := e.Engine.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Describe returns what the engine says of itself, and what is not used of it.
func (e withoutRules) Describe() scanner.Description { return e.about }

func (o *opening) clamav() clamav.Options {
	return clamav.Options{MaxSize: o.ClamdSize, FileTime: o.Limits.FileTime, Now: o.Now}
}

func openClamd(ctx context.Context, o *opening) (scanner.Engine, error) {
	if o.Clamd == "" {
		return nil, nil
	}
	return clamav.Dial(ctx, o.Clamd, o.clamav())
}

func openClamscan(ctx context.Context, o *opening) (scanner.Engine, error) {
	if !o.Clamscan {
		return nil, nil
	}
	return clamav.Command(ctx, clamav.CommandOptions{Options: o.clamav()})
}

func openYARA(ctx context.Context, o *opening) (scanner.Engine, error) {
	if o.NoYARA {
		return nil, nil
	}
	if !o.NoBuiltin {
		rules, err := yararules.Sources()
		if err != nil {
			return nil, err
		}
		for _, name := range sortedKeys(rules) {
			o.rules = append(o.rules, yara.Source{Name: "builtin:rules/yara/" + name, Content: []byte(rules[name])})
		}
	}
	return yara.Load(ctx, yara.Options{
		Builtin: o.rules, Paths: o.Rules, Strict: o.StrictRules, CacheDir: o.cache(RulesDir), Timeout: o.Limits.FileTime,
	})
}
