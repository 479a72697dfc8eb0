package policy

import (
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/nearest"
)

const (
	domainRegistry = "registry"
	wholeText      = 64 << 10 // bytes of a value that the facts tell; of a longer one they have the beginning
)

// registryTypes are the types of values as reg.exe has them, without REG_ and in lower case.
func registryTypes() []string {
	return []string{"none", "sz", "expand_sz", "binary", "dword", "dword_big_endian", "link", "multi_sz", "qword"}
}

// registryEntry is what a baseline says of one value.
type registryEntry struct {
	path  registryPath
	kind  string // "REG_DWORD"; "" is any
	value *node  // that it must have; nil where something else is said about it
	bare  bool   // only whether it is there is asked
}

// registryValue reads 'HKLM\…\Name' = { type = "dword", value = 0 }, a value without its type, or { absent = true }.
func registryValue(c *compiler, n *node) {
	p, err := parseRegistryPath(n.name)
	if err != nil {
		c.fail(n.key, "%s is %v", n.path, err)
		return
	}
	e := &registryEntry{path: p, value: n}
	if n.table != nil {
		var ok bool
		if n, ok = c.registryWords(n, e); !ok {
			return
		}
	}
	s := &setting{
		id: "registry:" + n.name, title: n.name, kind: openSetting, registry: []string{p.asked()},
		read: e.read, fix: e.add, normal: e.normal(), same: e.same(),
		unset: fmt.Sprintf("reg delete %s %s /f", quoted(p.key), valueSwitch(p.name)),
	}
	c.setting(n, s)
}

// registryWords turns the words that only this table has into operators: value is equals, absent is exists turned round, and the type
// is a property of the whole.
func (c *compiler) registryWords(n *node, e *registryEntry) (*node, bool) {
	before := c.failures
	as := *n
	as.table, as.keys = maps.Clone(n.table), nil
	e.bare, e.value = true, n.table["value"]
	for _, name := range n.keys {
		v := n.table[name]
		switch {
		case name == "type":
			e.kind = c.registryType(v)
			delete(as.table, name)
			continue
		case name == "value":
			name, e.bare = c.renamed(&as, name, "equals", v), false
		case name == "absent":
			c.wantKind(v, kindBoolean)
			absent, _ := v.value.(bool)
			turned := *v
			turned.value = !absent
			name = c.renamed(&as, name, "exists", &turned)
		case name != "exists" && !slices.Contains(optionKeys(), name) && !free(name):
			e.bare = false
		}
		as.keys = append(as.keys, name)
	}
	if gone := as.table["exists"]; gone != nil && gone.value == false && (!e.bare || e.kind != "") {
		c.fail(n.at, "%s must be absent, and have a value or a type", n.path)
	}
	if e.kind != "" && len(as.keys) == 0 {
		c.fail(n.at, "%s says nothing about its value, want value or absent", n.path)
	}
	return &as, c.failures == before
}

func (c *compiler) renamed(n *node, from, to string, v *node) string {
	if n.table[to] != nil {
		c.fail(v.key, "%s has %s and %s, which say the same", n.path, from, to)
	}
	as := *v
	as.name = to
	delete(n.table, from)
	n.table[to] = &as
	return to
}

func (c *compiler) registryType(n *node) string {
	known := registryTypes()
	word := strings.TrimPrefix(strings.ToLower(c.text(n)), "reg_")
	if word != "" && !slices.Contains(known, word) {
		suggestion := nearest.Word(word, known)
		c.failSuggest(n.at, suggestion, "%s is %q%s", n.path, word, hint(suggestion, known))
	}
	return "REG_" + strings.ToUpper(word)
}

// normal writes a wanted value as the facts have those of its type.
func (e *registryEntry) normal() func(string) (string, error) {
	switch e.kind {
	case "REG_DWORD", "REG_DWORD_BIG_ENDIAN":
		return func(v string) (string, error) { return registryNumber(v, 32) }
	case "REG_QWORD":
		return func(v string) (string, error) { return registryNumber(v, 64) }
	case "REG_BINARY", "REG_NONE":
		return func(v string) (string, error) {
			b, err := hex.DecodeString(strings.NewReplacer(" ", "", ",", "").Replace(v))
			if err != nil {
				return "", fmt.Errorf("%q is no bytes, want hexadecimal digits", v)
			}
			return hex.EncodeToString(b), nil
		}
	}
	return nil
}

func registryNumber(v string, bits int) (string, error) {
	n, err := strconv.ParseUint(v, 0, bits)
	if err != nil {
		return "", fmt.Errorf("%q is no number of %d bits", v, bits)
	}
	return strconv.FormatUint(n, 10), nil
}

// same compares bytes by their digits.
func (e *registryEntry) same() func(want, got string) bool {
	if e.kind != "REG_BINARY" && e.kind != "REG_NONE" {
		return nil
	}
	return func(want, got string) bool {
		return strings.EqualFold(want, strings.NewReplacer(" ", "", ",", "").Replace(got))
	}
}

