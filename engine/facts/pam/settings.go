package pam

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const maxSettings = 10_000 // of one module

// What the modules do where nobody says otherwise, as far as it is the same in all versions.
var (
	faillockDefaults  = map[string]string{"deny": "3", "fail_interval": "900", "unlock_time": "600"}
	pwhistoryDefaults = map[string]string{"remember": "10", "retry": "1"}
	pwqualityDefaults = map[string]string{
		"minclass": "0", "maxrepeat": "0", "maxsequence": "0", "maxclassrepeat": "0", "dictcheck": "1", "usercheck": "1", "enforcing": "1", "retry": "1",
	}
)

// settings reads files in which the last value wins: "name = value", or a name alone for a flag.
type settings struct {
	s     *facts.Scope
	all   map[string]*facts.Value[string]
	count int
}

func (c *settings) file(name string) bool {
	err := c.s.Lines(name, func(n int, text string) {
		key, value, ok := parseSetting(text)
		if !ok {
			return
		}
		if c.count++; c.count > maxSettings {
			if c.count == maxSettings+1 {
				c.s.Problem(name, n, binread.Limit("more than %d settings", maxSettings))
			}
			return
		}
		c.all[key] = facts.Override(c.all[key], value, facts.At(name, n, text))
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.s.Problem(name, 0, err)
	}
	return err == nil
}

// parseSetting reads one line; a flag has the value "true".
func parseSetting(text string) (key, value string, ok bool) {
	text, _, _ = strings.Cut(text, "#")
	text = strings.TrimSpace(text)
	if text == "" {
		return "", "", false
	}
	end := strings.IndexAny(text, " \t=")
	if end < 0 {
		return text, "true", true
	}
	key, value = text[:end], strings.TrimSpace(text[end:])
	value = strings.TrimSpace(strings.TrimPrefix(value, "="))
	return key, value, key != ""
}

// moduleFile returns the settings of a module, with defaults where the guest has the module or its file.
func moduleFile(s *facts.Scope, module, name string, defaults map[string]string) map[string]*facts.Value[string] {
	c := settings{s, map[string]*facts.Value[string]{}, 0}
	if !c.file(name) && !c.file(path.Join("/usr", name)) && !installed(s, module) {
		return c.all
	}
	c.fill(defaults)
	return c.all
}

func (c *settings) fill(defaults map[string]string) {
	for key, value := range defaults {
		if c.all[key] == nil {
			c.all[key] = facts.Default(value)
		}
	}
}

// pwquality returns the settings of libpwquality, which reads the drop-ins first and its main file over them.
func pwquality(s *facts.Scope) map[string]*facts.Value[string] {
	c := settings{s, map[string]*facts.Value[string]{}, 0}
	found := false
	for _, d := range s.DropIns(".conf", "/etc/security/pwquality.conf.d") {
		found = c.file(d.Path) || found
	}
	if c.file("/etc/security/pwquality.conf") || found || installed(s, "pam_pwquality.so") {
		c.fill(pwqualityDefaults)
	}
	return c.all
}

// installed reports whether the guest has a module.
func installed(s *facts.Scope, module string) bool {
	for _, dir := range []string{"/lib/security", "/lib64/security", "/usr/lib/security", "/usr/lib64/security", "/usr/lib/*-linux-*/security", "/lib/*-linux-*/security"} {
		if len(s.Glob(dir+"/"+module)) > 0 {
			return true
		}
	}
	return false
}
