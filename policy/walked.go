package policy

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

const (
	domainScan = "scan"
	maxShown   = 20 // objects in one finding
)

// The verdicts on something the walk over all files may find.
const (
	verdictAllow = "allow"
	verdictWarn  = "warn"
	verdictDeny  = "deny"
)

// offender is one object that should not be as it is.
type offender struct{ path, note string }

// worldWritable judges files that everyone may write, and directories in which everyone may also remove what others made.
func worldWritable(c *compiler, n *node) {
	verdict(c, n, "No file is writable by everyone", func(s *facts.Scan) ([]offender, int) {
		bad := entries(s.WorldWritableFiles)
		total := s.Counts["world_writable_files"]
		for _, e := range s.WorldWritableDirs {
			if !e.Sticky {
				bad = append(bad, offender{e.Path, "directory, mode " + e.Mode})
			}
		}
		// of the directories that were not told any may be without the sticky bit
		total += s.Counts["world_writable_dirs"] - len(s.WorldWritableDirs) + len(bad) - len(s.WorldWritableFiles)
		return bad, total
	})
}

func unownedIDs(c *compiler, n *node) {
	verdict(c, n, "Every file belongs to a known user and group", func(s *facts.Scan) ([]offender, int) {
		var bad []offender
		for _, e := range s.Unowned {
			bad = append(bad, offender{e.Path, fmt.Sprintf("user %d is not in passwd", e.UID)})
		}
		for _, e := range s.Ungrouped {
			bad = append(bad, offender{e.Path, fmt.Sprintf("group %d is not in group", e.GID)})
		}
		return bad, s.Counts["unowned"] + s.Counts["ungrouped"]
	})
}

func entries(list []facts.ScanEntry) []offender {
	var all []offender
	for _, e := range list {
		all = append(all, offender{e.Path, e.Type + ", mode " + e.Mode})
	}
	return all
}

// verdict reads "allow", "warn" or "deny" and makes the check: "warn" fails with a low severity, and "allow" only tells.
func verdict(c *compiler, n *node, title string, find func(*facts.Scan) (bad []offender, total int)) {
	before := c.failures
	shapeVerdict(c, n)
	if c.failures > before {
		return
	}
	text := c.text(n)
	check := Check{ID: n.path, Title: title, Needs: facts.Request{Domains: []string{domainScan}}}
	if text == verdictWarn {
		check.Severity = finding.Low
	}
	check.Eval = func(doc *facts.Document) Outcome {
		return judgeWalk(doc, func(s *facts.Scan) Outcome {
			bad, total := find(s)
			o := outcomeOf(bad, total, "none")
			if text == verdictAllow && o.Status != finding.Unknown {
				o.Status = finding.Pass
			}
			return o
		})
	}
	c.add(n, check, options{})
}

// suidAllow reads the list of programs, or patterns of them, that may be setuid or setgid.
func suidAllow(c *compiler, n *node) {
	before := c.failures
	allowed := textsOf(c.texts(n))
	for _, p := range allowed {
		if _, err := path.Match(p, ""); err != nil || !strings.HasPrefix(p, "/") {
			c.fail(n.at, "%s has %q, want an absolute path or a pattern of one", n.path, p)
		}
	}
	if c.failures > before {
		return
	}
	c.add(n, Check{
		ID: n.path, Title: "Only listed programs are setuid or setgid", Needs: facts.Request{Domains: []string{domainScan}},
		Eval: func(doc *facts.Document) Outcome {
			return judgeWalk(doc, func(s *facts.Scan) Outcome {
				var bad []offender
				listed := 0
				told := slices.Concat(s.SUID, s.SGID)
				for i, e := range told {
					listed++
					if slices.ContainsFunc(told[:i], func(o facts.ScanEntry) bool { return o.Path == e.Path }) {
						continue // it is both
					}
					if !slices.ContainsFunc(allowed, func(p string) bool { return samePath(p, e.Path) }) {
						bad = append(bad, offender{e.Path, "mode " + e.Mode})
					}
				}
				return outcomeOf(bad, len(bad)+s.Counts["suid"]+s.Counts["sgid"]-listed, "all are listed")
			})
		},
	}, options{})
}

