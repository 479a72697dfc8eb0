package intel

import (
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// termOf tells by its form what a word of a feed is that does not say it.
func termOf(word string) (Term, bool) {
	word = refang(strings.TrimSpace(word))
	if len(word) > maxValue {
		return Term{}, false
	}
	if t, ok := digestTerm(word); ok {
		return t, true
	}
	for _, of := range []func(string) (Term, bool){addressTerm, networkTerm, urlTerm, pathTerm, domainTerm} {
		if t, ok := of(word); ok {
			return t, true
		}
	}
	return Term{}, false
}

// refang undoes what people do to addresses so that nobody clicks on them.
func refang(s string) string {
	if strings.ContainsAny(s, "[(") {
		s = strings.NewReplacer("[.]", ".", "(.)", ".", "[:]", ":", "[://]", "://").Replace(s)
	}
	if strings.HasPrefix(s, "hxxp") {
		return "http" + s[len("hxxp"):]
	}
	return s
}

// addressTerm takes an address, with a port or without.
func addressTerm(s string) (Term, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return Term{Kind: Address, Value: ap.Addr().Unmap().WithZone("").String()}, true
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return Term{}, false
	}
	return Term{Kind: Address, Value: a.Unmap().WithZone("").String()}, true
}

// networkTerm takes a network; one of a single address is the address.
func networkTerm(s string) (Term, bool) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return Term{}, false
	}
	if p.IsSingleIP() {
		return addressTerm(p.Addr().String())
	}
	return Term{Kind: Network, Value: p.Masked().String()}, true
}

func urlTerm(s string) (Term, bool) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || scheme == "" || rest == "" || strings.ContainsAny(s, " \t\"'<>") {
		return Term{}, false
	}
	u, err := url.Parse(s)
	if err != nil || hostOf(u.Hostname()) == "" {
		return Term{}, false
	}
	return Term{Kind: URL, Value: s}, true
}

// pathTerm takes a path of the guest, a glob of one, or a folder, which ends with a slash.
func pathTerm(s string) (Term, bool) {
	if !strings.HasPrefix(s, "/") || len(s) < 2 || strings.HasPrefix(s, "//") || strings.ContainsRune(s, 0) {
		return Term{}, false
	}
	if strings.ContainsAny(s, "*?[") {
		_, err := globRegexp(s)
		return Term{Kind: Glob, Value: s}, err == nil
	}
	if strings.HasSuffix(s, "/") {
		return directoryTerm(s)
	}
	return Term{Kind: Path, Value: path.Clean(s)}, true
}

// domainTerm takes a domain of two labels or more whose last one is none of digits; "*.x.example" is x.example.
func domainTerm(s string) (Term, bool) {
	if host, port, ok := strings.Cut(s, ":"); ok && port != "" && strings.Trim(port, "0123456789") == "" {
		s = host
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "*"), ".")
	s = domainOf(s)
	return Term{Kind: Domain, Value: s}, s != ""
}

// domainOf is a domain in lower case without a dot at its end, or "" for what is none, such as a version or a name of one label.
func domainOf(s string) string {
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return ""
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return ""
		}
	}
	last := labels[len(labels)-1]
	if len(last) < 2 || strings.ContainsAny(last, "0123456789_") && !strings.HasPrefix(last, "xn--") {
		return ""
	}
	return s
}

// hostOf is a domain or an address in the one form that sets have it in, or "".
func hostOf(s string) string {
	if t, ok := addressTerm(s); ok {
		return t.Value
	}
	return domainOf(s)
}

// globRegexp is a glob as a regular expression for whole paths.
func globRegexp(glob string) (string, error) {
	var b strings.Builder
	b.WriteString(`\A`)
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; c {
		case '*':
			if strings.HasPrefix(glob[i:], "**") {
				b.WriteString(`(?s:.*)`)
				i++
			} else {
				b.WriteString(`[^/]*`)
			}
		case '?':
			b.WriteString(`[^/]`)
		case '[':
			end := strings.IndexByte(glob[i:], ']')
			if end < 2 {
				b.WriteString(`\[`)
				continue
			}
			class := glob[i+1 : i+end]
			if class[0] == '!' {
				class = "^" + class[1:]
			}
			b.WriteString("[" + strings.ReplaceAll(class, `[`, `\[`) + "]")
			i += end
		default:
			b.WriteString(regexp.QuoteMeta(glob[i : i+1]))
		}
	}
	b.WriteString(`\z`)
	s := b.String()
	_, err := regexp.Compile(s)
	return s, err
}

// isWindows knows paths and registry keys of a system that is not looked into.
func isWindows(s string) bool {
	return strings.Contains(s, `\`) || len(s) > 1 && s[1] == ':' || strings.HasPrefix(s, "%")
}
