package facts

import (
	"bytes"
	"encoding/xml"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

// XMLDecoder reads a file of XML as Windows writes it: in UTF-8, or in UTF-16 with a mark at its beginning.
func XMLDecoder(b []byte) *xml.Decoder {
	if bytes.HasPrefix(b, []byte("\xff\xfe")) {
		c := binread.Little(b[2:])
		b = []byte(c.UTF16())
	}
	d := xml.NewDecoder(bytes.NewReader(b))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // what it says of itself is what it was
	return d
}
