package binread

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestReadAtChecksBeforeItAllocates(t *testing.T) {
	r := strings.NewReader("0123456789")
	for name, c := range map[string]struct {
		off, n, limit int64
		want          string
		kind          error
	}{
		"inside":                   {2, 3, 10, "234", nil},
		"to the end":               {7, 3, 10, "789", nil},
		"nothing":                  {10, 0, 10, "", nil},
		"past the end":             {8, 3, 10, "", ErrCorrupt},
		"far past the end":         {1 << 60, 1, 10, "", ErrCorrupt},
		"over the limit":           {0, 1 << 50, 10, "", ErrLimit},
		"negative offset":          {-1, 3, 10, "", ErrCorrupt},
		"negative length":          {0, -3, 10, "", ErrCorrupt},
		"end overflows the offset": {1<<63 - 1, 10, 10, "", ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadAt(r, c.off, c.n, c.limit)
			if !errors.Is(err, c.kind) || (err == nil) != (c.kind == nil) || string(got) != c.want {
				t.Errorf("got %q, %v; want %q, %v", got, err, c.want, c.kind)
			}
		})
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

func TestErrorsOfTheReaderArePassedOn(t *testing.T) {
	if _, err := ReadAt(failing{io.ErrClosedPipe}, 0, 1, 1); !errors.Is(err, io.ErrClosedPipe) || errors.Is(err, ErrCorrupt) {
		t.Errorf("got %v, want the reader's own error", err)
	}
}

// damagedReader gives all bytes and says that they are not to be believed.
type damagedReader struct{}

func (damagedReader) ReadAt(p []byte, _ int64) (int, error) { return len(p), Checksum("block 7") }

func TestDamagedBytesComeWithTheirError(t *testing.T) {
	b, err := ReadAt(damagedReader{}, 0, 3, 3)
	if len(b) != 3 || !errors.Is(err, ErrChecksum) {
		t.Errorf("got %v, %v; want three bytes and the damage", b, err)
	}
}

func TestKindsAndHints(t *testing.T) {
	err := fmt.Errorf("disk: %w", WithHint(Encrypted("a %s volume", "LUKS"), "give the key"))
	switch {
	case !errors.Is(err, ErrEncrypted), errors.Is(err, ErrCorrupt):
		t.Errorf("%v is not of kind ErrEncrypted alone", err)
	case err.Error() != "disk: a LUKS volume":
		t.Errorf("text %q", err)
	case HintOf(err) != "give the key":
		t.Errorf("hint %q", HintOf(err))
	case WithHint(nil, "x") != nil || HintOf(io.EOF) != "":
		t.Error("a hint out of nothing")
	}
	if err := Corrupt("read: %w", io.EOF); !errors.Is(err, io.EOF) || !errors.Is(err, ErrCorrupt) {
		t.Errorf("%v lost its cause or its kind", err)
	}
}

func TestCursorDecodes(t *testing.T) {
	b := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	little, big := Little(b), Big(b)
	for name, c := range map[string]struct{ got, want uint64 }{
		"u8":         {uint64(little.U8()), 1},
		"u16":        {uint64(little.U16()), 0x0302},
		"u32":        {uint64(little.U32()), 0x07060504},
		"u64":        {little.U64(), 0x0f0e0d0c0b0a0908},
		"big u8":     {uint64(big.U8()), 1},
		"big u16":    {uint64(big.U16()), 0x0203},
		"big u32":    {uint64(big.U32()), 0x04050607},
		"big u64":    {big.U64(), 0x08090a0b0c0d0e0f},
		"at":         {uint64(little.At(13).U16()), 0x0f0e},
		"offset":     {uint64(little.Offset()), 15},
		"rest":       {uint64(little.Len()), 0},
		"rest of at": {uint64(little.At(5).Len()), 10},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %#x, want %#x", name, c.got, c.want)
		}
	}
	if err := errors.Join(little.Err(), big.Err()); err != nil {
		t.Error(err)
	}
}

func TestCursorNeverRunsPastItsBytes(t *testing.T) {
	for name, read := range map[string]func(c *Cursor){
		"u8 at the end":     func(c *Cursor) { c.At(4).U8() },
		"u16 over the end":  func(c *Cursor) { c.At(3).U16() },
		"u32 over the end":  func(c *Cursor) { c.At(1).U32() },
		"u64":               func(c *Cursor) { c.U64() },
		"far past the end":  func(c *Cursor) { c.At(1 << 40).U8() },
		"negative offset":   func(c *Cursor) { c.At(-1).U8() },
		"too many bytes":    func(c *Cursor) { c.Bytes(5) },
		"negative bytes":    func(c *Cursor) { c.Bytes(-1) },
		"skip past the end": func(c *Cursor) { c.Skip(5) },
	} {
		t.Run(name, func(t *testing.T) {
			c := Little([]byte{1, 2, 3, 4})
			if read(&c); !errors.Is(c.Err(), ErrCorrupt) {
				t.Errorf("got %v, want ErrCorrupt", c.Err())
			}
		})
	}
}

func TestBytesCannotBeGrownIntoTheirNeighbours(t *testing.T) {
	b := []byte("abcdef")
	c := Little(b)
	_ = append(c.Bytes(3), 'X')
	if string(b) != "abcdef" {
		t.Errorf("append wrote into the structure: %q", b)
	}
}

func TestProbes(t *testing.T) {
	data := []byte("MAGIC....END")
	yes, no := Magic(0, "MAGIC"), Magic(1, "MAGIC")
	for name, c := range map[string]struct {
		probe Probe
		want  bool
	}{
		"at the start":    {yes, true},
		"elsewhere":       {no, false},
		"from the end":    {Magic(-3, "END"), true},
		"past the end":    {Magic(100, "X"), false},
		"over the end":    {Magic(10, "ENDX"), false},
		"before the disk": {Magic(-100, "X"), false},
		"any":             {AnyOf(no, yes), true},
		"none":            {AnyOf(no, no), false},
	} {
		if got, err := c.probe(bytes.NewReader(data), int64(len(data))); got != c.want || err != nil {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, c.want)
		}
	}
}

// TestDamageIsNotAnotherFormat keeps a container that cannot give its bytes from looking like an empty disk.
func TestDamageIsNotAnotherFormat(t *testing.T) {
	damage := Corrupt("cluster 7 is outside of the file")
	if ok, err := AnyOf(Magic(0, "A"), Magic(0, "B"))(failing{damage}, 100); ok || !errors.Is(err, ErrCorrupt) {
		t.Errorf("got %v, %v; want the damage", ok, err)
	}
}

func FuzzCursor(f *testing.F) {
	f.Add([]byte("0123456789"), 3, 4)
	f.Add([]byte{}, -1, 1<<40)
	f.Fuzz(func(t *testing.T, b []byte, off, n int) {
		c := Big(b)
		got := c.At(off).Bytes(n)
		if want := off >= 0 && n >= 0 && off <= len(b) && n <= len(b)-off; want != (c.Err() == nil) || want && len(got) != n {
			t.Errorf("%d bytes at %d of %d: %d bytes, %v", n, off, len(b), len(got), c.Err())
		}
		c.U8()
		c.U64()
	})
}
