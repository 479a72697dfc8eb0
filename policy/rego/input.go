package rego

import (
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/guestctl/guestctl/engine/facts"
)

// plain turns a value of the facts document into what Rego knows: maps, lists, strings, numbers, booleans and null, with the
// names that the document has as JSON. Bytes that are not UTF-8 become \x.. escapes, so that different names stay different.
func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case reflect.Struct:
		m := make(map[string]any, v.NumField())
		plainFields(m, v)
		return m
	case reflect.Map:
		m := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			m[text(it.Key().String())] = plain(it.Value())
		}
		return m
	case reflect.Slice, reflect.Array:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plain(v.Index(i))
		}
		return list
	case reflect.String:
		return text(v.String())
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Uint()
	case reflect.Float32, reflect.Float64:
		return v.Float()
	}
	return fmt.Sprint(v)
}

func plainFields(m map[string]any, v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, omitEmpty := jsonName(f)
		switch {
		case f.Anonymous && name == "":
			plainFields(m, v.Field(i))
		case name == "" || omitEmpty && v.Field(i).IsZero():
		case v.Field(i).Kind() == reflect.Slice && v.Field(i).IsNil() && !nullable(f):
			m[name] = []any{}
		case v.Field(i).Kind() == reflect.Map && v.Field(i).IsNil() && !nullable(f):
			m[name] = map[string]any{}
		case v.Field(i).Kind() == reflect.Slice && v.Field(i).IsNil(), v.Field(i).Kind() == reflect.Map && v.Field(i).IsNil():
			m[name] = nil
		default:
			m[name] = plain(v.Field(i))
		}
	}
}

// nullable reports whether nil tells something else than empty.
func nullable(f reflect.StructField) bool { return f.Tag.Get("jsonschema") == "nullable" }

// jsonName is the name of a field as JSON; "" is a field that is not written, or one whose fields stand in its place.
func jsonName(f reflect.StructField) (name string, omitEmpty bool) {
	name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case name == "-" || !f.IsExported():
		return "", false
	case name == "" && !f.Anonymous:
		name = f.Name
	}
	return name, strings.Contains(rest, "omitempty")
}

// text is a string as policies have it. Bytes that are not UTF-8 become \x.., and the backslash before an x that was there already
// becomes \x5c, so that no two strings become one.
func text(s string) string {
	if utf8.ValidString(s) && !strings.Contains(s, `\x`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || strings.HasPrefix(s[i:], `\x`) {
			fmt.Fprintf(&b, `\x%02x`, s[i])
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// Plain returns the facts of a domain as policies see them: null when they were not collected.
func Plain(doc *facts.Document, domain string) any {
	v, ok := doc.Facts[domain]
	if !ok {
		return nil
	}
	return plain(reflect.ValueOf(v))
}
