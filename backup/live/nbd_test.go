package live

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
)

// client is a connection of which the other end says everything at once.
type client struct {
	io.Reader
	bytes.Buffer
}

func (c *client) Read(p []byte) (int, error) { return c.Reader.Read(p) }

// hello is what a client says before its first request.
const hello = "\x00\x00\x00\x03" + "IHAVEOPT\x00\x00\x00\x07\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00"

func request(command uint16, off uint64, n uint32) string {
	b := binary.BigEndian.AppendUint32(nil, askMagic)
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint16(b, command)
	b = append(b, "cookies!"...)
	b = binary.BigEndian.AppendUint64(b, off)
	return string(binary.BigEndian.AppendUint32(b, n))
}

func serve(t *testing.T, said string) (answers string, failures int, err error) {
	t.Helper()
	o, err := newOverlay(stillDisk{strings.NewReader(strings.Repeat("b", 2*blockSize))}, t.TempDir(), blockSize)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	c := &client{Reader: strings.NewReader(said)}
	e := &export{disk: o, conn: c, seen: func(bool, int64, int64) {}, failed: func(error) { failures++ }}
	err = e.serve()
	return c.String(), failures, err
}

func TestAnExportIsServed(t *testing.T) {
	answers, failures, err := serve(t, hello+request(commandWrite, 1, 2)+"xy"+request(commandFlush, 0, 0)+request(commandRead, 0, 4)+request(commandEnd, 0, 0))
	if err != nil || failures > 0 {
		t.Fatal(err, failures)
	}
	// NBD_REP_INFO with the size and the flags, NBD_REP_ACK, and three simple replies (doc/proto.md)
	const head = "NBDMAGICIHAVEOPT\x00\x03"
	const info = "\x00\x03\xe8\x89\x04\x55\x65\xa9\x00\x00\x00\x07\x00\x00\x00\x03\x00\x00\x00\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x20\x00\x00\x05"
	const ack = "\x00\x03\xe8\x89\x04\x55\x65\xa9\x00\x00\x00\x07\x00\x00\x00\x01\x00\x00\x00\x00"
	const done = "\x67\x44\x66\x98\x00\x00\x00\x00cookies!"
	if want := head + info + ack + done + done + done + "bxyb"; answers != want {
		t.Errorf("got %q\nwant %q", answers, want)
	}
}

func TestRequestsThatCannotBeServed(t *testing.T) {
	const refused = "\x67\x44\x66\x98\x00\x00\x00"
	for name, c := range map[string]struct {
		said, end string
		goes      bool // the connection goes on
	}{
		"read behind the end":       {request(commandRead, 2*blockSize, 1), refused + "\x05cookies!", true},
		"read before the start":     {request(commandRead, 1<<63, 1), refused + "\x05cookies!", true},
		"write behind the end":      {request(commandWrite, 2*blockSize-1, 2) + "xy", refused + "\x1ccookies!", true},
		"write from far away":       {request(commandWrite, 1<<63-1, 2) + "xy", refused + "\x1ccookies!", true},
		"written too much":          {request(commandWrite, 0, 2*blockSize) + strings.Repeat("x", 2*blockSize), refused + "\x1ccookies!", true},
		"an unknown command":        {request(9, 0, 0), refused + "\x16cookies!", true},
		"too much at once":          {request(commandRead, 0, maxTransfer+1), "", false},
		"another magic":             {strings.Repeat("x", 28), "", false},
		"a write that is cut off":   {request(commandWrite, 0, 100) + "x", "", false},
		"a request that is cut off": {"\x25\x60", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			answers, _, err := serve(t, hello+c.said)
			if !strings.HasSuffix(answers, c.end) || errors.Is(err, io.EOF) != c.goes {
				t.Errorf("got %q, %v", answers, err)
			}
		})
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	answers, _, _ := serve(t, "\x00\x00\x00\x03"+"IHAVEOPT\x00\x00\x00\x08\x00\x00\x00\x00"+"IHAVEOPT\x00\x00\x00\x02\x00\x00\x00\x00")
	const refused = "\x00\x03\xe8\x89\x04\x55\x65\xa9\x00\x00\x00\x08\x80\x00\x00\x01\x00\x00\x00\x00"
	const ack = "\x00\x03\xe8\x89\x04\x55\x65\xa9\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x00"
	if !strings.HasSuffix(answers, refused+ack) {
		t.Errorf("got %q", answers)
	}
}

func FuzzServe(f *testing.F) {
	f.Add(hello + request(commandRead, 0, 512) + request(commandEnd, 0, 0))
	f.Add(hello + request(commandWrite, 4095, 2) + "xy")
	f.Fuzz(func(t *testing.T, said string) {
		_, _, _ = serve(t, said) // it must come to an end
	})
}
