package appliance

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxText     = 4 << 20 // bytes of a description
	maxDepth    = 64      // elements inside each other
	maxElements = 100_000
	probeText   = 64 << 10 // bytes in which the first element has to begin
)

// probeElement recognises XML by its first element.
func probeElement(is func(xml.StartElement) bool) binread.Probe {
	return func(r io.ReaderAt, size int64) (bool, error) {
		if size < 1 || size > maxText {
			return false, nil
		}
		n := min(size, probeText)
		b, err := binread.ReadAt(r, 0, n, probeText)
		if err != nil {
			return false, err
		}
		text := strings.TrimLeft(strings.TrimPrefix(string(b), "\ufeff"), " \t\r\n")
		if !strings.HasPrefix(text, "<") {
			return false, nil
		}
		d := xml.NewDecoder(strings.NewReader(text))
		for {
			token, err := d.RawToken()
			if err != nil {
				return false, nil //nolint:nilerr // what is not XML is no description
			}
			if start, ok := token.(xml.StartElement); ok {
				return is(start), nil
			}
		}
	}
}

// decode reads a whole description into v.
func decode(f File, v any) error {
	b, err := binread.ReadAt(f, 0, f.Size, maxText)
	if err != nil {
		return err
	}
	text := strings.TrimPrefix(string(b), "\ufeff")
	d := xml.NewTokenDecoder(&limited{decoder: xml.NewDecoder(strings.NewReader(text))})
	if err := d.Decode(v); err != nil {
		if errors.Is(err, binread.ErrLimit) || errors.Is(err, binread.ErrRefused) {
			return err
		}
		return binread.Corrupt("not well-formed: %w", err)
	}
	return nil
}

// limited refuses XML that is built to be expensive. Entities beside those of XML itself are unknown to encoding/xml.
type limited struct {
	decoder         *xml.Decoder
	depth, elements int
}

// Token implements xml.TokenReader.
func (l *limited) Token() (xml.Token, error) {
	token, err := l.decoder.RawToken()
	switch t := token.(type) {
	case xml.StartElement:
		l.depth++
		l.elements++
	case xml.EndElement:
		l.depth--
	case xml.Directive:
		return nil, binread.Refused("a document type at byte %d, want none", l.decoder.InputOffset())
	case xml.ProcInst:
		if t.Target != "xml" {
			return l.Token()
		}
	}
	switch {
	case l.depth > maxDepth:
		return nil, binread.Limit("more than %d elements inside each other", maxDepth)
	case l.elements > maxElements:
		return nil, binread.Limit("more than %d elements", maxElements)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("at byte %d: %w", l.decoder.InputOffset(), err)
	}
	return token, err
}
