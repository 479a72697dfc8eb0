package tree

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/finding"
)

// explainer tells what accounts for changes.
type explainer struct {
	*comparison
	before, after *shipped.Index
	packages      map[string]string // that changed, with how
	rules         []rule
	links         []pathPattern
}

// explain gives every change its class. The databases are read when there is one.
func (c *comparison) explain(ctx context.Context) (err error) {
	if len(c.result.Changes) == 0 {
		return nil
	}
	e := &explainer{comparison: c, packages: changedPackages(c.Before.Versions, c.After.Versions), rules: rules(), links: linkDirs()}
	if e.before, err = c.Before.Packages(ctx, c.Before.Guest); err != nil {
		return err
	}
	if e.after, err = c.After.Packages(ctx, c.After.Guest); err != nil {
		return err
	}
	for i, x := range []*shipped.Index{e.before, e.after} {
		for _, p := range x.Problems {
			c.result.Doubts = append(c.result.Doubts, Unread{p.Path, []string{"before: ", "now: "}[i] + p.Err.Error()})
		}
	}
	for i := range c.result.Changes {
		if err := ctx.Err(); err != nil {
			return err
		}
		e.one(&c.result.Changes[i])
	}
	return nil
}

// changedPackages says of each package that came, went or has another version what it was.
func changedPackages(before, after map[string]string) map[string]string {
	changed := map[string]string{}
	for name, was := range before {
		if is, ok := after[name]; !ok {
			changed[name] = name + " " + was + " removed"
		} else if is != was {
			changed[name] = name + " " + was + "→" + is
		}
	}
	for name, is := range after {
		if _, ok := before[name]; !ok {
			changed[name] = name + " " + is + " added"
		}
	}
	return changed
}

func (e *explainer) one(c *Change) {
	c.Class = Unexplained
	c.Package = e.after.Owner(c.Path)
	if c.Package == "" {
		c.Package = e.before.Owner(c.Path)
	}
	switch {
	case e.Ignore != nil && e.Ignore(c.Path):
		c.Class = Ignored
	case isVolatile(c):
		c.Class = Volatile
	case e.shipped(c):
	case c.Kind == Corrupted:
	case e.generated(c):
	case e.account(c):
	}
}

// shipped reports whether the databases of both sides account for the change.
func (e *explainer) shipped(c *Change) bool {
	if c.Package == "" {
		return false
	}
	how, moved := e.packages[c.Package]
	var ok bool
	switch c.Kind {
	case Added:
		ok = e.asShipped(e.after, c.After, moved) && (moved || e.claims(c.Path))
	case Removed:
		from, to := e.after.Span(c.Path)
		ok = moved && from == to && !e.after.Holds(c.Path) && (len(e.after.Problems) == 0 || e.After.Versions[c.Package] == "")
	default:
		ok = e.replaced(c, moved)
	}
	if !ok {
		return false
	}
	c.Class, c.By = ByPackage, how
	if !moved {
		c.By = "as " + c.Package + " ships it"
	}
	return true
}

// replaced reports whether a package put another object in the place of its own.
func (e *explainer) replaced(c *Change, moved bool) bool {
	if !e.asShipped(e.before, c.Before, moved) || !e.asShipped(e.after, c.After, moved) {
		return false
	}
	if !moved {
		if c.Before.IsRegular() && c.After.IsRegular() && !e.claims(c.Path) {
			c.Why = c.Package + " has the same version and another digest of it: the package database was changed"
		}
		return false
	}
	const privileged = filesys.ModeSetUID | filesys.ModeSetGID | 0o002
	if gained := c.After.Mode &^ c.Before.Mode & privileged; gained != 0 && !c.After.IsSymlink() && !e.says(c.After) {
		c.Why = "gained rights that the package database does not account for"
		return false
	}
	return true
}

// says reports whether a database gives the object the very mode that it has.
func (e *explainer) says(o *guest.Object) bool {
	f, ok := e.after.File(o.Path)
	return ok && f.Mode != nil && *f.Mode&0o7777 == o.Mode&0o7777
}

// claims reports whether both databases say the same of the content of a file.
func (e *explainer) claims(path string) bool {
	a, okA := e.before.File(path)
	b, okB := e.after.File(path)
	return okA && okB && a.Hash == b.Hash && bytes.Equal(a.Digest, b.Digest)
}

// asShipped reports whether an object is as a package has it. What is no file has no digest: it is accounted for where its package
// changed, and leads where the package says.
func (e *explainer) asShipped(x *shipped.Index, o *guest.Object, moved bool) bool {
	if o.IsRegular() {
		_, state := Shipped(x, o)
		return state == finding.AsShipped
	}
	f, ok := x.File(o.Path)
	if !ok || f.Type != 0 && f.Type != o.Mode&filesys.ModeType {
		return false
	}
	if o.IsSymlink() && f.Target != nil {
		target, err := o.ReadLink()
		return err == nil && target == *f.Target
	}
	return moved && !o.IsDevice()
}

