package tree

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/guest"
)

const (
	maxAccountFile = 4 << 20   // bytes
	maxSkeleton    = 256 << 10 // bytes of one file
)

// account reports whether the facts tell the change: it is of lines about users and groups that the facts tell, or made for a new user.
func (e *explainer) account(c *Change) bool {
	by := e.lines(c)
	if by == "" {
		by = e.newHome(c)
		c.NewHome = by != ""
	}
	if by == "" {
		return false
	}
	c.Class, c.By = ByFacts, by
	return true
}

// accountFiles have a line for each account, by its name. Of those with secrets the facts tell less than they hold: only lines that came
// or went with their account are accounted for.
func accountFiles() map[string]bool {
	return map[string]bool{
		"/etc/passwd": false, "/etc/group": false, "/etc/subuid": false, "/etc/subgid": false, "/etc/shadow": true, "/etc/gshadow": true,
	}
}

// lines names the accounts whose lines changed, where the facts tell all of them.
func (e *explainer) lines(c *Change) string {
	name, copied := strings.CutSuffix(c.Path, "-") // the copy that useradd(8) leaves
	secret, ok := accountFiles()[name]
	if !ok || c.Before != nil && c.After != nil && (c.Before.Mode != c.After.Mode || c.Before.UID != c.After.UID || c.Before.GID != c.After.GID) {
		return ""
	}
	before, errBefore := recordsOf(c.Before)
	after, errAfter := recordsOf(c.After)
	if errBefore != nil || errAfter != nil {
		return ""
	}
	if copied {
		return e.copied(name, before, after)
	}
	told := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(union(before, after))) {
		if before[key] == after[key] {
			continue
		}
		if !e.Accounts.Whole[key] && (secret || !e.Accounts.Touched[key]) {
			c.Why = "lines of " + key
			return ""
		}
		told[key] = true
	}
	if len(told) == 0 {
		return ""
	}
	return "accounts " + strings.Join(slices.Sorted(maps.Keys(told)), ", ")
}

// copied explains a copy of a file that holds no line which was not, or is not, in the file itself.
func (e *explainer) copied(name string, before, after map[string]string) string {
	was, errBefore := e.records(e.Before.Guest, name)
	is, errAfter := e.records(e.After.Guest, name)
	if errBefore != nil || errAfter != nil {
		return ""
	}
	for key, lines := range after {
		if lines != before[key] && lines != was[key] && lines != is[key] {
			return ""
		}
	}
	return "a copy of " + name + " as it was"
}

func union(a, b map[string]string) map[string]bool {
	all := map[string]bool{}
	for k := range a {
		all[k] = true
	}
	for k := range b {
		all[k] = true
	}
	return all
}

func (e *explainer) records(g *guest.Guest, path string) (map[string]string, error) {
	b, err := g.ReadFile(path, maxAccountFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return recordsIn(b), err
}

func recordsOf(o *guest.Object) (map[string]string, error) {
	if o == nil {
		return nil, nil
	}
	b, err := o.ReadAll(maxAccountFile)
	return recordsIn(b), err
}

// recordsIn are the lines by their first field. All lines of one name are one record.
func recordsIn(b []byte) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(string(b)) {
		key, _, _ := strings.Cut(strings.TrimRight(line, "\n"), ":")
		all[key] += line
	}
	return all
}

// newHome names the new user whose home this is, as long as it holds what /etc/skel has, or whose empty mail box.
func (e *explainer) newHome(c *Change) string {
	if c.Kind != Added {
		return ""
	}
	for _, user := range slices.Sorted(maps.Keys(e.Accounts.Homes)) {
		home := e.Accounts.Homes[user]
		rest, below := strings.CutPrefix(c.Path, home+"/")
		switch {
		case home == "" || home == "/":
		case (c.Path == "/var/mail/"+user || c.Path == "/var/spool/mail/"+user) && c.After.IsRegular() && c.After.Size == 0,
			c.Path == home && c.After.IsDir(), below && e.skeleton(c.After, "/etc/skel/"+rest):
			return "the new user " + user
		}
	}
	return ""
}

// skeleton reports whether an object is what useradd(8) copies from path.
func (e *explainer) skeleton(o *guest.Object, path string) bool {
	s, err := e.After.Guest.Lstat(path)
	if err != nil || s.Mode != o.Mode {
		return false
	}
	switch {
	case o.IsDir():
		return true
	case o.IsSymlink():
		a, errA := o.ReadLink()
		b, errB := s.ReadLink()
		return errA == nil && errB == nil && a == b
	}
	a, errA := o.ReadAll(maxSkeleton)
	b, errB := s.ReadAll(maxSkeleton)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}
