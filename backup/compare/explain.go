package compare

import (
	"context"
	"crypto"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/finding"
)

// packages are those of both sides.
type packages struct {
	index    [2]*shipped.Index
	versions [2]map[string]string // by name
	updated  bool                 // some package has another version
}

// ignored marks the changes that do not count because the policy says so. That the backup has a file unreadable counts always.
func (f *files) ignored() {
	for i := range f.Files {
		c := &f.Files[i]
		if f.ignore == nil || !f.ignore(c.Path) || c.From != "" && !f.ignore(c.From) || slices.Contains(c.What, "unreadable") {
			continue
		}
		c.Class, c.Reason = Ignored, "the policy ignores it"
	}
}

// explainByPackages looks which changes are what the packages of both sides say.
func (f *files) explainByPackages(ctx context.Context, numbers [2]map[string]int) error {
	if !slices.ContainsFunc(f.Files, func(c Change) bool { return !c.Class.Explained() }) {
		return nil
	}
	p, err := loadPackages(ctx, f.machines)
	if p == nil || err != nil {
		return err
	}
	byPath := [2]map[string]int{{}, {}}
	for s := range byPath {
		for _, i := range numbers[s] {
			byPath[s][f.file(Side(s), i).Path] = i
		}
	}
	for i := range f.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		c := &f.Files[i]
		if c.Class.Explained() || slices.Contains(c.What, "unreadable") {
			continue
		}
		k := known{-1, -1}
		for s := range k {
			if j, ok := byPath[s][c.Path]; ok {
				k[s] = j
			}
		}
		if reason := p.explain(f, c, k); reason != "" {
			c.Class, c.Reason = Packaged, reason
		}
	}
	return nil
}

// loadPackages reads the package databases of both sides; nil where a side is not one system.
func loadPackages(ctx context.Context, machines [2]*engine.Machine) (*packages, error) {
	p := &packages{}
	for s, m := range machines {
		if len(m.Guests) != 1 {
			return nil, nil
		}
		g := m.Guests[0]
		var err error
		if p.index[s], err = shipped.Load(ctx, g); err != nil {
			return nil, err
		}
		doc, err := m.Facts(ctx, g, facts.Request{Domains: []string{"packages"}}, time.Time{})
		if err != nil {
			return nil, err
		}
		p.versions[s] = map[string]string{}
		if all, ok := facts.Get[facts.Packages](doc, "packages"); ok {
			for name, installed := range all.Installed {
				p.versions[s][name] = versionOf(installed)
			}
		}
	}
	for name, v := range p.versions[Backup] {
		p.updated = p.updated || p.versions[Source][name] != v
	}
	for name := range p.versions[Source] {
		_, ok := p.versions[Backup][name]
		p.updated = p.updated || !ok
	}
	return p, nil
}

func versionOf(installed []facts.Package) string {
	var all []string
	for _, p := range installed {
		all = append(all, p.Version)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}

// explain says which package explains a change, or "".
func (p *packages) explain(f *files, c *Change, k known) string {
	if !p.updated || c.Kind == Moved || !strings.HasPrefix(c.Path, "/") {
		return ""
	}
	if slices.ContainsFunc(c.What, func(w string) bool { return !slices.Contains([]string{"content", "size", "modified", "target"}, w) }) {
		return "" // what else changed is not in the package's digest
	}
	if p.bookkeeping(c.Path) {
		return "the package database"
	}
	var pkg string
	for s := range k {
		if k[s] < 0 {
			continue
		}
		owner, ok := p.vouches(Side(s), f, k[s])
		if !ok || pkg != "" && owner != pkg {
			return ""
		}
		pkg = owner
	}
	return p.change(pkg)
}

// change says how the version of a package differs, or "" where it does not.
func (p *packages) change(pkg string) string {
	name, _, _ := strings.Cut(pkg, ":")
	was, before := p.versions[Source][name]
	now, after := p.versions[Backup][name]
	switch {
	case before && after && was != now:
		return fmt.Sprintf("%s %s → %s", name, was, now)
	case before && !after:
		return fmt.Sprintf("%s %s was removed", name, was)
	case after && !before:
		return fmt.Sprintf("%s %s was installed", name, now)
	}
	return ""
}

// vouches says which package of a side has the file as it is there. Directories and links have no digest: that it names them is enough.
func (p *packages) vouches(s Side, f *files, i int) (pkg string, ok bool) {
	file, x := f.file(s, i), p.index[s]
	if !file.IsRegular() {
		pkg = x.Owner(file.Path)
		return pkg, pkg != ""
	}
	pkg, state := x.State(file.Path, func(h crypto.Hash) ([]byte, error) { return shipped.Sum(file.Object, h) })
	return pkg, state == finding.AsShipped
}

// databases are the files that package managers write when packages change. A path ends with a slash where all below it counts.
func databases() []string {
	return []string{
		"/var/lib/dpkg/status", "/var/lib/dpkg/status-old", "/var/lib/dpkg/available", "/var/lib/dpkg/available-old", "/var/lib/dpkg/lock",
		"/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/triggers/", "/var/lib/apt/extended_states", "/var/lib/apt/lists/", "/var/lib/rpm/",
		"/usr/lib/sysimage/rpm/", "/lib/apk/db/", "/usr/lib/apk/db/", "/etc/ld.so.cache",
	}
}

// bookkeeping reports whether a file is written because packages were: the database, or what dpkg keeps of a package that changed.
func (p *packages) bookkeeping(file string) bool {
	for _, d := range databases() {
		if file == d || strings.HasSuffix(d, "/") && strings.HasPrefix(file, d) {
			return true
		}
	}
	dir, name := path.Split(file)
	if dir != "/var/lib/dpkg/info/" {
		return false
	}
	pkg, _, _ := strings.Cut(strings.TrimSuffix(name, path.Ext(name)), ":")
	return p.change(pkg) != ""
}
