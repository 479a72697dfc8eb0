package rsyslog

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// rule reads a line in the manner of sysklogd: a selector, a property filter or a condition, and an action.
func (r *reader) rule(text string, at facts.Source) {
	selector, action := split(text)
	if selector == "&" {
		selector = r.selector
	}
	r.selector = selector
	switch {
	case strings.HasPrefix(action, "@"):
		r.forward(selector, action, at)
	case strings.HasPrefix(action, "/") || strings.HasPrefix(action, "-/") || strings.HasPrefix(action, "?") || strings.HasPrefix(action, "-?") ||
		strings.HasPrefix(action, "|"):
		file, _, _ := strings.Cut(strings.TrimPrefix(action, "-"), ";")
		r.output(selector, strings.TrimSpace(file), r.mode, at)
	}
}

// split cuts a rule into what it is for and what it does.
func split(text string) (selector, action string) {
	switch {
	case text[0] == '/' || text[0] == '@' || text[0] == '|' || text[0] == '?' || strings.HasPrefix(text, "-/"):
		return "", text // in a block
	case text[0] == '&':
		return "&", strings.TrimSpace(text[1:])
	case text[0] == ':':
		end := strings.LastIndex(text, `"`)
		if end < 0 {
			return text, ""
		}
		return text[:end+1], strings.TrimSpace(text[end+1:])
	case strings.HasPrefix(text, "if ") || strings.HasPrefix(text, "else"):
		_, after, ok := cutLast(text, " then ")
		if !ok {
			_, after, _ = strings.Cut(text, "else ")
		}
		return "if", strings.TrimLeft(after, " \t{")
	}
	i := strings.IndexAny(text, " \t")
	if i < 0 {
		return text, ""
	}
	return text[:i], strings.TrimSpace(text[i:])
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// forward reads "@host", "@@host:port" and "@@(o,z9)[::1]:port;template".
func (r *reader) forward(selector, action string, at facts.Source) {
	remote := facts.RsyslogRemote{Selector: selector, Protocol: "udp", Port: "514", TLS: r.tls, Source: at}
	rest := action[1:]
	if strings.HasPrefix(rest, "@") {
		remote.Protocol, rest = "tcp", rest[1:]
	}
	if strings.HasPrefix(rest, "(") {
		_, rest, _ = strings.Cut(rest, ")")
	}
	rest, _, _ = strings.Cut(rest, ";")
	rest = strings.TrimSpace(rest)
	host, port, ok := cutLast(rest, ":")
	switch {
	case strings.HasPrefix(rest, "["):
		host, port, _ = strings.Cut(rest[1:], "]")
		port = strings.TrimPrefix(port, ":")
	case !ok:
		host, port = rest, ""
	}
	remote.Host = host
	if port != "" {
		remote.Port = port
	}
	if host != "" {
		r.out.Remote = append(r.out.Remote, remote)
	}
}

// output notes a file with the mode it would be created with: what $Umask takes away is off.
func (r *reader) output(selector, file, mode string, at facts.Source) {
	n, err := strconv.ParseUint(mode, 8, 16)
	mask, maskErr := strconv.ParseUint(r.umask, 8, 16)
	if err == nil {
		if maskErr == nil {
			n &^= mask
		}
		mode = fmt.Sprintf("%04o", n)
	}
	r.out.Outputs = append(r.out.Outputs, facts.RsyslogOutput{Selector: selector, Path: file, Mode: mode, Source: at})
}
