package luks

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxDepth  = 32  // of nested objects and lists; the specification needs 5, and tokens that hold keys of the web 10
	maxTokens = 1e5 // of the whole metadata, which has at most 4 MiB
)

// strictJSON decodes an object into v, which encoding/json alone does not do strictly: a name that stands twice, or in other letters,
// would be read differently by different programs.
func strictJSON(b []byte, v any) error {
	w := walker{dec: json.NewDecoder(bytes.NewReader(b))}
	w.dec.UseNumber()
	if err := w.value(0); err != nil {
		return err
	}
	if _, err := w.dec.Token(); !errors.Is(err, io.EOF) {
		return binread.Corrupt("more than one value")
	}
	if err := json.Unmarshal(b, v); err != nil {
		return binread.Corrupt("%w", err)
	}
	return nil
}

type walker struct {
	dec    *json.Decoder
	tokens int
}

func (w *walker) token() (json.Token, error) {
	if w.tokens++; w.tokens > maxTokens {
		return nil, binread.Limit("more than %d words", int(maxTokens))
	}
	t, err := w.dec.Token()
	if err != nil {
		return nil, binread.Corrupt("%w", err)
	}
	return t, nil
}

// value reads one value.
func (w *walker) value(depth int) error {
	if depth > maxDepth {
		return binread.Limit("more than %d levels", maxDepth)
	}
	t, err := w.token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('{'):
		return w.object(depth)
	case json.Delim('['):
		for w.dec.More() {
			if err := w.value(depth + 1); err != nil {
				return err
			}
		}
		_, err := w.token()
		return err
	}
	if depth == 0 {
		return binread.Corrupt("no object")
	}
	return nil
}

// object reads what is left of an object.
func (w *walker) object(depth int) error {
	seen := map[string]bool{}
	for w.dec.More() {
		t, err := w.token()
		if err != nil {
			return err
		}
		name, _ := t.(string)
		folded := strings.ToLower(name) // as encoding/json compares names
		if seen[folded] {
			return binread.Corrupt("the name %q stands twice", name)
		}
		seen[folded] = true
		if err := w.value(depth + 1); err != nil {
			return err
		}
	}
	_, err := w.token()
	return err
}
