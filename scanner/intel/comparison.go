package intel

import (
	"path"
	"regexp"
	"strings"
)

// alternatives are the ways in which a comparison is true of a file. why says why it cannot be told.
func (c comparison) alternatives() (a alternatives, why string) {
	kind, _, _ := strings.Cut(c.path, ":")
	if !c.plain {
		return nil, c.path0() + " with a time or bytes"
	}
	read := c.reader()
	if read == nil {
		return nil, c.path0()
	}
	for _, v := range c.values {
		t, ok := read(v)
		if !ok && isWindows(v) && t.Kind.isPath() {
			return nil, "path of Windows"
		}
		if !ok {
			return nil, word(kind) + " with " + c.op + " and a value that is none"
		}
		t.Not = c.not
		a = append(a, []Term{t})
	}
	if !c.not || len(a) < 2 {
		return a, ""
	}
	var all []Term // NOT IN: none of them
	for _, terms := range a {
		all = append(all, terms...)
	}
	return alternatives{all}, ""
}

// path0 names the path of a comparison as a reason.
func (c comparison) path0() string { return word(c.path) }

// reader is what makes a term of a value, for the path and operator of a comparison; nil is one that cannot be told.
func (c comparison) reader() func(string) (Term, bool) {
	equal := c.op == "=" || c.op == "IN"
	like := c.op == "LIKE" || c.op == "MATCHES"
	expression := func(kind Kind) func(string) (Term, bool) {
		return func(v string) (Term, bool) {
			if c.op == "LIKE" {
				v = likeRegexp(v)
			}
			return Term{Kind: kind, Value: v}, true
		}
	}
	switch p := c.path; {
	case stixHash(strings.TrimPrefix(p, "file:hashes.")) != "" && equal:
		return ofKind(digestTerm, stixHash(strings.TrimPrefix(p, "file:hashes.")))
	case p == "file:name" && equal:
		return nameTerm
	case p == "file:name" && like:
		return expression(NameRegexp)
	case p == "file:size" && equal:
		return sizeTerm
	case p == "file:parent_directory_ref.path" && equal:
		return ofKind(directoryTerm, Parent)
	case p == "directory:path" && equal:
		return directoryTerm
	case p == "directory:path" && like && c.op == "MATCHES":
		return expression(Regexp)
	case p == "domain-name:value" && equal, p == "domain-name:value" && c.op == "LIKE":
		return domainLike
	case (p == "ipv4-addr:value" || p == "ipv6-addr:value") && (equal || c.op == "ISSUBSET"):
		return ofKind(termOf, Address, Network)
	case p == "url:value" && equal:
		return ofKind(urlTerm, URL)
	}
	return nil
}

// ofKind takes only terms of some kinds. A directory becomes what the first of them asks for.
func ofKind(read func(string) (Term, bool), kinds ...Kind) func(string) (Term, bool) {
	return func(v string) (Term, bool) {
		t, ok := read(v)
		if ok && t.Kind == Directory && kinds[0] == Parent {
			t.Kind = Parent
		}
		for _, k := range kinds {
			if ok && t.Kind == k {
				return t, true
			}
		}
		return Term{Kind: kinds[0]}, false
	}
}

// nameTerm takes the name of a file; some feeds have the whole path in its place.
func nameTerm(v string) (Term, bool) {
	if strings.HasPrefix(v, "/") {
		return Term{Kind: Path, Value: path.Clean(v)}, len(v) > 1
	}
	return Term{Kind: Name, Value: v}, v != "" && !isWindows(v) && !strings.Contains(v, "/")
}

func sizeTerm(v string) (Term, bool) {
	return Term{Kind: size, Value: v}, v != "" && len(v) < 19 && strings.Trim(v, "0123456789") == ""
}

func directoryTerm(v string) (Term, bool) {
	return Term{Kind: Directory, Value: path.Clean("/" + v)}, strings.HasPrefix(v, "/") && path.Clean(v) != "/"
}

// domainLike takes a domain, and "%.x.example", which is x.example and what is below it.
func domainLike(v string) (Term, bool) {
	return ofKind(termOf, Domain)(strings.TrimPrefix(v, "%."))
}

// likeRegexp is a pattern of SQL as a regular expression: % is anything, and _ one character.
func likeRegexp(like string) string {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for _, part := range strings.SplitAfter(like, "") {
		switch part {
		case "%":
			b.WriteString(".*")
		case "_":
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(part))
		}
	}
	return b.String() + `\z`
}
