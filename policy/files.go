package policy

import (
	"fmt"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// guestPath checks a path of the guest as a baseline writes it. It must be absolute and in its shortest form, since it is the
// check's id. Patterns are refused unless they are allowed.
func (c *compiler) guestPath(at int, p string, patterns bool) bool {
	switch {
	case p == "":
	case !strings.HasPrefix(p, "/"):
		c.fail(at, "%q is not a path from the root of the guest", p)
	case strings.ContainsRune(p, 0):
		c.fail(at, "%q is no path: a zero byte", p)
	case path.Clean(p) != p:
		c.failSuggest(at, quote(path.Clean(p)), "%q is not the shortest form of the path", p)
	case isPattern(p) && !patterns:
		c.fail(at, "%q is a pattern, which cannot be used here; name each file", p)
	case isPattern(p) && strings.Contains(p, "**"):
		c.fail(at, "%q: ** is no pattern here, * matches one name", p)
	case isPattern(p) && !validPattern(p):
		c.fail(at, "%q is no pattern: a [ without its ]", p)
	default:
		return true
	}
	return false
}

// isPattern reports whether a path has wildcards. A lone [ is a name: /usr/bin/[ is a program.
func isPattern(p string) bool {
	if strings.ContainsAny(p, "*?") {
		return true
	}
	i := strings.IndexByte(p, '[')
	return i >= 0 && strings.IndexByte(p[i:], ']') > 0
}

func validPattern(p string) bool {
	_, err := path.Match(p, "")
	return err == nil
}

// pathEntry reads one entry of a list of paths, in its short or long form, and starts its check.
func pathEntry(c *compiler, n *node, list string) (p string, check Check, o options, ok bool) {
	at, o, ok := c.textEntry(n, "path")
	if !ok {
		return p, check, o, false
	}
	p, _ = at.value.(string)
	check = Check{ID: list + ":" + p, Path: p}
	if isPattern(p) {
		check.Needs.Globs = []string{p}
	} else {
		check.Needs.Files = map[string]facts.FileRequest{p: {}}
	}
	return p, check, o, c.guestPath(at.at, p, true)
}

func mustExist(c *compiler, n *node) {
	p, check, o, ok := pathEntry(c, n, "files.must_exist")
	if !ok {
		return
	}
	check.Title = p + " exists"
	check.Eval = func(doc *facts.Document) Outcome {
		if isPattern(p) {
			found := matched(doc, p)
			o := Outcome{Status: finding.Pass, Expected: "exists", Actual: countOf(found), Message: countOf(found), Where: locations(found)}
			if len(found) == 0 {
				o.Status, o.Actual, o.Message = finding.Fail, "absent", "nothing matches "+p
			}
			return o
		}
		f := file(doc, p)
		if !f.Exists {
			return missing(p, f)
		}
		return Outcome{Status: finding.Pass, Expected: "exists", Actual: f.Type, Message: "exists", Where: fileWhere(p, f)}
	}
	c.add(n, check, o)
}

func mustNotExist(c *compiler, n *node) {
	p, check, o, ok := pathEntry(c, n, "files.must_not_exist")
	if !ok {
		return
	}
	check.Title = p + " does not exist"
	check.Eval = func(doc *facts.Document) Outcome {
		o := Outcome{Status: finding.Pass, Expected: "absent", Actual: "absent", Message: "absent"}
		if isPattern(p) {
			if found := matched(doc, p); len(found) > 0 {
				o.Status, o.Actual, o.Message, o.Where = finding.Fail, countOf(found), countOf(found), locations(found)
			}
			return o
		}
		f := file(doc, p)
		switch {
		case f.Exists:
			o.Status, o.Actual, o.Message, o.Where = finding.Fail, f.Type, "exists: "+f.Type, fileWhere(p, f)
		case f.Link != "" || f.Type != "":
			o = missing(p, f)
			o.Expected, o.Message = "absent", "exists: a link that leads to nothing"
		}
		return o
	}
	c.add(n, check, o)
}

// file returns what is at a path that a check needs; the gate made sure that it was read.
func file(doc *facts.Document, p string) *facts.File {
	files, _ := facts.Get[facts.Files](doc, domainFiles)
	return (*files)[p]
}

func matched(doc *facts.Document, pattern string) []string {
	globs, _ := facts.Get[facts.Globs](doc, domainGlobs)
	return (*globs)[pattern].Paths
}

// missing is the failure of a check whose file is not there.
func missing(p string, f *facts.File) Outcome {
	o := Outcome{
		Status: finding.Fail, Expected: "exists", Actual: "absent", Message: "does not exist",
		Where: []finding.Location{{Path: p}},
	}
	if f.Link != "" {
		o.Actual = "dangling link"
		o.Message = "a link that leads to nothing"
		o.Notes = []string{fmt.Sprintf("%s is a link to %s, which does not exist in the guest", p, f.Link)}
	}
	return o
}

// fileWhere names the file that was judged, which is another than the one asked for when a link was followed.
func fileWhere(p string, f *facts.File) []finding.Location {
	if f.Resolved == "" || f.Resolved == p {
		return []finding.Location{{Path: p}}
	}
	return []finding.Location{{Path: f.Resolved, Note: "by way of " + p}}
}

const maxListed = 20 // paths of one pattern in a finding

func locations(paths []string) []finding.Location {
	var where []finding.Location
	for _, p := range paths[:min(len(paths), maxListed)] {
		where = append(where, finding.Location{Path: p})
	}
	return where
}

func countOf(paths []string) string {
	if len(paths) == 1 {
		return "1 match"
	}
	return fmt.Sprintf("%d matches", len(paths))
}

// entryTable reads the value of a table whose keys are paths: a path, then a string or an inline table.
func (c *compiler) entryTable(n *node, own ...string) (o options, ok bool) {
	if !c.guestPath(n.key, n.name, false) {
		return o, false
	}
	if n.table == nil {
		return o, true
	}
	return c.options(n, own...)
}
