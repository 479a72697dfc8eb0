package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/finding"
)

const (
	maxWaivers   = 1000      // of one policy
	maxDaysLimit = 100 * 366 // of [waivers] max_days and warn_days
	exampleDay   = "2027-06-30"
	localDate    = "date-local" // what the TOML library calls the zone of a date without a time
)

// waiverVocabulary lists the keys of waivers, which stand in baselines and in files of their own.
func waiverVocabulary() []word {
	return slices.DeleteFunc(vocabulary(), func(w word) bool { return !strings.HasPrefix(w.path, "waiver") })
}

func maxDays(c *compiler, n *node) { c.waiverRules.maxDays = c.waiverDays(n) }

func warnDays(c *compiler, n *node) { c.waiverRules.warnDays = c.waiverDays(n) }

// waiverRules is what [waivers] of one file says. nil is "not said".
type waiverRules struct {
	maxDays, warnDays *int
	requireApproval   *bool
}

// over puts the rules of one more file over r. The stricter word holds, whichever file says it: who writes a waiver must not
// be able to loosen what a baseline asks of it.
func (r waiverRules) over(other waiverRules) waiverRules {
	return waiverRules{
		maxDays:         stricter(r.maxDays, other.maxDays, func(a, b int) bool { return a < b }),
		warnDays:        stricter(r.warnDays, other.warnDays, func(a, b int) bool { return a > b }),
		requireApproval: stricter(r.requireApproval, other.requireApproval, func(a, _ bool) bool { return a }),
	}
}

func stricter[T any](a, b *T, less func(a, b T) bool) *T {
	if a == nil || b != nil && less(*b, *a) {
		return b
	}
	return a
}

// readWaiver is a waiver with what is needed to complain about it later.
type readWaiver struct {
	Waiver
	src       *source
	at        int // of the whole
	expiresAt int
}

func (c *compiler) waiverDays(n *node) *int {
	v, ok := n.value.(int64)
	if !ok {
		c.wantKind(n, kindInteger)
		return nil
	}
	if v < 0 || v > maxDaysLimit {
		c.fail(n.at, "%s is %d, want a number of days from 0 to %d", n.path, v, maxDaysLimit)
		return nil
	}
	days := int(v)
	return &days
}

func requireApproval(c *compiler, n *node) {
	if v, ok := n.value.(bool); c.wantKind(n, kindBoolean) && ok {
		c.waiverRules.requireApproval = &v
	}
}

// waivers reads [[waiver]].
func waivers(c *compiler, n *node) {
	if n.list == nil {
		c.fail(n.key, "%s is %s, want [[waiver]]", n.path, n.kind())
		return
	}
	for _, item := range n.list {
		if c.wantKind(item, kindTable) {
			c.waiver(item)
		}
	}
}

func (c *compiler) waiver(n *node) {
	before := c.failures
	w := readWaiver{src: c.src, at: n.key}
	w.Position = finding.Position{File: c.src.name, Line: c.src.line(n.key)}
	texts := map[string]*string{
		"reason": &w.Reason, "owner": &w.Owner, "approved_by": &w.ApprovedBy, "ticket": &w.Ticket,
	}
	for _, name := range n.keys {
		v := n.table[name]
		switch text := texts[name]; {
		case text != nil:
			*text = c.text(v)
		case name == "rule":
			w.Rule, w.rule = c.pattern(v)
		case name == "expires":
			w.Expires, w.expiresAt = c.day(v), v.at
		case name == "targets":
			c.targets(v, &w)
		case !free(name):
			c.unknownKey(v, slices.Concat(slices.Sorted(maps.Keys(texts)), []string{"expires", "rule", "targets"}))
		}
	}
	for _, name := range []string{"rule", "reason", "owner"} {
		if n.table[name] == nil {
			c.fail(n.at, "a waiver without %s: every exception says what it is for, why, and who answers for it", name)
		}
	}
	if n.table["expires"] == nil {
		c.fail(n.at, "a waiver without expires: every exception ends; write the last day it holds, such as expires = %s", exampleDay)
	}
	if c.failures == before {
		c.waivers = append(c.waivers, w)
	}
}

// pattern reads a pattern of ids or names.
func (c *compiler) pattern(n *node) (string, pattern) {
	text := c.text(n)
	p, err := compilePattern(text)
	if err != nil {
		c.fail(n.at, "%s is %q, which is no pattern: %v", n.describe(), text, err)
	}
	return text, p
}

// day reads a date without a time. What else may have been meant for one is refused with what to write.
func (c *compiler) day(n *node) time.Time {
	switch v := n.value.(type) {
	case time.Time:
		if v.Location().String() == localDate {
			return time.Date(v.Year(), v.Month(), v.Day(), 0, 0, 0, 0, time.UTC)
		}
		c.fail(n.at, "%s is a time of day, want a date alone, such as %s: the whole day counts, in UTC", n.path, exampleDay)
	case int64:
		c.fail(n.at, "%s is the number %d, want a whole date, such as %s", n.path, v, exampleDay)
	case string:
		c.fail(n.at, "%s is a string, want a date without quotes, such as %s", n.path, exampleDay)
	default:
		c.fail(n.at, "%s is %s, want a date, such as %s", n.path, n.kind(), exampleDay)
	}
	return time.Time{}
}