// Shipped says which package owns a regular file, and whether its content is as that package shipped it.
func Shipped(x *shipped.Index, o *guest.Object) (pkg string, state finding.Shipped) {
	return x.State(o.Path, func(h crypto.Hash) ([]byte, error) { return shipped.Sum(*o, h) })
}

// side is the guest and the database of the side that an object is on.
func (e *explainer) side(c *Change) (*guest.Guest, *shipped.Index) {
	if c.After == nil {
		return e.Before.Guest, e.before
	}
	return e.After.Guest, e.after
}

// generated reports whether scripts of a package that changed make such a file.
func (e *explainer) generated(c *Change) bool {
	if len(e.packages) == 0 {
		return false
	}
	if by, ok := e.link(c); ok {
		c.Class, c.By = Generated, by
		return true
	}
	for _, r := range e.rules {
		name, ok := r.match(c.Path)
		if !ok || c.privileged() {
			continue
		}
		if by, ok := e.by(name, r.packages); ok {
			c.Class, c.By = Generated, by
			return true
		}
	}
	return e.compiled(c)
}

// by returns which change of packages a rule goes by.
func (e *explainer) by(name string, prefixes []string) (string, bool) {
	if name != "" {
		how, ok := e.packages[name]
		return how, ok
	}
	if len(prefixes) == 0 {
		return "scripts of packages", true
	}
	for _, pkg := range slices.Sorted(maps.Keys(e.packages)) {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(pkg, p) }) {
			return e.packages[pkg], true
		}
	}
	return "", false
}

// link explains a link in one of the directories that scripts keep, which leads to a file of a package that changed.
func (e *explainer) link(c *Change) (string, bool) {
	o := c.After
	if o == nil {
		o = c.Before
	}
	target, err := o.ReadLink()
	if !o.IsSymlink() || err != nil || c.Before != nil && !c.Before.IsSymlink() {
		return "", false
	}
	kept := strings.HasPrefix(target, "/etc/alternatives/") || slices.ContainsFunc(e.links, func(re pathPattern) bool { return re.MatchString(c.Path) })
	if !kept {
		return "", false
	}
	g, x := e.side(c)
	leads, err := g.Resolve(c.Path)
	if err != nil {
		leads = path.Join(path.Dir(c.Path), target)
		if path.IsAbs(target) {
			leads = path.Clean(target)
		}
	}
	owner := x.Owner(leads)
	how, moved := e.packages[owner]
	return how, moved && owner != ""
}

// compiled explains what Python makes of a source of a package that changed.
func (e *explainer) compiled(c *Change) bool {
	name, ok := strings.CutSuffix(path.Base(c.Path), ".pyc")
	dir := path.Dir(c.Path)
	switch {
	case ok && path.Base(dir) == "__pycache__":
		name, _, _ = strings.Cut(name, ".")
		dir = path.Dir(dir)
	case path.Base(c.Path) == "__pycache__":
		return e.holder(c, dir)
	case !ok:
		return false
	}
	_, x := e.side(c)
	how, moved := e.packages[x.Owner(path.Join(dir, name+".py"))]
	if moved {
		c.Class, c.By = Generated, how
		return true
	}
	by, ok := e.by("", []string{"python3"})
	if ok && x.Owner(path.Join(dir, name+".py")) != "" {
		c.Class, c.By = Generated, by
	}
	return c.Class == Generated
}

// holder explains a directory beside what a package that changed owns.
func (e *explainer) holder(c *Change, dir string) bool {
	_, x := e.side(c)
	how, moved := e.packages[x.Owner(dir)]
	if moved {
		c.Class, c.By = Generated, how
	}
	return moved
}

// privileged tells a file that runs with the rights of its owner: no script makes one.
func (c *Change) privileged() bool {
	o := c.After
	return o != nil && o.IsRegular() && o.Mode&(filesys.ModeSetUID|filesys.ModeSetGID) != 0
}

// Describe says what there is now, or was, for people.
func (c *Change) Describe() string {
	o := c.After
	if o == nil {
		o = c.Before
	}
	text := fmt.Sprintf("%s, mode %04o, owner %d:%d", filesys.TypeName(o.Mode), o.Mode&0o7777, o.UID, o.GID)
	if o.IsRegular() {
		text += fmt.Sprintf(", %d bytes", o.Size)
	}
	return text + ", modified " + o.Modify.UTC().Format("2006-01-02T15:04:05Z")
}
