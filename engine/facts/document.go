// Package facts defines the document of facts about one guest ("guestctl.facts/1") and how a collector fills it.
//
// The types of every domain stand here, one file per domain, because the document is the contract between the collectors
// (one package each below this one), the judges and stored history. Three rules hold for all of them: an effective value
// carries the file and line it came from and what it overrode; what could not be read is a problem on the domain's
// status and never a made-up default; a secret never enters the document.
package facts

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/guestctl/guestctl/engine/guest"
)

// Schema names this version of the document.
const Schema = "guestctl.facts/1"

// Document holds the facts of one guest.
type Document struct {
	Schema     string
	Meta       Meta
	Collectors map[string]Status
	// Facts has one entry per domain, the pointer its collector's New returns: Get takes it out typed.
	Facts map[string]any
}

// Meta says of what the facts are.
type Meta struct {
	Image ImageMeta `json:"image"`
	Root  RootMeta  `json:"root"`
	// System is "windows" for a Windows, and nothing for every other guest.
	System guest.System `json:"system,omitempty"`
	Tool   string       `json:"tool_version"`
	// NowDay is the day of the collection in days since 1970-01-01 UTC, for checks on ages.
	NowDay int `json:"now_day"`
}

// ImageMeta is the image the facts were read from.
type ImageMeta struct {
	Name   string `json:"path"` // as the user gave it
	Format string `json:"format"`
	Size   int64  `json:"size"` // of the virtual disk, in bytes
}

// RootMeta is the file system the guest's root is on.
type RootMeta struct {
	Device string `json:"device"`
	// Name is what --root calls the guest where that is more than its device: "p2:@/.snapshots/2/snapshot".
	Name string `json:"name,omitempty"`
	// Path leads from the top of the file system to the root: "@".
	Path   string `json:"path,omitempty"`
	FSType string `json:"fstype"`
	UUID   string `json:"uuid"`
	// Layers are the volumes that it lays over each other, the upper first; none where it is one file system.
	Layers []string `json:"layers,omitempty"`
}

// Called is what --root calls the guest.
func (r RootMeta) Called() string { return cmp.Or(r.Name, r.Device) }

// State is how the collection of one domain went.
type State string

// The states. Only OK facts and Absent ones may be judged; the others are unknown.
const (
	OK          State = "ok"
	Absent      State = "absent"      // the guest has no such thing
	Partial     State = "partial"     // some of it could not be read or is not to be believed
	Error       State = "error"       // nothing usable was read
	Unsupported State = "unsupported" // the guest has it in a form this version does not read
)

// Status is the state of one domain, with the files that were read for it.
type Status struct {
	State    State     `json:"status"`
	Files    []string  `json:"files"`
	Problems []Problem `json:"problems"`
	// Ignored is what is wrong in these files and means nothing, since the guest's own programs pass over it too: the facts are whole.
	Ignored []Problem `json:"ignored,omitempty"`
}

// Problem is one thing that went wrong, and where. Line counts from 1; 0 means the whole file.
type Problem struct {
	Path    string `json:"path"`
	Line    int    `json:"line,omitempty"`
	Message string `json:"message"`
}

// Source is the place in the guest a value came from. Line counts from 1; 0 means the whole file.
type Source struct {
	Path string `json:"path"`
	Line int    `json:"line,omitempty"`
	Text string `json:"text,omitempty"` // the line as found, where it holds no secret
}

// Value is an effective setting with its provenance.
type Value[T any] struct {
	Value    T           `json:"value"`
	Explicit bool        `json:"explicit"`                     // false: a default nobody wrote down
	Source   *Source     `json:"source" jsonschema:"nullable"` // nil when not explicit
	Shadowed []Shadow[T] `json:"shadowed,omitempty"`
}

// Shadow is a value that was written and is not in effect.
type Shadow[T any] struct {
	Source
	Value T `json:"value"`
}

// Get returns the domain called name when it was collected, whatever its status.
func Get[T any](d *Document, name string) (*T, bool) {
	v, ok := d.Facts[name].(*T)
	return v, ok && v != nil
}

// MarshalJSON writes the schema first, by which a file is recognised, then meta, collectors, and the domains in the order
// of their names.
func (d *Document) MarshalJSON() ([]byte, error) {
	values := map[string]any{"schema": d.Schema, "meta": d.Meta, "collectors": d.Collectors}
	maps.Copy(values, d.Facts)
	names := append([]string{"schema", "meta", "collectors"}, slices.Sorted(maps.Keys(d.Facts))...)
	var b bytes.Buffer
	for i, name := range names {
		b.WriteByte("{,"[min(i, 1)])
		for j, v := range []any{name, values[name]} {
			if j > 0 {
				b.WriteByte(':')
			}
			text, err := json.Marshal(v)
			if err != nil {
				return nil, fmt.Errorf("facts: %s: %w", name, err)
			}
			b.Write(text)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Decode reads a document back. The collectors tell the types of the domains; a domain that none of them fills is an
// error, since judging without it would miss something that was there. One that lacks what this version has in it is not whole.
func Decode(b []byte, collectors []Collector) (*Document, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, fmt.Errorf("facts document: %w", err)
	}
	d := &Document{Facts: map[string]any{}}
	targets := map[string]any{"schema": &d.Schema, "meta": &d.Meta, "collectors": &d.Collectors}
	for _, c := range collectors {
		if _, ok := raw[c.Name]; ok {
			d.Facts[c.Name] = c.New()
			targets[c.Name] = d.Facts[c.Name]
		}
	}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		target, ok := targets[name]
		if !ok {
			return nil, fmt.Errorf("facts document: unknown domain %q", name)
		}
		if err := json.Unmarshal(raw[name], target); err != nil {
			return nil, fmt.Errorf("facts document: %s: %w", name, err)
		}
	}
	if d.Schema != Schema {
		return nil, fmt.Errorf("facts document: schema %q, want %q", d.Schema, Schema)
	}
	return d, d.distrust(func(name string, v *any) error { return json.Unmarshal(raw[name], v) })
}

// distrust makes the domains partial that lack what this version has in every document. as decodes a domain as it was written.
func (d *Document) distrust(as func(name string, v *any) error) error {
	for _, name := range slices.Sorted(maps.Keys(d.Facts)) {
		st := d.Collectors[name]
		if st.State != OK {
			continue
		}
		var v any
		if err := as(name, &v); err != nil {
			return fmt.Errorf("facts document: %s: %w", name, err)
		}
		path := name
		if v != nil {
			path = lacking(reflect.TypeOf(d.Facts[name]), v, name)
		}
		if path != "" {
			st.State = Partial
			st.Problems = append(slices.Clone(st.Problems), Problem{Message: "the document does not tell " + path + ": another version wrote it"})
			d.Collectors[name] = st
		}
	}
	return nil
}
