package intel

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// hosts looks for indicators of addresses in text.
type hosts struct {
	in        *indicators
	domains   index[string]
	addresses index[netip.Addr]
	networks  index[netip.Prefix]
	urls      index[string] // by the host and what follows it
	urlHosts  map[string]bool
	bits      []int // lengths of the networks, the longest first
	reserved  []netip.Prefix
}

func newHosts(in *indicators) *hosts {
	return &hosts{
		in: in, domains: index[string]{}, addresses: index[netip.Addr]{}, networks: index[netip.Prefix]{}, urls: index[string]{},
		urlHosts: map[string]bool{}, reserved: reserved(),
	}
}

// add takes the indicator that was added last.
func (h *hosts) add(t Term) {
	switch t.Kind {
	case Domain:
		put(h.in, h.domains, t.Value)
	case Address:
		if a, err := netip.ParseAddr(t.Value); err == nil {
			put(h.in, h.addresses, a)
		}
	case Network:
		if p, err := netip.ParsePrefix(t.Value); err == nil {
			put(h.in, h.networks, p.Masked())
			if !slices.Contains(h.bits, p.Bits()) {
				h.bits = append(h.bits, p.Bits())
			}
		}
	case URL:
		if u, err := url.Parse(t.Value); err == nil {
			host := hostOf(u.Hostname())
			put(h.in, h.urls, host+restOf(u))
			h.urlHosts[host] = true
		}
	}
}

func (h *hosts) empty() bool {
	return len(h.domains)+len(h.addresses)+len(h.networks)+len(h.urls) == 0
}

// found is called for an indicator that stands in the text, with its place.
type found func(i *Indicator, off, n int)

// match goes through a text once and looks up each word of it that could be a host.
func (h *hosts) match(ctx context.Context, text []byte, f found) error {
	for off, words := 0, 0; off < len(text); {
		if !isHostByte(text[off]) {
			off++
			continue
		}
		end := off
		for end < len(text) && isHostByte(text[end]) {
			end++
		}
		if words++; words%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if end-off <= maxHost {
			h.word(text, off, end, f)
		}
		off = end
	}
	return nil
}

// maxHost is how many bytes a word has at most in which a host is looked for: a domain, colons and a port.
const maxHost = 1024

func isHostByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' || c == ':'
}

// word looks at text[off:end]: an IPv6 address, or names and addresses with colons between them.
func (h *hosts) word(text []byte, off, end int, f found) {
	w := string(text[off:end])
	if strings.Count(w, ":") >= 2 {
		trimmed := strings.TrimRight(w, ".")
		if a, err := netip.ParseAddr(trimmed); err == nil {
			h.address(text, a.Unmap(), off, len(trimmed), f)
			return
		}
	}
	for part := range strings.SplitSeq(w, ":") {
		h.part(text, part, off, f)
		off += len(part) + 1
	}
}

func (h *hosts) part(text []byte, s string, off int, f found) {
	trimmed := strings.TrimLeft(s, ".-")
	off += len(s) - len(trimmed)
	s = strings.TrimRight(trimmed, ".-")
	if !strings.Contains(s, ".") {
		return
	}
	if a, err := netip.ParseAddr(s); err == nil {
		h.address(text, a, off, len(s), f)
		return
	}
	domain := domainOf(s)
	if domain == "" {
		return
	}
	h.url(text, domain, off, len(s), f)
	for d := domain; strings.Contains(d, "."); _, d, _ = strings.Cut(d, ".") {
		each(h.in, h.domains, d, func(i *Indicator) { f(i, off, len(s)) })
	}
}

func (h *hosts) address(text []byte, a netip.Addr, off, n int, f found) {
	h.url(text, a.String(), off, n, f)
	each(h.in, h.addresses, a, func(i *Indicator) { f(i, off, n) })
	for _, bits := range h.bits {
		if p, err := a.Prefix(bits); err == nil && !h.hides(a, p) {
			each(h.in, h.networks, p, func(i *Indicator) { f(i, off, n) })
		}
	}
}

// hides reports whether an address means another host in each place, and the network does not say that it means this one by being
// as narrow.
func (h *hosts) hides(a netip.Addr, network netip.Prefix) bool {
	for _, r := range h.reserved {
		if r.Contains(a) && (network.Bits() <= r.Bits() || !r.Contains(network.Addr())) {
			return true
		}
	}
	return false
}

// maxParts is how many parts of a URL in a text are put together at most.
const maxParts = 200

// url looks for the URLs of a host at its place in the text: what follows it, from one part of the path to the last.
func (h *hosts) url(text []byte, host string, off, n int, f found) {
	if !h.urlHosts[host] {
		return
	}
	after := off + n
	if after < len(text) && text[after] == ']' {
		after++
	}
	end := after
	for end < len(text) && end-after < maxValue && isURLByte(text[end]) {
		end++
	}
	rest := string(text[after:end])
	for _, port := range []string{"", ":80", ":443", ":21"} { // a URL has no port where it is that of the scheme
		path, ok := strings.CutPrefix(rest, port)
		if !ok || port != "" && path != "" && isHostByte(path[0]) {
			continue
		}
		parts := 0
		for i := 0; i <= len(path) && parts < maxParts; i++ {
			if i == 0 || i == len(path) || !isHostByte(path[i]) {
				parts++
				each(h.in, h.urls, host+path[:i], func(is *Indicator) { f(is, off, after+len(port)+i-off) })
			}
		}
	}
}

func isURLByte(c byte) bool { return c > ' ' && c < 0x7f && strings.IndexByte("\"'<>`\\^{|}", c) < 0 }

// restOf is what follows the host in a URL: the port where it is not that of the scheme, the path and the query.
func restOf(u *url.URL) string {
	rest := strings.TrimSuffix(u.EscapedPath(), "/")
	if u.RawQuery != "" {
		rest = u.EscapedPath() + "?" + u.RawQuery
	}
	if p := u.Port(); p != "" && p != map[string]string{"http": "80", "https": "443", "ftp": "21"}[u.Scheme] {
		rest = ":" + p + rest
	}
	return rest
}
