package facts

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/internal/nearest"
)

// fieldError refuses a name that a value of the type t does not have. The decoder of JSON would take one in other letters,
// and its value might then lose against the one that is there.
func fieldError(t reflect.Type, v any, at string) error {
	switch t.Kind() {
	case reflect.Pointer:
		return fieldError(t.Elem(), v, at)
	case reflect.Slice, reflect.Array:
		items, _ := v.([]any)
		for i, item := range items {
			if err := fieldError(t.Elem(), item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		fields, _ := v.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if err := fieldError(t.Elem(), fields[name], at+"."+name); err != nil {
				return err
			}
		}
	case reflect.Struct:
		return structError(t, v, at)
	}
	return nil
}

func structError(t reflect.Type, v any, at string) error {
	given, _ := v.(map[string]any)
	fields := jsonFields(t)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		field, ok := fields[name]
		if !ok {
			known := slices.Sorted(maps.Keys(fields))
			if near := nearest.Word(name, known); near != "" {
				return fmt.Errorf("%s has no %q, did you mean %s?", at, name, near)
			}
			return fmt.Errorf("%s has no %q, want some of %s", at, name, strings.Join(known, ", "))
		}
		if err := fieldError(field, given[name], at+"."+name); err != nil {
			return err
		}
	}
	return nil
}

// jsonFields lists the fields of a structure, and of those in it, by their names in JSON.
func jsonFields(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && name != "" && name != "-" {
			fields[name] = f.Type
		}
	}
	return fields
}

// lacking names the first value that a document of this version has in every t and v has not, or is "". Who wrote such a document did
// not look for it, and its absence tells nothing.
func lacking(t reflect.Type, v any, at string) string {
	for t.Kind() == reflect.Pointer {
		if v == nil {
			return ""
		}
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		items, _ := v.([]any)
		for i, item := range items {
			if path := lacking(t.Elem(), item, fmt.Sprintf("%s[%d]", at, i)); path != "" {
				return path
			}
		}
	case reflect.Map:
		fields, _ := v.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if path := lacking(t.Elem(), fields[name], at+"."+name); path != "" {
				return path
			}
		}
	case reflect.Struct:
		return lackingField(t, v, at)
	}
	return ""
}

func lackingField(t reflect.Type, v any, at string) string {
	given, ok := v.(map[string]any)
	if !ok {
		return at
	}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "" || name == "-" {
			continue
		}
		value, ok := given[name]
		switch {
		case !ok && strings.Contains(options, "omit"):
		case !ok:
			return at + "." + name
		default:
			if path := lacking(f.Type, value, at+"."+name); path != "" {
				return path
			}
		}
	}
	return ""
}
