// Package certificates collects the domain "certificates": the X.509 certificates in the places where Linux keeps them,
// and those that the configurations of nginx and Apache name.
//
// Only PEM and DER certificates are read, never a private key: a file with both gives its certificate. Whether one is valid
// on a day is for a judge; no chain is built and nothing is trusted here. Stores in other forms (NSS, Java, PKCS #12) are
// not read.
package certificates

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	maxCertificates = 20_000
	maxFiles        = 20_000
	maxFile         = 16 << 20 // bytes
	maxDepth        = 8        // directories
)

const (
	host      = "host"
	authority = "authority"
)

// places are the directories that are read, with what lies there. A file below one of them that is listed on its own is of
// that kind.
var places = []struct{ dir, use string }{
	{"/etc/ssl/certs", authority},
	{"/etc/pki/ca-trust/source", authority},
	{"/etc/pki/ca-trust/extracted/pem", authority},
	{"/usr/local/share/ca-certificates", authority},
	{"/var/lib/ca-certificates", authority},
	{"/etc/ca-certificates", authority},
	{"/etc/pki/trust", authority},
	{"/etc/ssl", host},
	{"/etc/pki/tls", host},
	{"/etc/letsencrypt/live", host},
	{"/etc/kubernetes/pki", host},
	{"/var/lib/kubelet/pki", host},
}

// Collector collects the domain "certificates".
var Collector = facts.New("certificates", "Certificates of hosts and authorities, with their expiry", collect)

func collect(ctx context.Context, s *facts.Scope) (*facts.Certificates, error) {
	c := &collector{ctx: ctx, s: s, seen: map[string]bool{}, known: map[string]bool{}, all: facts.Certificates{}}
	for _, p := range places {
		if err := c.dir(p.dir, p.use, 0); err != nil {
			return nil, err
		}
	}
	for _, file := range configured(s) {
		c.file(file.Value, host, true)
	}
	if len(c.all) == 0 && len(c.seen) == 0 {
		return nil, fs.ErrNotExist
	}
	slices.SortStableFunc(c.all, func(a, b facts.Certificate) int {
		return cmp.Or(cmp.Compare(a.Source.Path, b.Source.Path), cmp.Compare(a.Index, b.Index))
	})
	return &c.all, nil
}

type collector struct {
	ctx  context.Context // of this collection
	s    *facts.Scope
	seen map[string]bool // files and directories, without links
	// known are the authorities so far, by fingerprint.
	known map[string]bool
	all   facts.Certificates
	full  bool
}

func (c *collector) dir(dir, use string, depth int) error {
	if c.ctx.Err() != nil {
		return c.ctx.Err()
	}
	resolved, err := c.s.Guest.Resolve(dir)
	if err != nil || c.seen[resolved] || depth > maxDepth {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.s.Problem(dir, 0, err)
		}
		return nil
	}
	c.seen[resolved] = true
	for _, e := range c.s.ReadDir(dir) {
		name := dir + "/" + e.Name
		if e.Type.IsDir() {
			if err := c.dir(name, use, depth+1); err != nil {
				return err
			}
			continue
		}
		if c.limit(name) {
			return nil
		}
		if wanted(e) {
			c.file(name, use, false)
		}
	}
	return nil
}

// wanted leaves out keys, requests and what else lies beside certificates, and the links by hash that are second names.
func wanted(e guest.Entry) bool {
	ext := path.Ext(e.Name)
	if e.Type&fs.ModeSymlink != 0 && len(ext) == 2 && '0' <= ext[1] && ext[1] <= '9' {
		return false
	}
	return slices.Contains([]string{".pem", ".crt", ".cer", ".der", ".cert"}, ext)
}

func (c *collector) limit(name string) bool {
	if len(c.all) < maxCertificates && len(c.seen) < maxFiles {
		return false
	}
	if !c.full {
		c.s.Problem(name, 0, binread.Limit("more than %d certificates or %d files; the rest is left out", maxCertificates, maxFiles))
	}
	c.full = true
	return true
}

// file reads the certificates of one file. One that a configuration names must be there and hold one.
func (c *collector) file(name, use string, named bool) {
	o, err := c.s.Stat(name)
	switch {
	case err != nil && (named || !errors.Is(err, fs.ErrNotExist)): // a dangling link is no certificate
		c.s.Problem(name, 0, err)
		return
	case err != nil || c.seen[o.Path] || c.limit(name):
		return
	case o.Size > maxFile:
		c.s.Problem(name, 0, binread.Limit("file of %d bytes, want at most %d", o.Size, maxFile))
		return
	}
	c.seen[o.Path] = true
	b, err := c.s.ReadFile(name)
	if err != nil {
		c.s.Problem(name, 0, err)
		return
	}
	found, errs := parse(b, maxCertificates-len(c.all))
	for _, err := range errs {
		c.s.Problem(name, err.line, err.err)
	}
	if named && len(found) == 0 && len(errs) == 0 {
		c.s.Problem(name, 0, errors.New("holds no certificate, and a server's configuration names it"))
	}
	for _, one := range found {
		if one.Use == "" {
			one.Use = use
		}
		if one.Use == authority { // which stand in bundles, and in files of their own too
			if c.known[one.SHA256] {
				continue
			}
			c.known[one.SHA256] = true
		}
		one.Source.Path = name
		c.all = append(c.all, one)
	}
}

// configured returns the certificates that nginx's and Apache's configurations name by an absolute path.
func configured(s *facts.Scope) []facts.Value[string] {
	var all []facts.Value[string]
	files := 0
	for _, pattern := range []string{
		"/etc/nginx/nginx.conf", "/etc/nginx/conf.d/*.conf", "/etc/nginx/sites-enabled/*", "/etc/nginx/snippets/*.conf",
		"/etc/apache2/apache2.conf", "/etc/apache2/sites-enabled/*.conf", "/etc/apache2/conf-enabled/*.conf", "/etc/apache2/vhosts.d/*.conf",
		"/etc/httpd/conf/httpd.conf", "/etc/httpd/conf.d/*.conf",
	} {
		for _, file := range s.Glob(pattern) {
			if files++; files > maxFiles {
				s.Problem(pattern, 0, binread.Limit("more than %d files of servers; the rest is left out", maxFiles))
				return all
			}
			err := s.Lines(file, func(n int, text string) {
				if target := directive(text); target != "" && len(all) < maxFiles {
					all = append(all, facts.Value[string]{Value: target, Explicit: true, Source: &facts.Source{Path: file, Line: n, Text: text}})
				}
			})
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				s.Problem(file, 0, err)
			}
		}
	}
	return all
}

// directive returns the path that a line with a certificate names, when it is an absolute one without variables.
func directive(line string) string {
	words := strings.Fields(strings.TrimSpace(line))
	if len(words) < 2 {
		return ""
	}
	switch strings.ToLower(words[0]) {
	case "ssl_certificate", "ssl_client_certificate", "ssl_trusted_certificate", "sslcertificatefile", "sslcacertificatefile", "sslcertificatechainfile":
		file := strings.Trim(strings.TrimSuffix(words[1], ";"), `"'`)
		if strings.HasPrefix(file, "/") && !strings.Contains(file, "$") {
			return file
		}
	}
	return ""
}
