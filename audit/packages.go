package audit

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/backup/intact"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/scanner/packages"
)

// Verify says how what packages own is verified, beside what the policy says.
type Verify struct {
	// Asked is set when the user asked for it, whatever the policy says.
	Asked       bool
	AllowConfig bool     // changed and removed configuration files are as they should be
	Local       bool     // tell programs below /usr/local and /opt, too
	Ignore      []string // patterns of paths (policy.PathPatterns)
	// Started is called before a guest is verified, with about how many bytes its files have, and Progress now and then with how many
	// were done since; both may be nil.
	Started, Progress func(bytes int64)
}

// Packages is what the verification of a guest's packages did, beside its findings.
type Packages struct {
	Managers []string `json:"managers"`
	Summary  string   `json:"summary"`
	Files    int      `json:"files"`    // paths that packages own
	Verified int      `json:"verified"` // regular files whose content is as shipped
	Bytes    int64    `json:"bytes"`    // that they have
	// Different are differences of files of packages, Unowned are files of no package, and Database signs that a database was changed.
	Different int              `json:"different"`
	Unowned   int              `json:"unowned"`
	Database  int              `json:"database"`
	Allowed   int              `json:"allowed"` // changed configuration files, where that is allowed
	Ignored   int              `json:"ignored"`
	Unread    []UnreadPackaged `json:"unread"` // what could not be judged
	Notes     []string         `json:"notes"`  // what the result rests on
}

// UnreadPackaged is a file, directory or database that could not be read.
type UnreadPackaged struct {
	Path  string `json:"path"`
	Cause string `json:"cause"`
}

// read is what a scan read of a guest and a verification can use.
type read struct {
	packages *shipped.Index
	sums     map[string][]byte
}

// verification is one of a guest: what was asked for, and by which checks of the policy.
type verification struct {
	Verify
	policy          policy.Verify
	files, unowned  bool
	checks          map[string]finding.Finding // of the policy, by id
	severity        finding.Severity           // that the policy wants for differences
	allowed, milder bool                       // what no package owns
}

// verify adds what the verification of the guest's packages finds to the checks of the target.
func (r *Result) verify(ctx context.Context, t *Target, m *engine.Machine, g *guest.Guest, have read) error {
	v := r.verification(t)
	if !v.files && !v.unowned {
		return nil
	}
	var k keptVerification
	if r.job.Engine.Cache == nil || !m.Recall(g, v.name(), &k) {
		result, err := v.run(ctx, g, have)
		if err != nil {
			return err
		}
		k = keptVerification{v.findings(result), packagesOf(result)}
		if len(result.Unread) == 0 && r.job.Engine.Cache != nil {
			m.Remember(g, v.name(), k)
		}
	}
	ids := r.job.Policy.Elsewhere(policy.ByVerify)
	t.Checks = append(apart(t.Checks, ids), k.Findings...)
	t.Packages = &k.Packages
	return nil
}

// keptVerification is what is kept as long as the image stays the same.
type keptVerification struct {
	Findings []finding.Finding
	Packages Packages
}

// verification tells what is asked of this guest: a baseline that is not for it asks for nothing.
func (r *Result) verification(t *Target) verification {
	v := verification{policy: r.job.Policy.Verify, checks: map[string]finding.Finding{}}
	if r.job.Verify != nil {
		v.Verify = *r.job.Verify
	}
	ids := r.job.Policy.Elsewhere(policy.ByVerify)
	for _, f := range t.Checks {
		if f.Status == finding.Unknown && slices.Contains(ids, f.ID) {
			v.checks[f.ID] = f
		}
	}
	_, files := v.checks[policy.VerifyCheck]
	_, unowned := v.checks[policy.UnownedCheck]
	v.files, v.unowned = files || v.Asked, unowned || v.Asked
	if files {
		v.AllowConfig = v.AllowConfig || v.policy.AllowConfig
		v.Ignore = slices.Concat(v.policy.Ignore, v.Ignore)
		v.severity = v.policy.Severity
	}
	v.allowed, v.milder = unowned && v.policy.Unowned == "allow", unowned && v.policy.Unowned == "warn"
	return v
}

// name tells this verification from any other that would come to something else.
func (v *verification) name() string {
	opts := v.Verify
	opts.Started, opts.Progress = nil, nil
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v %q %t %t %+v %q %t %t", opts, v.Ignore, v.files, v.unowned, v.checks, v.severity, v.allowed, v.milder))
	return "packages " + hex.EncodeToString(sum[:])
}

func (v *verification) run(ctx context.Context, g *guest.Guest, have read) (*packages.Result, error) {
	if v.Started != nil {
		v.Started(used(g))
	}
	ignore, err := policy.PathPatterns(v.Ignore)
	if err != nil {
		return nil, err
	}
	index := have.packages
	if index == nil {
		if index, err = shipped.Load(ctx, g); err != nil {
			return nil, err
		}
	}
	owners, problems := facts.OwnersOf(g)
	result, err := packages.Verify(ctx, g, packages.Options{
		Packages: index, Owners: owners, Files: v.files, Unowned: v.unowned, AllowConfig: v.AllowConfig, Local: v.Local, Ignore: ignore,
		Progress: v.Progress, Sum: func(path string, h crypto.Hash) ([]byte, bool) {
			sum, ok := have.sums[path]
			return sum, ok && len(sum) == h.Size() && index.Hash(path) == h
		},
	})
	if err != nil {
		return nil, err
	}
	for _, p := range problems {
		result.Unread = append(result.Unread, packages.Unread{Path: p.Path, Cause: p.Message})
	}
	return result, nil
}

func packagesOf(r *packages.Result) Packages {
	p := Packages{
		Managers: slices.Concat([]string{}, r.Managers), Summary: r.Summary(), Files: r.Stats.Files, Verified: r.Stats.Verified, Bytes: r.Stats.Bytes,
		Different: r.Stats.Different, Unowned: r.Stats.Unowned, Database: r.Stats.Database, Allowed: r.Stats.Config, Ignored: r.Stats.Ignored,
		Unread: []UnreadPackaged{}, Notes: slices.Concat([]string{}, r.Notes),
	}
	for _, u := range r.Unread {
		p.Unread = append(p.Unread, UnreadPackaged(u))
	}
	return p
}

// withoutImage says of stored facts that what a user asked for needs the image.
func (r *Result) withoutImage(t *Target) {
	v := r.verification(t)
	if r.job.Backup != nil {
		t.Checks = append(t.Checks, v.whole(intact.ContainerLayer, policy.NeedsImage()))
	}
	if !v.Asked {
		return
	}
	for _, id := range []string{policy.VerifyCheck, unownedID} {
		if _, ok := v.checks[id]; !ok {
			t.Checks = append(t.Checks, v.whole(id, policy.NeedsImage()))
		}
	}
}

// reinstall is the package manager's command that puts a package's files back, or "".
func reinstall(manager, pkg string) string {
	verbs := map[string]string{"dpkg": "apt install --reinstall ", "rpm": "dnf reinstall ", "apk": "apk fix ", "pacman": "pacman -S "}
	verb, ok := verbs[manager]
	if !ok || pkg == "" || strings.Trim(pkg, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+._-") != "" || pkg[0] == '-' {
		return "" // the guest chose the name, and someone may copy the command
	}
	return verb + pkg
}
