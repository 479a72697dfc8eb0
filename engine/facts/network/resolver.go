package network

import (
	"errors"
	"io/fs"
	"net/netip"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	resolvConf     = "/etc/resolv.conf"
	maxNameservers = 3 // MAXNS of the C library
)

// resolver reads resolv.conf(5). Keywords stand at the beginning of a line; the last search or domain line counts.
func (r *reader) resolver() error {
	c := &facts.Resolver{Path: resolvConf, Nameservers: []facts.NetworkLine{}, Options: []facts.NetworkLine{}}
	o, err := r.s.Lstat(resolvConf)
	if err != nil {
		return err
	}
	if o.IsSymlink() {
		if c.Link, err = r.s.ReadLink(resolvConf); err != nil {
			return err
		}
	}
	r.n.Resolver = c
	if err := r.small(resolvConf); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err = r.s.Lines(resolvConf, func(n int, text string) {
		if text == "" || strings.ContainsRune("#; \t", rune(text[0])) {
			return
		}
		if len(text) > maxLine {
			r.s.Problem(resolvConf, n, binread.Limit("line of %d bytes, want at most %d", len(text), maxLine))
			return
		}
		words, at := strings.Fields(text), source(resolvConf, n, text)
		if len(words) > 0 {
			r.resolverLine(c, words[0], words[1:], at)
		}
	})
	if errors.Is(err, fs.ErrNotExist) && c.Link != "" {
		return nil
	}
	c.Present = err == nil
	return err
}

func (r *reader) resolverLine(c *facts.Resolver, key string, words []string, at facts.Source) {
	switch key {
	case "nameserver":
		switch {
		case len(words) == 0:
			r.ignore(at, "nameserver has no address")
		case family(words[0]) == 0:
			r.ignore(at, "nameserver is no address")
		case len(c.Nameservers) == maxNameservers:
			r.ignore(at, "only the first three nameservers count")
		default:
			r.line(&c.Nameservers, words[0], at)
		}
	case "domain":
		if len(words) > 0 {
			c.Search = facts.Override(c.Search, words[:1], at)
		}
	case "search":
		c.Search = facts.Override(c.Search, append([]string{}, words...), at)
	case "options":
		for _, word := range words {
			r.line(&c.Options, word, at)
		}
	}
}

// hosts reads hosts(5).
func (r *reader) hosts() error {
	if err := r.small("/etc/hosts"); err != nil {
		return err
	}
	full := false
	return r.s.Lines("/etc/hosts", func(n int, text string) {
		line, _, _ := strings.Cut(text, "#")
		words := strings.Fields(line)
		if len(words) == 0 || full {
			return
		}
		at := source("/etc/hosts", n, text)
		switch _, err := netip.ParseAddr(words[0]); {
		case len(text) > maxLine:
			r.s.Problem("/etc/hosts", n, binread.Limit("line of %d bytes, want at most %d", len(text), maxLine))
		case err != nil:
			r.ignore(at, "the line begins with no address")
		case len(words) == 1:
			r.ignore(at, "the address has no name")
		case len(r.n.Hosts) == maxValues:
			full = true
			r.s.Problem("/etc/hosts", n, binread.Limit("more than %d hosts; the rest is left out", maxValues))
		default:
			r.n.Hosts = append(r.n.Hosts, facts.HostEntry{Address: words[0], Names: words[1:], Source: at})
		}
	})
}
