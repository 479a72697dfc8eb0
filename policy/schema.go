package policy

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts/sshd"
	"github.com/guestctl/guestctl/finding"
)

// Schema returns the JSON Schema of a baseline file, for editors that check TOML and complete its keys. It is made from the
// vocabulary. What it accepts may still be refused by Load, which also looks at values; what Load accepts it accepts.
func Schema() ([]byte, error) {
	root := treeOf(split(vocabulary()), nil)
	// taplo and others read this draft and none after it
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["$id"] = "https://github.com/guestctl/guestctl/baseline.schema.json"
	root["title"] = "guestctl baseline"
	b, err := json.MarshalIndent(root, "", "  ")
	return append(b, '\n'), err
}

// shape is the JSON Schema of one value.
type shape map[string]any

// form makes a shape when it is asked for: nobody needs them to judge.
type form func() shape

// freeKeys are the user's own keys, which may hold anything.
func freeKeys() shape { return shape{"^x-": shape{}} }

// treeOf is the schema of the table at path.
func treeOf(words []splitWord, path []string) shape {
	properties := shape{}
	t := shape{"type": "object", "properties": properties, "patternProperties": freeKeys(), "additionalProperties": false}
	for _, w := range words {
		if len(w.parts) <= len(path) || !slices.Equal(w.parts[:len(path)], path) {
			continue
		}
		name := w.parts[len(path)]
		below := slices.Concat(path, []string{name})
		var s shape
		if len(w.parts) == len(below) {
			s = w.form()
		} else if _, done := properties[name]; !done {
			s = treeOf(words, below)
		} else {
			continue
		}
		switch {
		case name == "*" && slices.Equal(path, []string{"config", "sshd"}):
			for _, k := range sshd.Keywords() {
				properties[k] = s
			}
			t["patternProperties"] = shape{anyCase(slices.Concat(sshd.Keywords(), sshd.ElderNames())): s}
		case name == "*":
			t["additionalProperties"] = s
			delete(t, "patternProperties")
		default:
			properties[name] = s
		}
	}
	return t
}

// anyCase is an expression for some words in any case: JSON Schema's expressions have no flag for that.
func anyCase(words []string) string {
	var all []string
	for _, w := range words {
		var b strings.Builder
		for _, r := range w {
			if lower, upper := strings.ToLower(string(r)), strings.ToUpper(string(r)); lower != upper {
				b.WriteString("[" + upper + lower + "]")
			} else {
				b.WriteRune(r)
			}
		}
		all = append(all, b.String())
	}
	return "^(" + strings.Join(all, "|") + ")$"
}

func text() shape        { return shape{"type": "string", "minLength": 1} }
func flagShape() shape   { return shape{"type": "boolean"} }
func wholeNumber() shape { return shape{"type": "integer", "minimum": 0} }
func anyTable() shape    { return shape{"type": "object"} }

func onlyTrue() shape  { return shape{"const": true} }
func textTable() shape { return tableOf(shape{"type": "string"}) }

func listOf(item shape) shape { return shape{"type": "array", "items": item} }

func texts() shape { return listOf(text()) }

func tableOf(value shape) shape { return shape{"type": "object", "additionalProperties": value} }

func percent() shape {
	return shape{"type": "number", "minimum": 0, "maximum": 100}
}

func oneOfWords(words ...string) shape { return shape{"type": "string", "enum": words} }

func anyOfShapes(all ...shape) shape { return shape{"anyOf": all} }

func severities() shape {
	var all []string
	for _, s := range finding.Severities() {
		all = append(all, string(s))
	}
	return oneOfWords(all...)
}

func verdictShape() shape { return oneOfWords(verdictAllow, verdictWarn, verdictDeny) }

