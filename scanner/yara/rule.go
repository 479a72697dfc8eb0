//go:build linux && cgo && !noyara

package yara

import (
	"maps"
	"path"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/scanner"
)

// defaultScore is that of a rule that says nothing.
const defaultScore = 70

// rule is what a compiled rule says of itself.
type rule struct {
	File    int // number of the file that it is from
	Name    string
	Tags    []string
	Meta    []meta
	Strings []string // the names of its strings
	Private bool     // its matches are told to other rules only
}

// meta is a line of the meta section, as text.
type meta struct{ Key, Value string }

// said returns what the rule says under a name, "" for nothing.
func (r *rule) said(key string) string {
	for _, m := range r.Meta {
		if m.Key == key {
			return m.Value
		}
	}
	return ""
}

// match is what a match of the rule is, without the places where it matched.
func (r *rule) match(source string) scanner.Match {
	m := scanner.Match{
		Match: finding.Match{
			Engine: Name, Rule: r.Name, Source: source, Tags: r.Tags, Description: r.said("description"), Meta: r.texts(),
		},
		UnlessShipped: r.said("unless") == "shipped",
	}
	m.Score, m.Severity = r.judgement()
	if n, ok := score(r.said("score_unowned")); ok {
		m.Unowned = n
	}
	return m
}

// judgement is how bad a match of the rule is: the number of the score, and the word of the severity before what the number means.
func (r *rule) judgement() (int, finding.Severity) {
	n, scored := score(r.said("score"))
	severity := r.said("severity")
	word := finding.Severity(strings.ToLower(severity))
	byWord, known := wordScores()[word]
	switch byNumber, numeric := score(severity); {
	case scored && known:
		return n, word
	case scored:
		return n, finding.Scored(n)
	case known:
		return byWord, word
	case numeric:
		return byNumber, finding.Scored(byNumber)
	}
	return defaultScore, finding.Scored(defaultScore)
}

// wordScores are scores from the middle of what each severity stands for.
func wordScores() map[finding.Severity]int {
	return map[finding.Severity]int{
		finding.Info: 10, finding.Low: 40, finding.Medium: 60, finding.High: 80, finding.Critical: 95,
	}
}

func score(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && 0 <= n && n <= 100
}

// texts is what the rule says of itself; what it says several times under one name is one text.
func (r *rule) texts() map[string]string {
	texts := map[string]string{}
	for _, m := range r.Meta {
		if before, ok := texts[m.Key]; ok {
			texts[m.Key] = before + "; " + m.Value
		} else {
			texts[m.Key] = m.Value
		}
	}
	return texts
}

// matches are the matches that a worker told of an object.
func (s *set) found(o *scanner.Object, hits []hit) []scanner.Match {
	var matches []scanner.Match
	for _, h := range hits {
		m := s.matches[h.rule]
		m.Meta = maps.Clone(m.Meta)
		for _, p := range h.places {
			m.Strings = append(m.Strings, finding.MatchString{
				Name: s.Table[h.rule].Strings[p.name], Offset: p.offset, Length: p.length,
				Excerpt: excerpt(o.Content[p.offset : p.offset+int64(p.length)]),
			})
		}
		matches = append(matches, m)
	}
	return matches
}

// excerpt is the beginning of what matched, in printable ASCII.
func excerpt(b []byte) string {
	quoted := strconv.QuoteToASCII(string(b[:min(len(b), finding.MaxExcerpt)]))
	return quoted[1 : len(quoted)-1]
}

// variable is an external variable of rules.
type variable struct {
	name string
	of   func(o *scanner.Object) string
}

func variables() []variable {
	return []variable{
		{"filename", (*scanner.Object).Name},
		{"filepath", (*scanner.Object).FullPath},
		{"extension", (*scanner.Object).Extension},
		{"filetype", func(o *scanner.Object) string { return strings.ToUpper(string(o.Class)) }},
		{"owner", func(o *scanner.Object) string { return o.Account }},
	}
}

// shownInclude is the path, for people, of a file that another includes.
func shownInclude(including, name string) string { return path.Join(path.Dir(including), name) }
