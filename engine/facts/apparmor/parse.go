package apparmor

import (
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxNesting = 16
	maxWords   = 256 // of one statement; more are not kept
)

// found is a profile with the files of local/ that it includes.
type found struct {
	profile facts.AppArmorProfile
	locals  []string
}

// parser goes through a file of apparmor.d(5) as far as the heads of profiles: everything else is skipped.
type parser struct {
	path  string
	line  int
	words []string // of the statement under way
	first int      // line of its first word
	round int      // parentheses open in it
	open  []int    // index in all of each block's profile, or -1 for a conditional
	all   []found
}

// parse returns the profiles of a file. What follows an error is lost, as it is for apparmor_parser.
func parse(path, text string) ([]found, error) {
	p := parser{path: path}
	for line := range strings.SplitSeq(text, "\n") {
		p.line++
		if err := p.parseLine(line); err != nil {
			return p.all, err
		}
	}
	if len(p.open) > 0 {
		return p.all, binread.Corrupt("%d blocks are not closed at the end", len(p.open))
	}
	return p.all, nil
}

func (p *parser) parseLine(line string) error {
	line = strings.TrimSpace(line)
	if include, ok := cutInclude(line); ok {
		p.include(include)
		return nil
	}
	if len(p.words) == 0 && strings.HasPrefix(line, "@{") && assigns(line) {
		return nil
	}
	for _, w := range split(line) {
		if w[0] == '#' && p.round == 0 {
			return nil
		}
		if err := p.word(w); err != nil {
			return err
		}
	}
	return nil
}

// cutInclude takes the name out of include <local/x>, include if exists "…" and the older #include.
func cutInclude(line string) (string, bool) {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(line, "#"), "include")
	if !ok || rest == "" || !strings.ContainsRune(" \t<\"", rune(rest[0])) {
		return "", false
	}
	rest = strings.TrimSpace(rest)
	if r, ok := strings.CutPrefix(rest, "if"); ok {
		rest = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(r), "exists"))
	}
	return strings.Trim(strings.TrimSpace(strings.SplitN(rest, "#", 2)[0]), `<>"`), true
}

func (p *parser) include(name string) {
	name = strings.TrimPrefix(name, dir+"/")
	if !strings.HasPrefix(name, "local/") || path.Clean(name) != name || len(p.open) == 0 {
		return
	}
	if i := p.open[len(p.open)-1]; i >= 0 && !slices.Contains(p.all[i].locals, name) {
		p.all[i].locals = append(p.all[i].locals, name)
	}
}

// assigns tells the definition of a variable from a profile that is named by one.
func assigns(line string) bool {
	_, rest, ok := strings.Cut(line, "}")
	rest = strings.TrimSpace(rest)
	return ok && (strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, "+="))
}

// split cuts a line at blanks outside of quotes.
func split(line string) []string {
	var all []string
	start, quoted := -1, false
	for i := range len(line) {
		blank := line[i] == ' ' || line[i] == '\t' || line[i] == '\r'
		switch {
		case blank && !quoted:
			if start >= 0 {
				all = append(all, line[start:i])
			}
			start = -1
			continue
		case line[i] == '"':
			quoted = !quoted
		}
		if start < 0 {
			start = i
		}
	}
	if start >= 0 {
		all = append(all, line[start:])
	}
	return all
}

// word takes one word. A brace opens a block when it ends a word in which it is not closed: those of patterns and
// variables are.
func (p *parser) word(w string) error {
	if p.round == 0 && (w == "}" || w == "},") {
		p.words = nil
		if len(p.open) == 0 {
			return binread.Corrupt("line %d: a block is closed and none is open", p.line)
		}
		p.open = p.open[:len(p.open)-1]
		return nil
	}
	head, opens := strings.CutSuffix(w, "{")
	opens = opens && strings.Count(head, "{") == strings.Count(head, "}")
	if !opens {
		head = w
	}
	p.round = max(0, p.round+strings.Count(head, "(")-strings.Count(head, ")"))
	if head != "" && len(p.words) < maxWords {
		if len(p.words) == 0 {
			p.first = p.line
		}
		p.words = append(p.words, head)
	}
	switch {
	case p.round > 0:
	case opens:
		return p.block()
	case strings.HasSuffix(w, ","):
		p.words = nil
	}
	return nil
}

// block opens the block whose head was read.
func (p *parser) block() error {
	if len(p.open) == maxNesting {
		return binread.Limit("line %d: blocks are more than %d deep", p.line, maxNesting)
	}
	words := p.words
	p.words = nil
	name := headName(words)
	if name == "" {
		p.open = append(p.open, -1)
		return nil
	}
	if len(p.all) == maxProfiles {
		return binread.Limit("line %d: more than %d profiles", p.line, maxProfiles)
	}
	for _, i := range slices.Backward(p.open) {
		if i >= 0 {
			name = p.all[i].profile.Name + "//" + name
			break
		}
	}
	flags := headFlags(words)
	p.open = append(p.open, len(p.all))
	p.all = append(p.all, found{profile: facts.AppArmorProfile{
		Name: name, Path: p.path, Mode: modeOf(flags), Flags: flags, Local: []string{},
		Source: facts.At(p.path, p.first, strings.Join(words, " ")),
	}})
	return nil
}

// headName returns the name in the head of a profile or hat, or "" for a conditional.
func headName(words []string) string {
	if len(words) == 0 || words[0] == "if" || words[0] == "else" {
		return ""
	}
	name := words[0]
	if (name == "profile" || name == "hat") && len(words) > 1 {
		name = words[1]
	}
	return strings.Trim(strings.TrimPrefix(name, "^"), `"`)
}

// headFlags returns what stands in flags=( ) of a head, or in the parentheses alone, as older profiles have it.
func headFlags(words []string) []string {
	flags := []string{}
	text := strings.Join(words, " ")
	_, list, ok := strings.Cut(text, "flags=(")
	if !ok {
		_, list, ok = strings.Cut(text, "flags = (")
	}
	if !ok && len(words) > 1 && words[1][0] == '(' {
		_, list, ok = strings.Cut(text, "(")
	}
	if !ok {
		return flags
	}
	list, _, _ = strings.Cut(list, ")")
	return append(flags, strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })...)
}

func modeOf(flags []string) string {
	for _, mode := range []string{"unconfined", "complain", "kill", "prompt", "default_allow"} {
		if slices.Contains(flags, mode) {
			return mode
		}
	}
	return "enforce"
}
