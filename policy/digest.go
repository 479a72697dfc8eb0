package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/nearest"
)

// algorithm is a digest that a baseline can name.
type algorithm struct {
	name   string
	digits int  // hexadecimal
	broken bool // files with a wanted digest can be made
}

func algorithms() []algorithm {
	return []algorithm{
		{"sha256", 64, false}, {"sha512", 128, false}, {"blake2b", 128, false}, {"sha1", 40, true}, {"md5", 32, true},
	}
}

// digest is what a file's content must be. A shortened one has the first digits only: it can be refuted, and never
// proven.
type digest struct {
	algorithm
	hex   string
	short bool
}

// checksum reads "/path" = "sha256:...".
func checksum(c *compiler, n *node) {
	o, ok := c.entryTable(n, "digest")
	if !ok {
		return
	}
	v := n
	if n.table != nil {
		if v = n.table["digest"]; v == nil {
			c.fail(n.at, "%s has no digest", n.path)
			return
		}
	}
	d, ok := c.digest(v)
	if !ok {
		return
	}
	p := n.name
	c.add(n, Check{
		ID: "files.checksums:" + p, Path: p, Title: fmt.Sprintf("%s has the %s digest of the baseline", p, d.name),
		Needs: facts.Request{Files: map[string]facts.FileRequest{p: {Digests: []string{d.name}}}},
		Eval: func(doc *facts.Document) Outcome {
			return judgeDigest(p, file(doc, p), d, fmt.Sprintf("%s:%d", c.src.name, c.src.line(n.key)))
		},
	}, o)
	switch {
	case d.short:
		c.warn(n.key, "%s is a shortened digest (%d of %d digits): it can fail and never pass; write \"%s:\" and all %d digits",
			n.path, len(d.hex), d.digits, d.name, d.digits)
	case d.broken:
		c.warn(n.key, "%s: %s does not protect against a file made on purpose, use sha256", n.path, d.name)
	}
}

// digest reads "algorithm:digits".
func (c *compiler) digest(n *node) (digest, bool) {
	text := c.text(n)
	if text == "" {
		return digest{}, false
	}
	name, digits, ok := strings.Cut(text, ":")
	var names []string
	for _, a := range algorithms() {
		names = append(names, a.name)
	}
	i := slices.Index(names, strings.ToLower(name))
	if !ok || i < 0 {
		suggestion := nearest.Word(name, names)
		if !ok {
			suggestion = ""
		}
		c.failSuggest(n.at, suggestion, "%q is no digest, want one such as \"sha256:\" and 64 digits (%s)", shorten(text), listed(names))
		return digest{}, false
	}
	d := digest{algorithm: algorithms()[i], hex: strings.ToLower(digits)}
	for _, dots := range []string{"...", "…"} {
		if rest, cut := strings.CutSuffix(d.hex, dots); cut {
			d.hex, d.short = rest, true
			break
		}
	}
	switch {
	case strings.Trim(d.hex, "0123456789abcdef") != "":
		c.fail(n.at, "%s digest %q has characters that are not hexadecimal", d.name, shorten(digits))
	case d.short && (d.hex == "" || len(d.hex) >= d.digits):
		c.fail(n.at, "shortened %s digest with %d digits, want 1 to %d before the dots", d.name, len(d.hex), d.digits-1)
	case !d.short && len(d.hex) != d.digits:
		c.fail(n.at, "%s digest of %d digits, want %d", d.name, len(d.hex), d.digits)
	default:
		return d, true
	}
	return d, false
}

func shorten(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func judgeDigest(p string, f *facts.File, d digest, written string) Outcome {
	if !f.Exists {
		o := missing(p, f)
		o.Expected = d.text()
		return o
	}
	o := Outcome{Expected: d.text(), Where: fileWhere(p, f)}
	if f.Type != "file" {
		o.Status, o.Actual, o.Message = finding.Fail, f.Type, fmt.Sprintf("is no file with content (%s)", f.Type)
		return o
	}
	got := strings.ToLower(f.Digests[d.name])
	if len(got) != d.digits {
		o.Status, o.Message = finding.Unknown, fmt.Sprintf("the %s digest of %s was not collected", d.name, p)
		return o
	}
	o.Actual = d.name + ":" + got
	if d.short {
		o.Notes = []string{written + " holds a shortened digest; it can fail, it can never pass"}
	}
	switch {
	case !strings.HasPrefix(got, d.hex):
		o.Status, o.Message = finding.Fail, fmt.Sprintf("want %s %s, is %s…%s", d.name, d.brief(), got[:8], got[len(got)-2:])
	case d.short:
		o.Status, o.Message = finding.Unknown, "a shortened digest cannot prove content"
		o.Notes = append(o.Notes, fmt.Sprintf("to accept this content write %q", d.name+":"+got))
	default:
		o.Status, o.Message = finding.Pass, d.name+" "+d.brief()
	}
	return o
}

// text is the digest as a baseline writes it.
func (d digest) text() string {
	if d.short {
		return fmt.Sprintf("%s:%s… (%d of %d digits)", d.name, d.hex, len(d.hex), d.digits)
	}
	return d.name + ":" + d.hex
}

func (d digest) brief() string {
	if d.short {
		return fmt.Sprintf("%s… (%d of %d digits)", d.hex, len(d.hex), d.digits)
	}
	return d.hex[:8] + "…" + d.hex[len(d.hex)-2:]
}
