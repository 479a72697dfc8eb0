package report

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"

	"github.com/goccy/go-yaml"

	"github.com/guestctl/guestctl/audit"
)

// JSON writes the result as JSON.
func JSON(w io.Writer, r *audit.Result) error { return WriteJSON(w, r) }

// YAML writes the same document as JSON does, as YAML.
func YAML(w io.Writer, r *audit.Result) error { return WriteYAML(w, r) }

// WriteJSON writes any document of this program as indented JSON. Bytes that are not UTF-8 become \x.. escapes.
func WriteJSON(w io.Writer, v any) error {
	b, err := marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// WriteYAML writes any document of this program as YAML, with the same names and order as WriteJSON.
func WriteYAML(w io.Writer, v any) error {
	b, err := marshal(v)
	if err != nil {
		return err
	}
	y, err := yaml.JSONToYAML(b)
	if err != nil {
		return err
	}
	_, err = w.Write(y)
	return err
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	if err := enc.Encode(valid(reflect.ValueOf(v)).Interface()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
