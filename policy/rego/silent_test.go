package rego

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/guestctl/guestctl/finding"
)

// TestNoFindingIsLostForAMissingField takes away, from facts on which a check fails, each field that the document leaves out when it is
// empty or may have as null. A message or a piece of evidence that needs it would be undefined, and the finding with it.
func TestNoFindingIsLostForAMissingField(t *testing.T) {
	// What may make a check pass: shadow is null only when it could not be read, and then the domain is not whole and nothing is asked; a
	// key without options has no command. What a policy of Windows does not say is off there by itself, where a check lets it pass.
	allowed := []string{
		"windows_security.system.restrict_driver_install = null", "windows_remote.winrm.service_allow_basic = null",
		"users[0].shadow = null", "users[0].shadow.last_change = null", "ssh_keys.authorized[0].keys[0] without options",
	}
	p, err := BuiltinSource()
	if err != nil {
		t.Fatal(err)
	}
	cases, err := p.cases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	j, types, tried := p.Judge(p.Checks, nil, nil), documentType(), 0
	for _, c := range p.Checks {
		fail := cases[c].fail
		for _, domain := range slices.Sorted(maps.Keys(fail)) {
			put := func(x any) map[string]any {
				m := maps.Clone(fail)
				m[domain] = x
				return m
			}
			withoutFields(domain, types[domain], fail[domain], put, func(text string, input map[string]any) {
				tried++
				if o := j.SessionOf(t.Context(), input).judgeInput(c, input); o.Status == finding.Pass && !slices.Contains(allowed, text) {
					t.Errorf("%s passes: %s", c.ID, text)
				}
			})
		}
	}
	if tried < len(p.Checks) {
		t.Errorf("%d fields were taken away from the facts of %d checks", tried, len(p.Checks))
	}
}

// withoutFields calls visit with inputs that lack one field of a structure, or have null in it.
func withoutFields(path string, t reflect.Type, v any, put func(any) map[string]any, visit func(string, map[string]any)) {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			m := maps.Clone(v)
			if f, ok := fieldOf(t, key); ok {
				if nullable(f) {
					m[key] = nil
					visit(path+"."+key+" = null", put(m))
				}
				if _, omitEmpty := jsonName(f); omitEmpty {
					delete(m, key)
					visit(path+" without "+key, put(m))
				}
			}
			withoutFields(path+"."+key, typeBelow(t, key), v[key], func(x any) map[string]any {
				m := maps.Clone(v)
				m[key] = x
				return put(m)
			}, visit)
		}
	case []any:
		for i := range v {
			withoutFields(fmt.Sprintf("%s[%d]", path, i), typeBelow(t, ""), v[i], func(x any) map[string]any {
				list := slices.Clone(v)
				list[i] = x
				return put(list)
			}, visit)
		}
	}
}

func fieldOf(t reflect.Type, name string) (reflect.StructField, bool) {
	if t == nil || t.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() {
			if own, _ := jsonName(f); own == name {
				return f, true
			}
		}
	}
	return reflect.StructField{}, false
}
