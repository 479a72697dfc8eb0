package policy

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// mode is what the mode of a file must be: exactly bits, or no bit outside of bits.
type mode struct {
	bits   uint64
	subset bool
}

// rights is what a baseline says about one path; nil and empty are "not said".
type rights struct {
	mode         *mode
	owner, group string // alternatives separated by |
}

// rightsKeys are the keys that say whose a file must be, and what its mode must be.
func rightsKeys() []string { return []string{"mode", "mode_max", "owner", "group"} }

// permissions reads "/path" = { mode = "<=0640", owner = "root", group = "shadow|root" }, or only a mode.
func permissions(c *compiler, n *node) {
	o, ok := c.entryTable(n, rightsKeys()...)
	if !ok {
		return
	}
	var want rights
	if n.table == nil {
		want.mode, ok = c.mode(n, false)
	} else {
		want, ok = c.rights(n)
	}
	if !ok {
		return
	}
	p := n.name
	c.add(n, Check{
		ID: "files.permissions:" + p, Path: p, Title: p + " has " + want.text(),
		Needs: facts.Request{Files: map[string]facts.FileRequest{p: {}}},
		Eval:  func(doc *facts.Document) Outcome { return judgePermissions(p, file(doc, p), want) },
	}, o)
}

func (c *compiler) rights(n *node) (want rights, ok bool) {
	ok = true
	for _, name := range n.keys {
		v := n.table[name]
		read := true
		switch name {
		case "mode", "mode_max":
			if want.mode != nil {
				c.fail(v.key, "%s has a mode and a mode_max", n.path)
				return want, false
			}
			want.mode, read = c.mode(v, name == "mode_max")
		case "owner":
			want.owner, read = c.alternatives(v)
		case "group":
			want.group, read = c.alternatives(v)
		}
		ok = ok && read
	}
	if ok && want == (rights{}) {
		c.fail(n.at, "%s says nothing, want mode, owner or group", n.path)
		return want, false
	}
	return want, ok
}

func (c *compiler) alternatives(n *node) (string, bool) {
	s := c.text(n)
	for one := range strings.SplitSeq(s, "|") {
		if s != "" && (one == "" || strings.ContainsAny(one, " \t:")) {
			c.fail(n.at, "%s is %q, want names or ids separated by |", n.path, s)
			return "", false
		}
	}
	return s, s != ""
}

// mode reads three or four octal digits, after "<=" or as mode_max as an upper bound of each bit.
func (c *compiler) mode(n *node, most bool) (*mode, bool) {
	if n.kind() == kindInteger {
		c.fail(n.at, "%s is an integer, want octal digits in quotes, such as \"0640\"", n.path)
		return nil, false
	}
	text := c.text(n)
	if text == "" {
		return nil, false
	}
	digits, bound := strings.CutPrefix(text, "<=")
	digits = strings.TrimSpace(digits)
	bits, err := strconv.ParseUint(digits, 8, 12)
	if err != nil || len(digits) < 3 || len(digits) > 4 {
		c.fail(n.at, "%s is %q, want three or four octal digits, such as \"0640\" or \"<=0640\"", n.path, text)
		return nil, false
	}
	return &mode{bits, bound || most}, true
}

func (m *mode) text() string {
	if m.subset {
		return fmt.Sprintf("mode <=%04o", m.bits)
	}
	return fmt.Sprintf("mode %04o", m.bits)
}

func (r rights) text() string {
	var parts []string
	if r.mode != nil {
		parts = append(parts, r.mode.text())
	}
	if r.owner != "" {
		parts = append(parts, "owner "+r.owner)
	}
	if r.group != "" {
		parts = append(parts, "group "+r.group)
	}
	return strings.Join(parts, ", ")
}

func judgePermissions(p string, f *facts.File, want rights) Outcome {
	if !f.Exists {
		o := missing(p, f)
		o.Expected = want.text()
		return o
	}
	o := Outcome{
		Status: finding.Pass, Expected: want.text(), Where: fileWhere(p, f),
		Actual: fmt.Sprintf("%s %s:%s", f.Mode, named(f.Owner, f.UID), named(f.Group, f.GID)),
	}
	o.Message = o.Actual
	if f.ACL {
		o.Notes = append(o.Notes, "has a POSIX access list, which can grant more than the mode says")
	}
	bits, err := strconv.ParseUint(f.Mode, 8, 12)
	if want.mode != nil && err != nil {
		return unknown(fmt.Sprintf("the mode of %s was not collected", p))
	}
	var wrong, fixes []string
	if m := want.mode; m != nil && (m.subset && bits&^m.bits != 0 || !m.subset && bits != m.bits) {
		text := fmt.Sprintf("want %s, is %s", m.text(), f.Mode)
		if m.subset {
			text += fmt.Sprintf(" (%04o too much)", bits&^m.bits)
		}
		wrong, fixes = append(wrong, text), append(fixes, fmt.Sprintf("chmod %04o %s", m.fixed(bits), shellWord(p)))
	}
	if want.owner != "" && !oneOf(want.owner, f.Owner, f.UID) {
		wrong = append(wrong, fmt.Sprintf("want owner %s, is %s", want.owner, named(f.Owner, f.UID)))
		fixes = append(fixes, fmt.Sprintf("chown %s %s", first(want.owner), shellWord(p)))
	}
	if want.group != "" && !oneOf(want.group, f.Group, f.GID) {
		wrong = append(wrong, fmt.Sprintf("want group %s, is %s", want.group, named(f.Group, f.GID)))
		fixes = append(fixes, fmt.Sprintf("chgrp %s %s", first(want.group), shellWord(p)))
	}
	if len(wrong) > 0 {
		o.Status, o.Message, o.Fix = finding.Fail, strings.Join(wrong, "; "), strings.Join(fixes, " && ")
	}
	return o
}

// fixed is the mode to set: the bound is kept to by taking bits away, never by adding some.
func (m *mode) fixed(bits uint64) uint64 {
	if m.subset {
		return bits & m.bits
	}
	return m.bits
}

// oneOf reports whether an owner is among the alternatives. A number stands for the id, a name for the guest's own name of it.
func oneOf(alternatives, name string, id uint32) bool {
	for one := range strings.SplitSeq(alternatives, "|") {
		if n, err := strconv.ParseUint(one, 10, 32); err == nil && uint32(n) == id || one == name {
			return true
		}
	}
	return false
}

func first(alternatives string) string {
	one, _, _ := strings.Cut(alternatives, "|")
	return one
}

func named(name string, id uint32) string {
	if name == "" {
		return strconv.FormatUint(uint64(id), 10)
	}
	return name
}

// shellWord quotes a path for a command line.
func shellWord(s string) string {
	if strings.Trim(s, bareKey+"/.+@%,:=") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