// targets reads targets = { image = [...], os = [...], labels = { ... } }.
func (c *compiler) targets(n *node, w *readWaiver) {
	if !c.wantKind(n, kindTable) {
		return
	}
	before := c.failures
	var words []string
	for _, name := range n.keys {
		v := n.table[name]
		switch {
		case !free(name) && (v.list != nil && len(v.list) == 0 || v.table != nil && len(v.table) == 0):
			c.fail(v.at, "%s is empty and would not narrow the waiver: name what it is for, or leave it out", v.path)
		case name == "image":
			words = append(words, c.targetImages(v, w))
		case name == "os":
			for _, text := range c.texts(v) {
				w.os = append(w.os, c.osTerm(text))
			}
			words = append(words, condition{os: w.os}.describe())
		case name == "labels":
			words = append(words, c.targetLabels(v, w))
		case !free(name):
			c.unknownKey(v, []string{"image", "labels", "os"})
		}
	}
	if len(w.images)+len(w.os)+len(w.labels) == 0 && c.failures == before {
		c.fail(n.at, "%s names no image, no operating system and no label", n.path)
	}
	w.Targets = strings.Join(words, "; ")
}

func (c *compiler) targetImages(n *node, w *readWaiver) string {
	if !c.wantKind(n, kindList) {
		return ""
	}
	var words []string
	for _, item := range n.list {
		text, p := c.pattern(item)
		w.images, words = append(w.images, p), append(words, text)
	}
	return "image " + listed(words)
}

func (c *compiler) targetLabels(n *node, w *readWaiver) string {
	w.labels, _ = c.labelTerms(n)
	var words []string
	for _, l := range w.labels {
		words = append(words, l.text())
	}
	return "label " + strings.Join(words, " and ")
}

// waiverShape is the JSON Schema of [[waiver]]. JSON has no dates: a reader of TOML gives them as strings.
func waiverShape() shape {
	targets := fields(map[string]shape{"image": texts(), "os": texts(), "labels": tableOf(anyOfShapes(text(), texts()))})
	return listOf(fields(map[string]shape{
		"rule": text(), "reason": text(), "owner": text(), "approved_by": text(), "ticket": text(), "targets": targets,
		"expires": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}"},
	}, "rule", "reason", "owner", "expires"))
}

// waiverFile reads a file of waivers.
func (l *loader) waiverFile(name string) error {
	text, err := readFile(name, maxSize)
	if err != nil {
		return &Error{File: name, Message: err.Error()}
	}
	src, root, err := parse(name, text)
	if err != nil {
		return err
	}
	for _, key := range root.keys {
		if key != "waiver" && key != "waivers" && !free(key) {
			l.errs = append(l.errs, src.errorf(root.table[key].key, "%s does not belong into a file of waivers, want [[waiver]] or [waivers]", key))
			delete(root.table, key)
		}
	}
	abs, err := identity(name)
	if err != nil {
		return &Error{File: name, Message: err.Error()}
	}
	if l.state[abs] { // it was read before, as a baseline or as this
		return nil
	}
	l.state[abs] = true
	root.keys = slices.DeleteFunc(root.keys, func(key string) bool { return root.table[key] == nil })
	l.parts = append(l.parts, &document{src: src, root: root, words: waiverVocabulary()})
	return nil
}

// vocabulary lists the words that may stand in the file.
func (d *document) vocabulary() []word {
	if d.words == nil {
		return vocabulary()
	}
	return d.words
}

// settleWaivers holds the waivers of all files against the rules of all files.
func (l *loader) settleWaivers(p *Policy) {
	p.Waivers.WarnDays = defaultWarnDays
	if l.waiverRules.warnDays != nil {
		p.Waivers.WarnDays = *l.waiverRules.warnDays
	}
	ask := l.waiverRules.requireApproval == nil || *l.waiverRules.requireApproval
	seen := map[string]finding.Position{}
	for i := range l.waivers {
		w := &l.waivers[i]
		if err := l.waiverError(w, seen); err != nil {
			l.errs = append(l.errs, err)
			continue
		}
		w.approved = w.ApprovedBy != "" || !ask
		p.Waivers.List = append(p.Waivers.List, w.Waiver)
	}
	if n := len(l.waivers); n > maxWaivers {
		last := &l.waivers[maxWaivers]
		l.errs = append(l.errs, last.src.errorf(last.at, "more than %d waivers", maxWaivers))
	}
}

// waiverError refuses a waiver that holds for too long, and one that is there twice.
func (l *loader) waiverError(w *readWaiver, seen map[string]finding.Position) error {
	if most := l.waiverRules.maxDays; most != nil && w.DaysLeft(l.opts.Now) > *most {
		return w.src.errorf(w.expiresAt, "expires is %d days away, and waivers.max_days allows %d", w.DaysLeft(l.opts.Now), *most)
	}
	key := w.Rule + "\x00" + w.Targets
	if first, ok := seen[key]; ok {
		return w.src.errorf(w.at, "a second waiver for %s and the same targets, the first is at %s:%d; remove one of them",
			w.Rule, first.File, first.Line)
	}
	seen[key] = w.Position
	return nil
}

// String names a waiver for a message.
func (w *Waiver) String() string {
	return fmt.Sprintf("%s:%d (owner %s)", w.Position.File, w.Position.Line, w.Owner)
}
