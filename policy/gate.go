package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// The domains that checks of this package read.
const (
	domainOS       = "os"
	domainFiles    = "files"
	domainGlobs    = "globs"
	domainPackages = "packages"
)

const maxProblems = 5 // of one domain, in one finding

// gate decides a check whose facts do not allow to ask it. Unknown goes before notapplicable.
func (c *Check) gate(doc *facts.Document) (Outcome, bool) {
	for _, name := range c.Needs.Domains {
		if problem := domainProblem(doc, name); problem != "" {
			o := unknown(problem)
			o.Where = problemLocations(doc.Collectors[name].Problems)
			return o, true
		}
	}
	for _, path := range slices.Sorted(maps.Keys(c.Needs.Files)) {
		if problem := fileProblem(doc, path); problem != "" {
			o := unknown(problem)
			o.Where = []finding.Location{{Path: path}}
			return o, true
		}
	}
	for _, pattern := range c.Needs.Globs {
		if problem := globProblem(doc, pattern); problem != "" {
			return unknown(problem), true
		}
	}
	for _, path := range c.Needs.Registry {
		if problem := registryProblem(doc, path); problem != "" {
			return unknown(problem), true
		}
		if doc.Collectors[domainRegistry].State == facts.Absent {
			return Outcome{Status: finding.NotApplicable, Message: "the guest has no " + domainRegistry}, true
		}
	}
	for _, name := range c.Needs.Domains {
		if doc.Collectors[name].State == facts.Absent && !slices.Contains(c.Absent, name) {
			return Outcome{Status: finding.NotApplicable, Message: "the guest has no " + name}, true
		}
	}
	return Outcome{}, false
}

// domainProblem says why a domain cannot be judged by, or "".
func domainProblem(doc *facts.Document, name string) string {
	st, ok := doc.Collectors[name]
	switch {
	case !ok:
		return fmt.Sprintf("%s: not among the facts", name)
	case st.State == facts.Absent:
		return ""
	case st.State != facts.OK:
		return fmt.Sprintf("%s: %s", name, problemText(st))
	case doc.Facts[name] == nil:
		return fmt.Sprintf("%s: nothing was collected", name)
	}
	return ""
}

// problemText is the first problem of a domain, with the place it was met at.
func problemText(st facts.Status) string {
	if len(st.Problems) == 0 {
		return string(st.State)
	}
	p := st.Problems[0]
	text := problemMessage(p)
	if p.Path != "" && p.Line > 0 {
		text = fmt.Sprintf("%s:%d: %s", p.Path, p.Line, text)
	} else if p.Path != "" {
		text = p.Path + ": " + text
	}
	if more := len(st.Problems) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

// problemMessage is a problem without the path it stands beside, which errors of files repeat.
func problemMessage(p facts.Problem) string {
	if _, rest, ok := strings.Cut(p.Message, p.Path+": "); ok && p.Path != "" {
		return rest
	}
	return p.Message
}

func problemLocations(problems []facts.Problem) []finding.Location {
	var where []finding.Location
	for _, p := range problems[:min(len(problems), maxProblems)] {
		if p.Path != "" {
			where = append(where, finding.Location{Path: p.Path, Line: p.Line, Note: problemMessage(p)})
		}
	}
	return where
}

// fileProblem says why a file cannot be judged, or "". The domain may be partial because of another file.
func fileProblem(doc *facts.Document, path string) string {
	if problem := collectedProblem(doc, domainFiles); problem != "" {
		return problem
	}
	files, ok := facts.Get[facts.Files](doc, domainFiles)
	if !ok || (*files)[path] == nil {
		return path + " was not collected"
	}
	if problem := (*files)[path].Error; problem != "" {
		return path + ": " + problem
	}
	return ""
}

// globProblem says why what matches a pattern is not known, or "".
func globProblem(doc *facts.Document, pattern string) string {
	if problem := collectedProblem(doc, domainGlobs); problem != "" {
		return problem
	}
	globs, ok := facts.Get[facts.Globs](doc, domainGlobs)
	if !ok || (*globs)[pattern] == nil {
		return pattern + " was not collected"
	}
	if problem := (*globs)[pattern].Error; problem != "" {
		return pattern + ": " + problem
	}
	return ""
}

// collectedProblem says why nothing of a domain with entries can be used, or "".
func collectedProblem(doc *facts.Document, name string) string {
	st, ok := doc.Collectors[name]
	switch {
	case !ok:
		return fmt.Sprintf("%s: not among the facts", name)
	case st.State != facts.OK && st.State != facts.Partial:
		return fmt.Sprintf("%s: %s", name, problemText(st))
	}
	return ""
}
