package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/nearest"
)

// compiler makes the checks of one file.
type compiler struct {
	src      *source
	words    []splitWord
	labels   map[string]string // of the images that are judged
	header   header
	checks   []Check
	at       map[string]int // offset of each check by its id
	disabled []disabled
	picks    []pick   // of built-in checks in Rego
	skipped  []string // of those
	level    string   // of those, "" for all
	dirs     []textAt // with Rego
	params   map[string]map[string]param
	also     []string // texts of other files that checks were made of
	lists    []Input  // those files
	malware  Malware
	verify   Verify
	drift    Drift
	backup   Backup

	// waivers and what [waivers] says of them.
	waivers     []readWaiver
	waiverRules waiverRules

	warnings []Warning
	errs     []error // the first ones
	failures int     // all of them
	// incomplete is set when a file could not be read: what it would have defined is not missed.
	incomplete bool
	expanded   int // bytes that variables put in
}

// header is what a file says about itself. Pointers and empty values are "not said".
type header struct {
	id, title, version string
	frameworks         []string
	minCoverage        *float64
	severity           finding.Severity
	appliesTo          *condition
}

type disabled struct {
	Disabled
	err func(suggestion string) error
}

func (c *compiler) fail(off int, format string, args ...any) { c.failSuggest(off, "", format, args...) }

func (c *compiler) failSuggest(off int, suggestion, format string, args ...any) {
	c.failures++
	if len(c.errs) > maxErrors {
		return
	}
	err := c.src.errorf(off, format, args...)
	err.Suggestion = suggestion
	c.errs = append(c.errs, err)
}

func (c *compiler) warn(off int, format string, args ...any) {
	c.warnings = append(c.warnings, c.src.warnf(off, format, args...))
}

// compile reads the whole file. The header goes first, whatever its place: its defaults hold for all checks.
func (c *compiler) compile(root *node) {
	keys := slices.Clone(root.keys)
	if i := slices.Index(keys, baselineTable); i > 0 {
		keys = slices.Concat([]string{baselineTable}, keys[:i], keys[i+1:])
	}
	for _, name := range keys {
		c.key(root.table[name], []string{name})
	}
}

// key reads one key and what is below it.
func (c *compiler) key(n *node, path []string) {
	if len(c.errs) > maxErrors {
		return
	}
	found, table := find(c.words, path)
	switch {
	case found != nil:
		found.read(c, n)
	case free(n.name):
	case table && n.table == nil:
		c.notTable(n, path)
	case table && n.path == MalwareCheck && len(n.keys) == 0:
		askForScan(c, n)
	case table:
		for _, name := range n.keys {
			c.key(n.table[name], slices.Concat(path, []string{name}))
		}
	default:
		c.unknownPath(n, path)
	}
}

// notTable refuses a value in the place of a table. Where only one key can be meant, it is named.
func (c *compiler) notTable(n *node, path []string) {
	suggestion := ""
	if keys := below(c.words, path); len(keys) == 1 {
		suggestion = n.path + "." + keys[0]
	}
	c.failSuggest(n.at, suggestion, "%s is %s, want %s", n.path, n.kind(), kindTable)
}

func (c *compiler) unknownPath(n *node, path []string) {
	parent, known := path[:len(path)-1], below(c.words, path[:len(path)-1])
	suggestion := nearest.Word(n.name, known)
	switch {
	case suggestion != "":
		suggestion = strings.Join(append(slices.Clone(parent), suggestion), ".")
	default:
		suggestion = elsewhere(c.words, n.name)
	}
	what := "key"
	if n.table != nil {
		what = "table"
	}
	c.failSuggest(n.key, suggestion, "unknown %s %s%s", what, n.path, hint(suggestion, known))
}

// unknownKey refuses a key of an inline table.
func (c *compiler) unknownKey(n *node, known []string) {
	suggestion := nearest.Word(n.name, known)
	c.failSuggest(n.key, suggestion, "unknown key %s%s", n.path, hint(suggestion, known))
}

// hint names what can stand in a place, when nothing near was found.
func hint(suggestion string, known []string) string {
	if suggestion != "" || len(known) == 0 {
		return ""
	}
	return ", want " + listed(known)
}

// wantKind reports whether n has the kind wanted, and refuses it when not.
func (c *compiler) wantKind(n *node, want ...string) bool {
	if slices.Contains(want, n.kind()) {
		return true
	}
	c.fail(n.at, "%s is %s, want %s", n.describe(), n.kind(), listed(want))
	return false
}

func (n *node) describe() string {
	if n.name == "" {
		return "an entry of " + n.path
	}
	return n.path
}

// text returns a string. A value of another kind is refused and gives "".
func (c *compiler) text(n *node) string {
	s, ok := n.value.(string)
	if !ok {
		c.wantKind(n, kindString)
		return ""
	}
	if strings.TrimSpace(s) == "" {
		c.fail(n.at, "%s is empty", n.describe())
	}
	return s
}

// textAt is a string of a list, and where it stands.
type textAt struct {
	text string
	at   int
}

// texts returns a list of strings. Values of another kind are refused and left out.
func (c *compiler) texts(n *node) []textAt {
	texts := []textAt{}
	if !c.wantKind(n, kindList) {
		return texts
	}
	for _, item := range n.list {
		if s := c.text(item); s != "" {
			texts = append(texts, textAt{s, item.at})
		}
	}
	return texts
}

func textsOf(list []textAt) []string {
	texts := make([]string, len(list))
	for i := range list {
		texts[i] = list[i].text
	}
	return texts
}

// each makes one check of every entry of a list.
func each(read func(c *compiler, n *node)) func(*compiler, *node) {
	return func(c *compiler, n *node) {
		if !c.wantKind(n, kindList) {
			return
		}
		for _, item := range n.list {
			read(c, item)
		}
	}
}

// add takes a check in, with what the file and the entry's options say about it. check.Severity is the default of its kind.
func (c *compiler) add(n *node, check Check, o options) {
	switch {
	case o.severity != "":
		check.Severity = o.severity
	case c.header.severity != "":
		check.Severity = c.header.severity
	case check.Severity == "":
		check.Severity = finding.Medium
	}
	if o.id != "" {
		check.ID = o.id
	}
	if len(o.refs) > 0 {
		check.Controls = map[string][]string{"refs": o.refs}
	}
	if o.reason != "" {
		check.Notes = append(check.Notes, "reason: "+o.reason)
	}
	check.Fix = o.fix
	check.asks = cmp.Or(check.asks, n.written())
	check.Position = finding.Position{File: c.src.name, Line: c.src.line(n.key)}
	for _, cond := range []*condition{c.header.appliesTo, o.when} {
		if cond != nil {
			check.conditions = append(check.conditions, *cond)
		}
	}
	if at, ok := c.at[check.ID]; ok {
		c.fail(n.key, "duplicate check %s, first at line %d; give one of them an id of its own", check.ID, c.src.line(at))
		return
	}
	if len(c.checks) == maxChecks {
		c.fail(n.key, "more than %d checks in one file", maxChecks)
	}
	if len(c.checks) < maxChecks {
		c.checks = append(c.checks, check)
	}
	if c.at == nil {
		c.at = map[string]int{}
	}
	c.at[check.ID] = n.key
}

// quote writes a word of the user into a message.
func quote(s string) string { return fmt.Sprintf("%q", s) }
