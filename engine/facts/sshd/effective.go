package sshd

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxPorts     = 256 // MAX_PORTS of OpenSSH
	maxAddresses = 10_000
)

type settings map[string]*facts.Value[any]

// add takes one directive in: the first of a keyword wins, and lists grow.
func (m settings) add(d directive) {
	k, _ := keywords(d.name)
	old := m[d.name]
	if k.form != grow || old == nil {
		m[d.name] = facts.Keep(old, d.value, d.source)
		return
	}
	have, _ := old.Value.([]any)
	more, _ := d.value.([]any)
	old.Value = append(have, more...) // the first line's list is full, so that nothing else shares this one
}

// effective returns what is set for every connection: outside of blocks, and over it what the blocks "Match all" set.
func (p *parser) effective() map[string]*facts.Value[any] {
	base, over := settings{}, settings{}
	ports := slices.ContainsFunc(p.directives, func(d directive) bool { return d.line && d.name == "port" })
	for _, d := range p.directives {
		if !always(d.within) || d.name == "port" && ports && !d.line {
			continue
		}
		base.add(d)
		if k, _ := keywords(d.name); len(d.within) > 0 && k.match {
			over.add(d)
		}
	}
	for name, v := range over {
		if *base[name].Source == *v.Source {
			continue
		}
		old := base[name]
		above := facts.Override(&facts.Value[any]{Value: old.Value, Source: old.Source}, v.Value, *v.Source)
		above.Shadowed = append(above.Shadowed, v.Shadowed...)
		base[name] = above
	}
	p.listen(base)
	return base
}

// blocks returns the Match blocks that hold for some connections only.
func (p *parser) blocks() []facts.SSHDMatch {
	all := []facts.SSHDMatch{}
	for _, b := range p.matches {
		if always(b.within) {
			continue
		}
		m := facts.SSHDMatch{Criteria: b.criteria, Source: b.source, Settings: settings{}}
		for _, outer := range b.within {
			m.Conditions = append(m.Conditions, outer.conditions...)
		}
		all = append(all, m)
	}
	at := map[*block]int{}
	n := 0
	for _, b := range p.matches {
		if !always(b.within) {
			at[b] = n
			n++
		}
	}
	for _, d := range p.directives {
		if !always(d.within) {
			settings(all[at[innermost(d.within)]].Settings).add(d)
		}
	}
	return all
}

// innermost returns the last block with a condition, to which the settings of a "Match all" within it belong.
func innermost(within []*block) *block { return within[len(within)-1] }

// listen puts the ports to the addresses that have none, as sshd -T prints them.
func (p *parser) listen(m settings) {
	ports := []any{"22"}
	if v := m["port"]; v != nil {
		ports, _ = v.Value.([]any)
		if len(ports) > maxPorts {
			p.s.Problem(v.Source.Path, v.Source.Line, binread.Limit("%d ports: sshd takes at most %d", len(ports), maxPorts))
			ports = ports[:maxPorts]
			v.Value = ports
		}
	}
	v := m["listenaddress"]
	if v == nil {
		return
	}
	given, _ := v.Value.([]any)
	var all []any
	for _, a := range given {
		if len(all) > maxAddresses {
			p.limit(v.Source.Path, "more than %d addresses to listen on", maxAddresses)
			break
		}
		text := fmt.Sprint(a)
		if i := strings.LastIndexByte(text, ':'); i > strings.LastIndexByte(text, ']') && i >= 0 {
			all = append(all, text)
			continue
		}
		for _, port := range ports {
			all = append(all, text+":"+fmt.Sprint(port))
		}
	}
	v.Value = all
}

// editDefaults turns the lists of algorithms from text into names, with + - and ^ made on the default.
func (p *parser) editDefaults(m map[string]*facts.Value[any], byName map[string]string) {
	for name, v := range m {
		text, ok := v.Value.(string)
		if k, _ := keywords(name); !ok || k.form != algorithm {
			continue
		}
		names, err := edit(text, byName[name])
		if err != nil {
			at := facts.Source{}
			if v.Source != nil {
				at = *v.Source
			}
			p.s.Problem(at.Path, at.Line, fmt.Errorf("%s: %w", name, err))
			if names == nil {
				delete(m, name)
				continue
			}
		}
		v.Value = names
	}
}

// edit makes the list that text means (kex_assemble_names in OpenSSH's kex.c).
func edit(text, byDefault string) ([]any, error) {
	if text == "" {
		return []any{}, nil
	}
	op, names := text[0], strings.Split(strings.TrimLeft(text[:1], "+-^")+text[1:], ",")
	if byDefault == "" && (op == '+' || op == '-' || op == '^') {
		return nil, binread.Unsupported("is an edit of this version's default, which is not known")
	}
	var err error
	if op != '-' && strings.ContainsAny(text, "*?") {
		err = binread.Unsupported("a pattern stands for all that this version can do, of which only the default is known")
	}
	known := strings.Split(byDefault, ",")
	switch op {
	case '+':
		names = slices.Concat(known, expand(names, known))
	case '^':
		names = slices.Concat(expand(names, known), known)
	case '-':
		removed := names
		names = slices.DeleteFunc(known, func(n string) bool { return matchesAny(removed, n) })
	default:
		names = expand(names, known)
	}
	list := []any{}
	for _, n := range names {
		if !slices.Contains(list, any(n)) && n != "" {
			list = append(list, n)
		}
	}
	return list, err
}

// expand replaces patterns by the known names that they match.
func expand(names, known []string) []string {
	var all []string
	for _, n := range names {
		if !strings.ContainsAny(n, "*?") {
			all = append(all, n)
			continue
		}
		for _, k := range known {
			if matchesAny([]string{n}, k) {
				all = append(all, k)
			}
		}
	}
	return all
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(strings.NewReplacer(`\`, `\\`, "[", `\[`).Replace(p), name)
		return ok && err == nil
	})
}
