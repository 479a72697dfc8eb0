package facts

import (
	"errors"
	"fmt"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

// PacmanConfFile is where pacman's configuration begins.
const PacmanConfFile = "/etc/pacman.conf"

const (
	maxPacmanIncludes = 10 // deep, as pacman has it
	maxPacmanFiles    = 1000
	maxPacmanLines    = 100_000
)

// PacmanConf is what pacman.conf(5) and the files it includes say, in order. A section goes on through an include and
// ends where the next one begins.
type PacmanConf struct {
	Settings []Setting // a flag has an empty value
}

// ReadPacmanConf reads pacman's configuration. Errors are those of ReadFile; what is wrong inside is a problem.
func ReadPacmanConf(s *Scope) (*PacmanConf, error) {
	r := pacmanReader{s: s, conf: &PacmanConf{}}
	err := r.read(PacmanConfFile, 0)
	return r.conf, err
}

type pacmanReader struct {
	s       *Scope
	conf    *PacmanConf
	section string
	files   int
}

func (r *pacmanReader) read(path string, depth int) error {
	if r.files++; depth > maxPacmanIncludes || r.files > maxPacmanFiles {
		return binread.Limit("%s: includes go deeper than %d, or are more than %d", path, maxPacmanIncludes, maxPacmanFiles)
	}
	return r.s.Lines(path, func(n int, text string) {
		text = strings.TrimSpace(text)
		source := Source{path, n, Redact(text)}
		if text == "" || text[0] == '#' {
			return
		}
		if text[0] == '[' && text[len(text)-1] == ']' {
			r.section = text[1 : len(text)-1]
			r.add(Setting{Section: r.section, Source: source})
			return
		}
		key, value, _ := strings.Cut(text, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if r.section == "" {
			r.s.Problem(path, n, errors.New("setting stands in no section"))
			return
		}
		if key != "Include" {
			r.add(Setting{r.section, key, value, source})
			return
		}
		for _, file := range r.s.Glob(value) {
			if err := r.read(file, depth+1); err != nil {
				r.s.Problem(path, n, fmt.Errorf("include %s: %w", file, err))
			}
		}
	})
}

func (r *pacmanReader) add(set Setting) {
	if len(r.conf.Settings) == maxPacmanLines {
		r.s.Problem(set.Source.Path, set.Source.Line, binread.Limit("more than %d settings; the rest is left out", maxPacmanLines))
	}
	if len(r.conf.Settings) <= maxPacmanLines {
		r.conf.Settings = append(r.conf.Settings, set)
	}
}

// List returns the words of a list in [options], each with its place: every line adds to it.
func (c *PacmanConf) List(key string) []Value[string] {
	var all []Value[string]
	for _, set := range c.Settings {
		if set.Section != "options" || set.Key != key {
			continue
		}
		for word := range strings.FieldsSeq(set.Value) {
			all = append(all, Value[string]{Value: word, Explicit: true, Source: &set.Source})
		}
	}
	return all
}

// DBPath is the directory of the database.
func (c *PacmanConf) DBPath() string {
	path := "/var/lib/pacman/"
	for _, set := range c.Settings {
		if set.Section == "options" && set.Key == "DBPath" && strings.HasPrefix(set.Value, "/") {
			path = set.Value
		}
	}
	return path
}
