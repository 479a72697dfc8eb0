package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/BurntSushi/toml"
)

// DocumentFormat is one way to write a document that is not a result, such as facts.
type DocumentFormat struct {
	Name  string
	Write func(w io.Writer, v any) error
}

// DocumentFormats lists the formats; the first is the default. Several documents after each other stay apart.
func DocumentFormats() []DocumentFormat {
	return []DocumentFormat{
		{"json", WriteJSON},
		{"yaml", func(w io.Writer, v any) error {
			if _, err := io.WriteString(w, "---\n"); err != nil {
				return err
			}
			return WriteYAML(w, v)
		}},
		{"toml", WriteTOML},
	}
}

// DocumentNames lists the names of the formats.
func DocumentNames() []string {
	var names []string
	for _, f := range DocumentFormats() {
		names = append(names, f.Name)
	}
	return names
}

// FindDocument returns the format called name.
func FindDocument(name string) (DocumentFormat, error) {
	for _, f := range DocumentFormats() {
		if f.Name == name {
			return f, nil
		}
	}
	return DocumentFormat{}, fmt.Errorf("no format %q, want one of %s", name, strings.Join(DocumentNames(), ", "))
}

// WriteTOML writes any document of this program as TOML, with the names of WriteJSON. TOML has no null: what is not known
// is left out.
func WriteTOML(w io.Writer, v any) error {
	b, err := marshal(v)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var doc map[string]any
	if err := dec.Decode(&doc); err != nil {
		return err
	}
	enc := toml.NewEncoder(w)
	enc.Indent = ""
	return enc.Encode(withoutNull(doc))
}

// withoutNull drops what TOML cannot say, and turns numbers into their types.
func withoutNull(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, item := range v {
			if item == nil {
				delete(v, name)
			} else {
				v[name] = withoutNull(item)
			}
		}
	case []any:
		kept := v[:0]
		for _, item := range v {
			if item != nil {
				kept = append(kept, withoutNull(item))
			}
		}
		return kept
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String()
	}
	return v
}
