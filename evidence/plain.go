package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDepth is how deep JSON may be nested.
const maxDepth = 32

// plain refuses JSON that two readers may take for different things: with a name twice, names that differ in case alone, bytes that are
// not UTF-8, something behind its end, or deep nesting.
func plain(b []byte) error {
	if !utf8.Valid(b) {
		return errors.New("not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := value(dec, 0); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind its end, want one document")
	}
	return nil
}

func value(dec *json.Decoder, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("nested more than %d deep", maxDepth)
	}
	start, err := dec.Token()
	if err != nil {
		return err
	}
	delim, nested := start.(json.Delim)
	if !nested {
		return nil
	}
	seen := map[string]bool{}
	for dec.More() {
		if delim == '{' {
			if err := name(dec, seen); err != nil {
				return err
			}
		}
		if err := value(dec, depth+1); err != nil {
			return err
		}
	}
	_, err = dec.Token() // the end
	return err
}

func name(dec *json.Decoder, seen map[string]bool) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	s, ok := t.(string)
	if !ok {
		return errors.New("no name of a member")
	}
	key := strings.Map(folded, s)
	if seen[key] {
		return fmt.Errorf("%q is there twice", s)
	}
	seen[key] = true
	return nil
}

// folded is the smallest of the letters that encoding/json takes for the same.
func folded(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return least
}

// only refuses members beside those that are known.
func only(members map[string]json.RawMessage, known ...string) error {
	var others []string
	for name := range members {
		if !slices.Contains(known, name) {
			others = append(others, fmt.Sprintf("%q", name))
		}
	}
	if len(others) == 0 {
		return nil
	}
	slices.Sort(others)
	return fmt.Errorf("%w: it brings %s along, which nobody signed; keys come from the trust list alone", ErrRefused, strings.Join(others, ", "))
}
