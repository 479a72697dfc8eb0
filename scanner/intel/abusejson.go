package intel

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

func isAbuseJSON(head []byte) bool {
	return isJSON(head, `ioc_value"`, `ioc_type"`, `sha256_hash"`, `query_status"`, `urlhaus_link"`, `urlhaus_reference"`, `dst_ip"`, `ip_address"`)
}

// readAbuseJSON reads the answers of the interfaces, whose entries are in "data", and the exports, which are objects with an array of
// entries for each number of one.
func readAbuseJSON(b *builder, f *file) error {
	j := newJSONReader(f.r)
	if err := j.arrays(func() error { return b.abuseEntry(j) }); err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}

// arrays calls f for each element of every array that an object has, or of a lone array.
func (j *jsonReader) arrays(f func() error) error {
	d, err := j.delim()
	if err != nil {
		return err
	}
	switch d {
	case '[':
		err = j.elements(f)
	case '{':
		err = j.members(func(string) error {
			switch d, err := j.delim(); {
			case err != nil:
				return err
			case d == '[':
				return j.elements(f)
			case d == '{':
				return j.members(func(string) error { return j.skip() })
			}
			return nil
		})
	default:
		return j.where(errors.New("neither an object nor an array"))
	}
	if err != nil {
		return err
	}
	return j.end()
}

func (b *builder) abuseEntry(j *jsonReader) error {
	var entry map[string]any
	ok, err := j.value(&entry)
	if err != nil {
		return err
	}
	if !ok {
		b.unused("abuse.ch: entry that is no object")
		return nil
	}
	return j.where(b.addRow(func(column string) string { return plain(entry[column]) }))
}

// plain is a value of JSON as text.
func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case json.Number:
		return v.String()
	case []any:
		var words []string
		for _, w := range v {
			words = append(words, plain(w))
		}
		return strings.Join(words, " ")
	}
	return ""
}