// fields is a table with these keys, the user's own, and no others.
func fields(properties map[string]shape, required ...string) shape {
	s := shape{"type": "object", "properties": properties, "patternProperties": freeKeys(), "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// long is the long form of an entry: its own keys, and the options of every entry.
func long(own map[string]shape, required ...string) shape {
	all := maps.Clone(own)
	for key, s := range map[string]shape{
		"severity": severities(), "reason": text(), "refs": texts(), "when": conditionShape(), "id": text(), "fix": text(),
	} {
		all[key] = s
	}
	return fields(all, required...)
}

// longForm is a value in its short form, or in the long form under a key.
func longForm(short form, key string) form {
	return func() shape { return anyOfShapes(short(), long(map[string]shape{key: short()}, key)) }
}

// entryForm is a list of texts, each of which may be in the long form. More keys of that hold texts.
func entryForm(key string, more ...string) form {
	return func() shape {
		own := map[string]shape{key: text()}
		for _, name := range more {
			own[name] = text()
		}
		return listOf(anyOfShapes(text(), long(own, key)))
	}
}

func conditionShape() shape {
	return fields(map[string]shape{"os": texts(), "arch": texts(), "labels": tableOf(anyOfShapes(text(), texts()))})
}

func disableShape() shape {
	return listOf(fields(map[string]shape{"id": text(), "reason": text()}, "id", "reason"))
}

// settingForm is a setting in its short form, or a table of operators. Values are the only ones it can have.
func settingForm(kind settingKind, values ...string) form {
	return func() shape {
		own := map[string]shape{}
		for _, op := range operatorsOf(kind) {
			own[op.name] = op.operand(kind, values)
		}
		return anyOfShapes(own["equals"], long(own))
	}
}

// operand is the form of what an operator is given.
func (op operator) operand(kind settingKind, values []string) shape {
	value := text()
	switch {
	case len(values) > 0:
		value = oneOfWords(values...)
	case kind == boolSetting:
		value = flagShape()
	case kind == openSetting:
		value = shape{"type": []string{"string", "number", "boolean"}}
	}
	switch op.name {
	case "equals", "not":
		switch {
		case kind == listSetting:
			return listOf(value)
		case kind == openSetting && op.name == "equals":
			return anyOfShapes(value, listOf(value))
		}
		return value
	case "in", "not_in", "subset_of", "superset_of":
		return listOf(value)
	case "contains", "excludes":
		if kind == textSetting {
			return text()
		}
		return anyOfShapes(value, listOf(value))
	case "min", "max":
		if kind == openSetting {
			return shape{"type": []string{"string", "number"}}
		}
		return text()
	case "count":
		return wholeNumber()
	case "exists":
		return flagShape()
	}
	return text()
}

// hygieneShape is a table of built-in checks by their short names, true or false each.
func hygieneShape() shape {
	return shape{
		"type": "object", "properties": shape{"skip": texts()}, "patternProperties": freeKeys(), "additionalProperties": flagShape(),
	}
}

func verifyShape() shape {
	return long(map[string]shape{"files": flagShape(), "allow_config_changes": flagShape(), "ignore": texts()})
}

func trueOrText() shape { return anyOfShapes(onlyTrue(), text()) }

func bootableShape() shape {
	target := oneOfWords(BootTargets()...)
	return anyOfShapes(onlyTrue(), target, long(map[string]shape{"firmware": oneOfWords(BootFirmwares()...), "target": target}))
}

func rightsShapes() map[string]shape {
	all := map[string]shape{}
	for _, key := range rightsKeys() {
		all[key] = text()
	}
	return all
}

func permissionsShape() shape { return anyOfShapes(text(), long(rightsShapes())) }

func searchShapes() map[string]shape {
	all := map[string]shape{}
	for _, key := range searchKeys() {
		all[key] = anyOfShapes(text(), texts())
	}
	return all
}

func allowedShape() shape {
	uid := shape{"type": []string{"string", "integer"}}
	return longForm(func() shape { return listOf(anyOfShapes(text(), fields(map[string]shape{"name": text(), "uid": uid}))) }, "users")()
}

func contentShape() shape { return long(searchShapes()) }

func explainedShape() shape { return oneOfWords(ExplainedWords()...) }

func registryShape() shape {
	own := map[string]shape{"type": oneOfWords(registryTypes()...), "absent": flagShape()}
	for _, op := range operatorsOf(openSetting) {
		own[op.name] = op.operand(openSetting, nil)
	}
	own["value"] = own["equals"]
	return anyOfShapes(own["equals"], long(own))
}

func ruleShape() shape {
	own := map[string]shape{"title": text(), "file": text(), "exists": flagShape(), "assessable": text()}
	maps.Copy(own, searchShapes())
	maps.Copy(own, rightsShapes())
	return listOf(long(own, "id", "title"))
}
