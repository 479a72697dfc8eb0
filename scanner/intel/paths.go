package intel

import (
	"path"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/scanner"
)

// paths holds files against indicators by their path.
type paths struct {
	in                              *indicators
	exact, name, directory, parents index[string]
	// grams has the expressions by three bytes without which they do not match, and always those without such.
	grams  map[string][]expression
	always []expression
	steps  int
}

type expression struct {
	re     *regexp.Regexp
	onName bool
	number int32
}

// maxSteps is how large all regular expressions are together.
const maxSteps = 4_000_000

func newPaths(in *indicators) *paths {
	return &paths{
		in: in, exact: index[string]{}, name: index[string]{}, directory: index[string]{}, parents: index[string]{},
		grams: map[string][]expression{},
	}
}

// add takes the indicator that was added last.
func (p *paths) add(t Term) error {
	switch t.Kind {
	case Path:
		put(p.in, p.exact, t.Value)
	case Name:
		put(p.in, p.name, t.Value)
	case Directory:
		put(p.in, p.directory, t.Value)
	case Parent:
		put(p.in, p.parents, t.Value)
	case Glob, Regexp, NameRegexp:
		return p.addExpression(t)
	}
	return nil
}

func (p *paths) addExpression(t Term) error {
	re, why := compile(t)
	if why != "" {
		return binread.Corrupt("%s %.100q: %s", t.Kind, t.Value, why)
	}
	if parsed, err := syntax.Parse(re.String(), syntax.Perl); err == nil {
		p.steps += steps(parsed)
	}
	if p.steps > maxSteps {
		return tooMany("steps in regular expressions", maxSteps)
	}
	e := expression{re, t.Kind == NameRegexp, int32(len(p.in.all))}
	gram := p.gram(literalOf(t))
	if gram == "" {
		p.always = append(p.always, e)
	} else {
		p.grams[gram] = append(p.grams[gram], e)
	}
	return nil
}

// gram chooses the three bytes of a text that the fewest expressions have chosen before it.
func (p *paths) gram(literal string) (best string) {
	for i := 0; i+3 <= len(literal); i++ {
		if g := literal[i : i+3]; best == "" || len(p.grams[g]) < len(p.grams[best]) {
			best = g
		}
	}
	return best
}

// pathsOf are the paths of an object: that of the file, and of a member also the one that it has in its archive.
func pathsOf(o *scanner.Object) []string {
	if o.Member == "" {
		return []string{o.Path}
	}
	inner := o.Member[strings.LastIndex(o.Member, "!/")+1:]
	return []string{o.FullPath(), path.Clean("/" + strings.TrimPrefix(inner, "/"))}
}

// match calls f for each indicator that a path of the object is.
func (p *paths) match(o *scanner.Object, f func(*Indicator)) {
	for i, full := range pathsOf(o) {
		each(p.in, p.exact, full, f)
		if len(p.directory) > 0 {
			for dir := path.Dir(full); dir != "/" && dir != "."; dir = path.Dir(dir) {
				each(p.in, p.directory, dir, f)
			}
		}
		each(p.in, p.parents, path.Dir(full), f)
		if i == 0 {
			each(p.in, p.name, o.Name(), f)
		}
		p.expressions(full, f)
	}
}

func (p *paths) expressions(full string, f func(*Indicator)) {
	name := path.Base(full)
	try := func(list []expression) {
		for _, e := range list {
			if text := map[bool]string{true: name, false: full}[e.onName]; e.re.MatchString(text) {
				f(&p.in.all[e.number-1])
			}
		}
	}
	try(p.always)
	if len(p.grams) == 0 {
		return
	}
	lower := strings.ToLower(full)
	for i := 0; i+3 <= len(lower); i++ {
		if list := p.grams[lower[i:i+3]]; list != nil {
			try(list)
		}
	}
}

// holds reports whether the further conditions of an indicator are true of an object.
func holds(o *scanner.Object, terms []Term) bool {
	for _, t := range terms {
		if t.is(o) == t.Not {
			return false
		}
	}
	return true
}

func (t Term) is(o *scanner.Object) bool {
	if h := t.Kind.hash(); h != 0 {
		sum, ok := digestTerm(t.Value)
		return ok && sum.Value == hexOf(o.Sum(h))
	}
	if t.Kind == size {
		return t.Value == strconv.Itoa(len(o.Content))
	}
	in := &indicators{all: make([]Indicator, 1), next: make([]int32, 1)}
	p := newPaths(in)
	found := false
	if err := p.add(t); err == nil {
		p.match(o, func(*Indicator) { found = true })
	}
	return found
}
