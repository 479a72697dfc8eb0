package policy

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

const maxSize = 1 << 20 // bytes of one baseline file

// node is one value of a baseline: what the library decoded, and where it stands.
type node struct {
	path   string // dotted, for messages: packages.required.packages
	name   string // last part of the key; "" for an entry of a list
	parent string // the part of the key before it
	key    int    // offset of the last part of its key
	at     int    // offset of the value
	value  any    // string, int64, float64, bool or time.Time of a scalar
	table  map[string]*node
	keys   []string // of table, in the order of the file
	list   []*node
}

// The kinds of TOML values, as messages call them.
const (
	kindString  = "a string"
	kindInteger = "an integer"
	kindFloat   = "a number with a fraction"
	kindBoolean = "true or false"
	kindDate    = "a date"
	kindTable   = "a table"
	kindList    = "a list"
)

func (n *node) kind() string {
	switch {
	case n.table != nil:
		return kindTable
	case n.list != nil:
		return kindList
	}
	switch n.value.(type) {
	case string:
		return kindString
	case int64:
		return kindInteger
	case float64:
		return kindFloat
	case bool:
		return kindBoolean
	}
	return kindDate
}

// parse reads the text of one file.
func parse(name string, text []byte) (*source, *node, error) {
	src := newSource(name, strings.TrimPrefix(string(text), "\ufeff"))
	if len(text) > maxSize {
		return nil, nil, &Error{File: name, Message: "more than 1 MiB, which is not a baseline"}
	}
	marks, stop := scan(src.text)
	if stop != nil && stop.limit {
		return nil, nil, src.errorf(stop.off, "%s", stop.message)
	}
	values, err := decode(src)
	if err != nil {
		return nil, nil, err
	}
	if stop != nil {
		return nil, nil, src.errorf(stop.off, "%s", stop.message)
	}
	root := &node{}
	if !root.fill(values, marks) {
		return nil, nil, src.errorf(0, "keys of this file cannot be placed")
	}
	return src, root, nil
}

// decode lets the library read the text.
func decode(src *source) (values map[string]any, err error) {
	defer func() {
		// The library ends with a panic where its lexer and its parser disagree.
		if r := recover(); r != nil {
			values, err = nil, src.errorf(0, "not TOML that can be read")
		}
	}()
	var wrong toml.ParseError
	if _, err := toml.Decode(src.text, &values); errors.As(err, &wrong) {
		message := strings.TrimSuffix(wrong.Message, ".")
		message = strings.ToLower(message[:1]) + message[1:]
		return nil, src.errorf(wrong.Position.Start, "%s", message)
	} else if err != nil {
		return nil, src.errorf(0, "%v", err)
	}
	return values, nil
}

// fill builds the tree below n, and reports whether every value has its mark and every mark its value.
func (n *node) fill(value any, m *mark) bool {
	n.key, n.at = m.key, m.value
	switch v := value.(type) {
	case map[string]any:
		return n.fillTable(v, m)
	case []map[string]any:
		items := make([]any, len(v))
		for i := range v {
			items[i] = v[i]
		}
		return n.fillList(items, m)
	case []any:
		return n.fillList(v, m)
	case string, int64, float64, bool, time.Time:
		n.value = v
		return len(m.keys) == 0 && len(m.items) == 0
	}
	return false
}

func (n *node) fillTable(values map[string]any, m *mark) bool {
	n.table = map[string]*node{}
	if len(values) != len(m.keys) || len(m.items) != 0 {
		return false
	}
	for name, v := range values {
		at, ok := m.keys[name]
		if !ok {
			return false
		}
		c := &node{path: join(n.path, name), name: name, parent: n.name}
		if !c.fill(v, at) {
			return false
		}
		n.table[name] = c
		n.keys = append(n.keys, name)
	}
	slices.SortFunc(n.keys, func(a, b string) int { return n.table[a].key - n.table[b].key })
	return true
}

func (n *node) fillList(values []any, m *mark) bool {
	n.list = []*node{}
	if len(values) != len(m.items) || len(m.keys) != 0 {
		return false
	}
	for i, v := range values {
		c := &node{path: n.path}
		if !c.fill(v, m.items[i]) {
			return false
		}
		n.list = append(n.list, c)
	}
	return true
}

// join writes a dotted path; a part that is no bare key is quoted.
func join(path, name string) string {
	if strings.Trim(name, bareKey) != "" || name == "" {
		name = `"` + name + `"`
	}
	if path == "" {
		return name
	}
	return path + "." + name
}
