package intel

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

func isOpenIOC(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(head, []byte("<")) &&
		(bytes.Contains(head, []byte("<ioc")) || bytes.Contains(head, []byte("<OpenIOC")) || bytes.Contains(head, []byte("<iocs")))
}

// iocNode is an Indicator that is being read: what its operator makes of the nodes in it.
type iocNode struct {
	and bool
	any bool // something was in it
	a   alternatives
}

// iocItem is one IndicatorItem.
type iocItem struct {
	condition, search, content string
	not                        bool
}

// iocReader reads OpenIOC 1.0 and 1.1. It knows no entities but those of XML itself, and takes no document type.
type iocReader struct {
	b     *builder
	dec   *xml.Decoder
	nodes []iocNode
	item  *iocItem
	path  []string // elements around
	info  Info
	found alternatives
}

func readOpenIOC(b *builder, f *file) error {
	m := &meter{r: f.r}
	x := &iocReader{b: b, dec: xml.NewDecoder(m)}
	x.dec.CharsetReader = asciiReader
	for {
		m.left = maxObject
		t, err := x.dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = x.token(t)
		}
		if err != nil {
			line, _ := x.dec.InputPos()
			return fmt.Errorf("%s:%d: %w", f.name, line, err)
		}
	}
}

// asciiReader takes what is UTF-8 under another name, as the usual editors of OpenIOC declare it.
func asciiReader(charset string, r io.Reader) (io.Reader, error) {
	if !strings.EqualFold(charset, "us-ascii") && !strings.EqualFold(charset, "ascii") {
		return nil, fmt.Errorf("encoding %.40q, want UTF-8 or US-ASCII", charset)
	}
	return r, nil
}

func (x *iocReader) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.Directive:
		return binread.Refused("a document type, want none")
	case xml.StartElement:
		if x.path = append(x.path, t.Name.Local); len(x.path) > maxNesting {
			return binread.Limit("elements more than %d levels deep", maxNesting)
		}
		return x.start(t)
	case xml.EndElement:
		x.path = x.path[:max(len(x.path)-1, 0)]
		return x.end(t.Name.Local)
	case xml.CharData:
		x.text(string(t))
	}
	return nil
}

func (x *iocReader) start(t xml.StartElement) error {
	attr := map[string]string{}
	for _, a := range t.Attr {
		attr[a.Name.Local] = a.Value
	}
	switch t.Name.Local {
	case "ioc", "OpenIOC", "OPENIOC":
		x.info, x.found = Info{}, nil
		if id := attr["id"]; id != "" {
			x.info.Reference = "openioc " + id
		}
	case "Indicator":
		x.nodes = append(x.nodes, iocNode{and: strings.EqualFold(attr["operator"], "AND")})
	case "IndicatorItem":
		x.item = &iocItem{condition: strings.ToLower(attr["condition"]), not: strings.EqualFold(attr["negate"], "true")}
	case "Context":
		if x.item != nil {
			x.item.search = attr["search"]
		}
	}
	return nil
}

func (x *iocReader) text(s string) {
	switch last := x.path[max(len(x.path)-1, 0):]; {
	case len(last) == 0:
	case x.item != nil && last[0] == "Content":
		x.item.content += s
	case last[0] == "short_description":
		x.info.Label = clip(strings.TrimSpace(x.info.Label + s))
	}
}

func (x *iocReader) end(name string) error {
	switch name {
	case "IndicatorItem":
		a, why := x.item.alternatives()
		if why != "" {
			x.b.unused("openioc: " + why)
		}
		x.item = nil
		return x.join(a)
	case "Indicator":
		last := x.nodes[len(x.nodes)-1]
		x.nodes = x.nodes[:len(x.nodes)-1]
		return x.join(last.a)
	case "ioc", "OpenIOC", "OPENIOC":
		return x.b.addAlternatives("openioc", x.found, x.info)
	}
	return nil
}

// join adds what an element came to to the one around it.
func (x *iocReader) join(a alternatives) (err error) {
	if len(x.nodes) == 0 {
		// Each of the many items at the top stands for itself.
		if x.found = append(x.found, a...); len(x.found) > maxOthers {
			return tooMany("alternatives", maxOthers)
		}
		return nil
	}
	n := &x.nodes[len(x.nodes)-1]
	switch {
	case n.and && n.any:
		n.a, err = fits(n.a.and(a))
	case len(x.nodes) == 1 || !n.any:
		n.a = append(n.a, a...)
		if len(n.a) > maxOthers {
			err = tooMany("alternatives", maxOthers)
		}
	default:
		n.a, err = fits(n.a.or(a))
	}
	n.any = true
	return err
}

// alternatives are the ways in which an item is true of a file.
func (i *iocItem) alternatives() (a alternatives, why string) {
	v := strings.TrimSpace(i.content)
	condition, not := i.condition, i.not
	if rest, ok := strings.CutSuffix(condition, "not"); ok {
		condition, not = rest, !not
	}
	t, ok := i.term(condition, v)
	switch {
	case !ok && t.Kind == "":
		return nil, word(i.search) + " " + word(condition)
	case t.Kind.isPath() && isWindows(v) && (condition == "is" || condition == "contains"):
		return nil, "path of Windows"
	case !ok:
		return nil, word(i.search) + " with a value that is none"
	}
	t.Not = not
	return only(t), ""
}

// term is what an item asks for. A kind without a value is an item whose value is none.
func (i *iocItem) term(condition, v string) (Term, bool) {
	is := condition == "is"
	switch {
	case is && (i.search == "FileItem/Md5sum" || i.search == "FileItem/Sha1sum" || i.search == "FileItem/Sha256sum" || i.search == "FileItem/Sha512sum"):
		kind := Kind(strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(i.search, "FileItem/"), "sum")))
		return ofKind(digestTerm, kind)(v)
	case is && i.search == "FileItem/SizeInBytes":
		return sizeTerm(v)
	case i.search == "FileItem/FileName" && is:
		return nameTerm(v)
	case (i.search == "FileItem/FullPath" || i.search == "FileItem/FilePath") && is:
		if i.search == "FileItem/FilePath" {
			return ofKind(directoryTerm, Parent)(v)
		}
		return Term{Kind: Path, Value: path.Clean(v)}, strings.HasPrefix(v, "/") && len(v) > 1
	case i.search == "FileItem/FileName":
		return textTerm(NameRegexp, condition, v)
	case i.search == "FileItem/FullPath":
		return textTerm(Regexp, condition, v)
	case is && (i.search == "Network/DNS" || i.search == "DnsEntryItem/RecordName" || i.search == "DnsEntryItem/Host"):
		return ofKind(termOf, Domain)(v)
	case is && (i.search == "PortItem/remoteIP" || i.search == "RouteEntryItem/Destination"):
		return ofKind(termOf, Address, Network)(v)
	case is && (i.search == "UrlHistoryItem/URL" || i.search == "FileDownloadHistoryItem/SourceURL"):
		return ofKind(urlTerm, URL)(v)
	}
	return Term{}, false
}

// textTerm is a comparison of text as a regular expression.
func textTerm(kind Kind, condition, v string) (Term, bool) {
	quoted := regexp.QuoteMeta(v)
	expression, ok := map[string]string{
		"contains": quoted, "matches": v, "starts-with": `\A` + quoted, "begins-with": `\A` + quoted, "ends-with": quoted + `\z`,
	}[condition]
	if !ok {
		return Term{}, false
	}
	return Term{Kind: kind, Value: expression}, v != ""
}
