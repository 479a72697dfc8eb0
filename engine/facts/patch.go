package facts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/guestctl/guestctl/internal/fault"
	"github.com/guestctl/guestctl/internal/nearest"
)

// Patch is what a user assumes about a guest: a JSON merge patch (RFC 7396) over the domains of its document.
type Patch struct {
	File string // it was read from
	// Paths are the values it sets or removes, as JSON pointers (RFC 6901) into the document, in order.
	Paths []string

	domains    map[string]any
	collectors []Collector
}

// ReadPatch reads a patch in JSON, or in TOML where the file's name ends with .toml. It is refused where it is for a domain
// that no collector fills, or sets what the domain does not have. An error about the text is a *fault.Error.
func ReadPatch(file string, text []byte, collectors []Collector) (*Patch, error) {
	p := &Patch{File: file, collectors: collectors}
	var err error
	if filepath.Ext(file) == ".toml" {
		p.domains, err = patchOfTOML(file, text)
	} else {
		p.domains, err = patchOfJSON(file, text)
	}
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(p.domains)) {
		if err := p.check(name); err != nil {
			return nil, err
		}
		p.Paths = append(p.Paths, pointers("/"+pointerPart(name), p.domains[name])...)
	}
	if len(p.Paths) == 0 {
		return nil, &fault.Error{File: file, Message: "assumes nothing"}
	}
	return p, nil
}

// check refuses an unknown domain, and values that the domain cannot have.
func (p *Patch) check(name string) error {
	c := p.collector(name)
	if c == nil {
		names := make([]string, len(p.collectors))
		for i := range p.collectors {
			names[i] = p.collectors[i].Name
		}
		return &fault.Error{File: p.File, Message: fmt.Sprintf("%q is no domain of facts", name), Suggestion: nearest.Word(name, names)}
	}
	if p.domains[name] == nil {
		return nil
	}
	if err := fieldError(reflect.TypeOf(c.New()), p.domains[name], name); err != nil {
		return &fault.Error{File: p.File, Message: err.Error()}
	}
	if _, err := patched(c.New(), p.domains[name], c); err != nil {
		return &fault.Error{File: p.File, Message: err.Error()}
	}
	return nil
}

func (p *Patch) collector(name string) *Collector {
	i := slices.IndexFunc(p.collectors, func(c Collector) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &p.collectors[i]
}

// Apply returns a document with what is assumed; d stays as it is. A domain that is removed is one the guest does not have.
// One that the guest does not have, or that was not collected, is then OK with what is assumed. One that could not be read
// stays so: to assume a part of it says nothing about the rest.
func (p *Patch) Apply(d *Document) (*Document, error) {
	out := &Document{d.Schema, d.Meta, maps.Clone(d.Collectors), maps.Clone(d.Facts)}
	if out.Collectors == nil {
		out.Collectors = map[string]Status{}
	}
	if out.Facts == nil {
		out.Facts = map[string]any{}
	}
	for name, assumed := range p.domains {
		if assumed == nil {
			delete(out.Facts, name)
			out.Collectors[name] = Status{State: Absent}
			continue
		}
		c := p.collector(name)
		have := out.Facts[name]
		if have == nil {
			have = c.New()
		}
		v, err := patched(have, assumed, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.File, err)
		}
		out.Facts[name] = v
		if st, ok := out.Collectors[name]; !ok || st.State == Absent {
			out.Collectors[name] = Status{State: OK}
		}
	}
	return out, nil
}

// patched returns a copy of a domain with the patch applied.
func patched(domain, patch any, c *Collector) (any, error) {
	b, err := json.Marshal(domain)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	var before any
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&before); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	if b, err = json.Marshal(mergePatch(before, patch)); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	after := c.New()
	var kind *json.UnmarshalTypeError
	if err := json.Unmarshal(b, after); errors.As(err, &kind) {
		return nil, fmt.Errorf("%s.%s is a JSON %s, want %s", c.Name, kind.Field, kind.Value, kind.Type)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	return after, nil
}

// mergePatch is the function MergePatch of RFC 7396, section 2.
func mergePatch(target, patch any) any {
	fields, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	out := map[string]any{}
	if have, ok := target.(map[string]any); ok {
		out = maps.Clone(have)
	}
	for name, v := range fields {
		if v == nil {
			delete(out, name)
		} else {
			out[name] = mergePatch(out[name], v)
		}
	}
	return out
}

// pointers lists what a patch sets or removes.
func pointers(at string, patch any) []string {
	fields, ok := patch.(map[string]any)
	if !ok || len(fields) == 0 {
		return []string{at}
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		all = append(all, pointers(at+"/"+pointerPart(name), fields[name])...)
	}
	return all
}

func pointerPart(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

func patchOfJSON(file string, text []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var domains map[string]any
	err := dec.Decode(&domains)
	if err == nil && domains == nil {
		return nil, &fault.Error{File: file, Message: "null, want an object with domains of facts"}
	}
	if err == nil {
		if _, err := dec.Token(); !errors.Is(err, io.EOF) {
			return nil, faultAt(file, text, int(dec.InputOffset()), "something follows the object")
		}
		return domains, nil
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return nil, faultAt(file, text, int(syntax.Offset)-1, syntax.Error())
	case errors.As(err, &kind):
		return nil, faultAt(file, text, 0, kind.Value+", want an object with domains of facts")
	}
	return nil, faultAt(file, text, len(text), "the text ends too early")
}

func patchOfTOML(file string, text []byte) (domains map[string]any, err error) {
	defer func() {
		// The library ends with a panic where its lexer and its parser disagree.
		if r := recover(); r != nil {
			domains, err = nil, &fault.Error{File: file, Message: "not TOML that can be read"}
		}
	}()
	var wrong toml.ParseError
	if _, err := toml.Decode(string(text), &domains); errors.As(err, &wrong) {
		return nil, faultAt(file, text, wrong.Position.Start, wrong.Message)
	} else if err != nil {
		return nil, &fault.Error{File: file, Message: err.Error()}
	}
	return domains, nil
}

// faultAt is an error at an offset of the text.
func faultAt(file string, text []byte, off int, message string) error {
	before := text[:min(max(off, 0), len(text))]
	line := bytes.Count(before, []byte("\n"))
	column := len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:])))
	return &fault.Error{File: file, Line: line + 1, Column: column + 1, Message: message}
}
