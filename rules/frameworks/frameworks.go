// Package frameworks says which checks answer which controls of published benchmarks, guides and standards.
//
// One TOML file per framework, which people edit: every control by its number, and the ids of the checks that ask for it. A
// control without checks is not covered. The files have numbers only and none of a publisher's text. numbers.sh lists the
// numbers of a framework from ComplianceAsCode content.
package frameworks

import (
	"embed"
	"fmt"
	"path"
	"strings"
	"unicode"

	"github.com/BurntSushi/toml"
)

//go:embed *.toml
var files embed.FS

const suffix = ".toml"

// Framework is a published list of controls.
type Framework struct {
	Key      string // the name of its file, and its name in the controls of checks
	Name     string
	Version  string
	Note     string
	Complete bool      // all numbers of the framework are in Controls
	Controls []Control // in the order of the file
}

// Control is one demand of a framework, and the ids of the checks that ask for it.
type Control struct {
	ID     string
	Checks []string
}

// Keys lists the frameworks there are, sorted.
func Keys() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil // the folder is part of the program
	}
	var keys []string
	for _, e := range entries {
		keys = append(keys, strings.TrimSuffix(e.Name(), suffix))
	}
	return keys
}

// Load returns the framework with the given key.
func Load(key string) (*Framework, error) {
	b, err := files.ReadFile(path.Base(key) + suffix)
	if err != nil {
		return nil, fmt.Errorf("no framework %q, want one of %s", key, strings.Join(Keys(), ", "))
	}
	return parse(key, string(b))
}

func parse(key, text string) (*Framework, error) {
	var file struct {
		Name     string
		Version  string
		Note     string
		Complete bool
		Controls map[string][]string
	}
	meta, err := toml.Decode(text, &file)
	if err != nil {
		return nil, fmt.Errorf("framework %s: %w", key, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("framework %s: unknown key %s", key, unknown[0])
	}
	f := &Framework{Key: key, Name: file.Name, Version: file.Version, Note: file.Note, Complete: file.Complete}
	for _, k := range meta.Keys() {
		if len(k) == 2 {
			f.Controls = append(f.Controls, Control{k[1], file.Controls[k[1]]})
		}
	}
	return f, nil
}

// Resolve returns the key of the framework that a baseline names: by its key, or as in "CIS-RHEL9-2.0.0". The versions
// differ when exact is false; key is "" when there is no such framework.
func Resolve(name string) (key string, exact bool) {
	plain := letters(name)
	for _, k := range Keys() {
		if strings.HasPrefix(plain, letters(k)) && len(k) > len(key) {
			key = k
		}
	}
	if key == "" {
		return "", false
	}
	f, err := Load(key)
	if err != nil {
		return "", false
	}
	asked := strings.TrimLeft(strings.TrimPrefix(plain, letters(key)), "rev")
	return key, asked == "" || asked == strings.TrimLeft(letters(f.Version), "rev")
}

// letters is a name without what people write differently.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// Number is the number of a control as it is compared: "AC-17 (2)" is AC-17(2).
func Number(s string) string { return strings.ReplaceAll(s, " ", "") }
