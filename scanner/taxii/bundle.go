package taxii

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

// bundle writes objects as a bundle of STIX, one on each line.
type bundle struct {
	w     io.Writer
	id    string
	n     int
	bytes int64
}

// newBundle names the bundle after where its objects are from, so that the same answers give the same file.
func newBundle(w io.Writer, from string) *bundle {
	sum := sha256.Sum256([]byte(from))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // RFC 9562, version 8
	return &bundle{w: w, id: fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])}
}

func (b *bundle) add(objects []json.RawMessage) error {
	for _, o := range objects {
		var line bytes.Buffer
		if b.n == 0 {
			b.begin(&line)
		} else {
			line.WriteString(",\n")
		}
		if err := json.Compact(&line, o); err != nil {
			return err
		}
		if b.bytes += int64(line.Len()); b.bytes > maxBytes {
			return binread.Limit("more than %d bytes of objects", int64(maxBytes))
		}
		b.n++
		if _, err := b.w.Write(line.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

func (b *bundle) begin(w *bytes.Buffer) {
	fmt.Fprintf(w, "{\"type\": \"bundle\", \"id\": \"bundle--%s\", \"objects\": [\n", b.id)
}

func (b *bundle) end() error {
	var last bytes.Buffer
	if b.n == 0 {
		b.begin(&last)
	}
	last.WriteString("\n]}\n")
	_, err := b.w.Write(last.Bytes())
	return err
}