// read is what the guest has at the path.
func (e *registryEntry) read(doc *facts.Document) (reading, Outcome) {
	const fallback = "Windows' own default holds"
	v := registryFact(doc, e.path.asked())
	o := Outcome{Where: e.where(v)}
	switch {
	case !v.Exists:
		o.Notes = []string{"not set: " + fallback}
		if !v.KeyExists {
			o.Notes = []string{"its key does not exist: " + fallback}
		}
		return reading{fallback: fallback}, o
	case e.bare && e.kind == "":
		return reading{set: true, value: cmpText(v)}, o
	case e.kind != "" && v.Type != e.kind:
		o.Status, o.Expected, o.Actual = finding.Fail, e.kind, v.Type
		o.Message = fmt.Sprintf("want %s, is %s", e.kind, v.Type)
		return reading{}, o
	case v.Redacted:
		u := unknown("the value looks like a secret, which stays in the guest")
		u.Where = o.Where
		return reading{}, u
	case len(v.Text) > wholeText:
		u := unknown(fmt.Sprintf("the value has more than %d bytes, of which the rest was not read", wholeText))
		u.Where = o.Where
		return reading{}, u
	}
	return reading{set: true, value: v.Text, list: v.Texts, many: v.Type == "REG_MULTI_SZ"}, o
}

// cmpText is the value for people; of a secret only its type is known.
func cmpText(v facts.RegistryEntry) string {
	if v.Redacted || v.Text == "" {
		return v.Type
	}
	return v.Text
}

func (e *registryEntry) where(v facts.RegistryEntry) []finding.Location {
	at := location(v.Source, "")
	if at.Path == "" {
		at.Path = e.path.key
	}
	if at.Text == "" {
		at.Text = e.path.asked()
	}
	return []finding.Location{at}
}

// add is the command that sets the value.
func (e *registryEntry) add(doc *facts.Document, want string) string {
	kind := e.kind
	if kind == "" {
		kind = registryFact(doc, e.path.asked()).Type
	}
	v := e.value
	if v != nil && v.list != nil {
		var all []string
		for _, item := range v.list {
			all = append(all, fmt.Sprint(item.value))
		}
		want = strings.Join(all, `\0`)
	}
	if kind == "" {
		kind = guessedType(v)
	}
	return fmt.Sprintf("reg add %s %s /t %s /d %s /f", quoted(e.path.key), valueSwitch(e.path.name), kind, quoted(want))
}

// guessedType is the type of a value that is nowhere, by what is wanted of it.
func guessedType(v *node) string {
	switch {
	case v == nil:
		return "REG_DWORD" // a bound, which only numbers have
	case v.list != nil:
		return "REG_MULTI_SZ"
	case v.kind() == kindInteger || v.kind() == kindBoolean:
		return "REG_DWORD"
	}
	return "REG_SZ"
}

func valueSwitch(name string) string {
	if name == "" {
		return "/ve"
	}
	return "/v " + quoted(name)
}

// quoted is a word for a command line of Windows.
func quoted(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\"&|<>^%()") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`
}

// registryFact is what the facts say of a path, which the gate has looked at.
func registryFact(doc *facts.Document, asked string) facts.RegistryEntry {
	all, ok := facts.Get[facts.Registry](doc, domainRegistry)
	if !ok {
		return facts.RegistryEntry{}
	}
	return (*all)[asked]
}

// registryProblem says why a value of the registry is not known, or "". What is wrong with one hive is nothing to the values of others; a
// value that is in a hive which was not written to the end may be another by now.
func registryProblem(doc *facts.Document, asked string) string {
	st := doc.Collectors[domainRegistry]
	if st.State == facts.Absent {
		return ""
	}
	if problem := collectedProblem(doc, domainRegistry); problem != "" {
		return problem
	}
	all, ok := facts.Get[facts.Registry](doc, domainRegistry)
	if !ok {
		return domainRegistry + ": nothing was collected"
	}
	entry, ok := (*all)[asked]
	if !ok {
		return asked + " was not collected"
	}
	if entry.Error != "" {
		return asked + ": " + entry.Error
	}
	for _, p := range st.Problems {
		if ofHive(p, asked, entry) {
			return fmt.Sprintf("%s: %s", asked, problemText(facts.Status{State: st.State, Problems: []facts.Problem{p}}))
		}
	}
	return ""
}

// ofHive tells whether a problem is one of the hive that a path is in. One that names no file is one of all.
func ofHive(p facts.Problem, asked string, entry facts.RegistryEntry) bool {
	if p.Path == "" || p.Path == entry.Source.Path {
		return true
	}
	key, _, _ := strings.Cut(asked, "!")
	root := registryPath{key: key}.root()
	own := map[string]string{`HKU\.DEFAULT`: "DEFAULT"}[strings.ToUpper(root)]
	if hive, machine := strings.CutPrefix(root, `HKLM\`); machine {
		own = hive
	}
	file := strings.ToUpper(path.Base(p.Path))
	if own == "" {
		// Which profile is whose is told by SOFTWARE.
		return file == "NTUSER.DAT" && entry.Source.Path == "" || file == "SOFTWARE"
	}
	return strings.EqualFold(file, own) || !slices.Contains(append(registryHives(), "DEFAULT", "NTUSER.DAT"), file)
}
