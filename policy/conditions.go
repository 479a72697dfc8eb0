package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/finding"
)

// condition says for which guests a check is meant: the operating system is one of os, the architecture one of arch, and
// every label is as wanted.
type condition struct {
	text   string
	os     []osTerm
	arch   []string
	labels []labelTerm
	// unix says that the check is about what Linux and its like have, whatever is called the same on a Windows.
	unix bool
}

var errNoOS = errors.New("the guest does not say which operating system it is")

// osTerm is an operating system by the ID of its os-release, with the versions it is meant for.
type osTerm struct {
	id      string
	version constraint
}

// gate decides a check whose condition does not hold, or of which that is not known.
func (c condition) gate(doc *facts.Document) (Outcome, bool) {
	if c.unix && doc.Meta.System == guest.Windows {
		return Outcome{Status: finding.NotApplicable, Message: "for Linux, the guest is a Windows"}, true
	}
	for _, l := range c.labels {
		if !l.holds() {
			return Outcome{Status: finding.NotApplicable, Message: fmt.Sprintf("for %s, %s", strings.TrimPrefix(c.text, "with "), l.is())}, true
		}
	}
	if !c.needsOS() {
		return Outcome{}, false
	}
	problem := domainProblem(doc, domainOS)
	found, ok := facts.Get[facts.OS](doc, domainOS)
	if problem == "" && (!ok || found.ID == "") {
		problem = errNoOS.Error()
	}
	if problem != "" {
		return unknown(fmt.Sprintf("whether it applies (%s) is not known: %s", c.text, problem)), true
	}
	matchesArch := len(c.arch) == 0 || slices.Contains(c.arch, archName(found.Arch))
	matchesOS, err := c.matchesOS(found)
	switch {
	case err == nil && matchesOS && matchesArch:
		return Outcome{}, false
	case err == nil && matchesOS && found.Arch == "":
		err = errors.New("no architecture was found")
	}
	if err != nil && (matchesArch || found.Arch == "") {
		return unknown(fmt.Sprintf("whether it applies (%s) is not known: %v", c.text, err)), true
	}
	is := strings.TrimSpace(found.ID + " " + found.VersionID + " " + found.Arch)
	return Outcome{Status: finding.NotApplicable, Message: fmt.Sprintf("for %s, the guest is %s", c.text, is)}, true
}

func (c condition) matchesOS(guest *facts.OS) (bool, error) {
	var unclear error
	for _, t := range c.os {
		holds, err := t.holds(guest)
		if holds {
			return true, nil
		}
		unclear = cmp.Or(unclear, err)
	}
	return len(c.os) == 0, unclear
}

func (t osTerm) holds(guest *facts.OS) (bool, error) {
	if t.id != guest.ID {
		return false, nil
	}
	if len(t.version.terms) == 0 {
		return true, nil
	}
	if guest.VersionID == "" {
		return false, fmt.Errorf("%s does not say its version", guest.ID)
	}
	return t.version.holds(guest.VersionID, releaseOrder)
}

// archName returns the kernel's name of an architecture for the name that Debian and others give it.
func archName(name string) string {
	switch name {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	case "i386":
		return "i686"
	case "ppc64el":
		return "ppc64le"
	}
	return name
}

func conditionKeys() []string { return []string{"os", "arch", "labels"} }

// condition reads when = { os = [...], arch = [...], labels = { ... } }.
func (c *compiler) condition(n *node) (cond condition, ok bool) {
	if !c.wantKind(n, kindTable) {
		return cond, false
	}
	ok = true
	for _, name := range n.keys {
		v := n.table[name]
		switch {
		case name == "os":
			for _, text := range c.texts(v) {
				cond.os = append(cond.os, c.osTerm(text))
			}
		case name == "arch":
			for _, text := range c.texts(v) {
				cond.arch = append(cond.arch, archName(text.text))
				c.doubtful(text.at, "architecture", archName(text.text), archNames)
			}
		case name == "labels":
			if cond.labels, ok = c.labelTerms(v); !ok {
				return cond, false
			}
		case !free(name):
			c.unknownKey(v, conditionKeys())
			ok = false
		}
	}
	if len(cond.os)+len(cond.arch)+len(cond.labels) == 0 && ok {
		c.fail(n.at, "%s names no operating system, no architecture and no label", n.path)
		ok = false
	}
	cond.text = cond.describe()
	return cond, ok
}

func (c *compiler) osTerm(t textAt) osTerm {
	i := strings.IndexAny(t.text, "<>=!")
	if i < 0 {
		c.doubtful(t.at, "operating system", t.text, osIDs)
		return osTerm{id: t.text}
	}
	version, err := parseConstraint(t.text[i:])
	if err != nil {
		c.fail(t.at, "%v", err)
	}
	id := strings.TrimSpace(t.text[:i])
	if id == "" {
		c.fail(t.at, "%q names no operating system, want one such as \"debian==12\"", t.text)
	}
	c.doubtful(t.at, "operating system", id, osIDs)
	return osTerm{id: id, version: version}
}

func (c condition) describe() string {
	var words []string
	for _, t := range c.os {
		words = append(words, t.id+t.version.text)
	}
	text := listed(words)
	if len(c.arch) > 0 {
		text = strings.TrimSpace(text + " on " + listed(c.arch))
	}
	for _, l := range c.labels {
		text = strings.TrimSpace(text + " with " + l.text())
	}
	return text
}