// capabilitiesAllow reads a table of programs with the capabilities each may have, as getcap writes them.
func capabilitiesAllow(c *compiler, n *node) {
	before := c.failures
	shapeTextTable(c, n)
	if c.failures > before {
		return
	}
	var allowed []program
	for _, name := range n.keys {
		allowed = append(allowed, program{name, c.text(n.table[name])})
	}
	c.add(n, Check{
		ID: n.path, Title: "Only listed programs have capabilities", Needs: facts.Request{Domains: []string{domainScan}},
		Eval: func(doc *facts.Document) Outcome {
			return judgeWalk(doc, func(s *facts.Scan) Outcome {
				var bad []offender
				for _, e := range s.Capabilities {
					if want, ok := capabilitiesOf(allowed, e.Path); !ok {
						bad = append(bad, offender{e.Path, e.Capabilities + ", and is not listed"})
					} else if plainCapabilities(want) != plainCapabilities(e.Capabilities) {
						bad = append(bad, offender{e.Path, e.Capabilities + ", want " + want})
					}
				}
				return outcomeOf(bad, len(bad)+s.Counts["capabilities"]-len(s.Capabilities), "all are listed")
			})
		},
	}, options{})
}

// program is what a baseline allows one program.
type program struct{ path, capabilities string }

// capabilitiesOf returns what is allowed a file: by its own path, else by the first pattern that matches.
func capabilitiesOf(allowed []program, file string) (string, bool) {
	for _, p := range allowed {
		if p.path == file {
			return p.capabilities, true
		}
	}
	for _, p := range allowed {
		if samePath(p.path, file) {
			return p.capabilities, true
		}
	}
	return "", false
}

// plainCapabilities makes texts equal that mean the same: the names of a group in any order, + for = in the first group.
func plainCapabilities(text string) string {
	groups := strings.Fields(strings.ToLower(text))
	for i, g := range groups {
		at := strings.IndexAny(g, "=+-")
		if at < 0 {
			continue
		}
		names := strings.Split(g[:at], ",")
		slices.Sort(names)
		flags := []byte(g[at+1:])
		slices.Sort(flags)
		sign := g[at : at+1]
		if i == 0 && sign == "+" {
			sign = "="
		}
		groups[i] = strings.Join(names, ",") + sign + string(flags)
	}
	return strings.Join(groups, " ")
}

// samePath reports whether a path or pattern of a baseline is for the file, also where the baseline names the directory
// that became a link to the one in /usr.
func samePath(pattern, file string) bool {
	for _, p := range []string{pattern, "/usr" + pattern} {
		if ok, err := path.Match(p, file); ok && err == nil || p == file {
			return p == pattern || strings.HasPrefix(pattern, "/bin/") || strings.HasPrefix(pattern, "/sbin/") || strings.HasPrefix(pattern, "/lib")
		}
	}
	return false
}

func judgeWalk(doc *facts.Document, judge func(*facts.Scan) Outcome) Outcome {
	s, ok := facts.Get[facts.Scan](doc, domainScan)
	switch {
	case !ok:
		return unknown("the files of the guest were not scanned")
	case !s.Complete:
		return unknown("the scan of the guest's files is not complete")
	}
	o := judge(s)
	for _, t := range s.Skipped {
		if t.Reason != "runtime" {
			o.Notes = append(o.Notes, t.Path+" was not looked into: "+t.Reason)
		}
	}
	return o
}

// outcomeOf tells the offenders. When there may be more than those that are told, having none among them proves nothing.
func outcomeOf(bad []offender, total int, good string) Outcome {
	if len(bad) == 0 && total > 0 {
		return unknown(fmt.Sprintf("the facts tell of %d objects fewer than there are", total))
	}
	if len(bad) == 0 {
		return Outcome{Status: finding.Pass, Expected: "none", Actual: good, Message: good}
	}
	o := Outcome{Status: finding.Fail, Expected: "none"}
	var names []string
	for i, b := range bad {
		if i < maxShown {
			o.Where = append(o.Where, finding.Location{Path: b.path, Note: b.note})
		}
		if i < maxProblems {
			names = append(names, b.path)
		}
	}
	o.Actual = fmt.Sprintf("%d: %s", total, strings.Join(names, ", "))
	if total > len(names) {
		o.Actual += ", …"
	}
	o.Message = o.Actual
	return o
}
