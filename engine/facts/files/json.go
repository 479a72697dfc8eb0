package files

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/guestctl/guestctl/engine/facts"
)

const maxJSONDepth = 100 // lists and tables inside each other

// jsonReader walks a JSON text (RFC 8259) token by token and keeps what is asked for.
type jsonReader struct {
	*json.Decoder
	keep    *keep
	content []byte
	line    int // of the byte at counted
	counted int64
}

func parseJSON(k *keep, content []byte) error {
	r := &jsonReader{Decoder: json.NewDecoder(bytes.NewReader(content)), keep: k, content: content, line: 1}
	r.UseNumber()
	if _, err := r.value("", 0); err != nil {
		return r.explain(err)
	}
	if _, err := r.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("line %d: something follows the value", r.at())
	}
	return nil
}

func (r *jsonReader) explain(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("ends before its value does")
	}
	return fmt.Errorf("line %d: %w", r.at(), err)
}

// at returns the line of the token read last.
func (r *jsonReader) at() int {
	off := min(r.InputOffset(), int64(len(r.content)))
	r.line += bytes.Count(r.content[r.counted:off], []byte{'\n'})
	r.counted = off
	return r.line
}

// value reads one value, whose key is key, and what is in it.
func (r *jsonReader) value(key string, depth int) (facts.FileSetting, error) {
	t, err := r.Token()
	if err != nil {
		return facts.FileSetting{}, err
	}
	line := r.at()
	v := facts.FileSetting{}
	switch t := t.(type) {
	case json.Delim:
		if depth == maxJSONDepth {
			return v, fmt.Errorf("more than %d lists and tables inside each other", maxJSONDepth)
		}
		if v.Kind = "list"; t == '{' {
			v.Kind = "table"
		}
		v.List, err = r.inside(key, t == '{', depth+1)
	case string:
		v.Kind, v.Value = "string", t
	case json.Number:
		v.Kind, v.Value = "number", t.String()
	case bool:
		v.Kind, v.Value = "bool", strconv.FormatBool(t)
	default:
		v.Kind, v.Value = "null", "null"
	}
	if err != nil || !r.keep.wants(key) || key == "" {
		return v, err
	}
	if len(v.Value) > maxValue || len(v.List) > maxValues {
		return v, fmt.Errorf("%s is too long: %d bytes, %d entries", key, len(v.Value), len(v.List))
	}
	kept := v
	kept.List = append([]string(nil), v.List...)
	r.keep.take(key, line, kept)
	return v, nil
}

// inside reads what is in a list or table, and returns the entries of a list where they are asked for.
func (r *jsonReader) inside(key string, table bool, depth int) ([]string, error) {
	var list []string
	for i := 0; r.More(); i++ {
		name := strconv.Itoa(i)
		if table {
			t, err := r.Token()
			if err != nil {
				return nil, err
			}
			name, _ = t.(string)
		}
		if key != "" {
			name = key + "." + name
		}
		if len(name) > maxValue {
			return nil, fmt.Errorf("a key of %d bytes, want at most %d", len(name), maxValue)
		}
		v, err := r.value(name, depth)
		if err != nil {
			return nil, err
		}
		if !table && r.keep.wants(key) && len(list) <= maxValues {
			list = append(list, entry(v))
		}
	}
	_, err := r.Token()
	return list, err
}

// entry writes one entry of a list.
func entry(v facts.FileSetting) string {
	switch {
	case v.Kind == "list":
		return "[]"
	case v.Kind == "table":
		return "{}"
	case len(v.Value) > maxValue:
		return v.Value[:maxValue] + "…"
	}
	return v.Value
}
