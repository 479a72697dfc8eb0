package facts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"

	"github.com/fxamacker/cbor/v2"
	"github.com/klauspost/compress/zstd"
)

const (
	// storedMagic begins a stored document; the digit is the version of the form, not of the document.
	storedMagic = "guestctl-facts-1\n"
	// zstdMagic begins a stored document that zstd can read: a skippable frame (RFC 8878, section 3.1.2) with storedMagic in it.
	zstdMagic = "\x51\x2a\x4d\x18\x11\x00\x00\x00" + storedMagic
	// emptyFrame is a skippable frame of zstd without content (RFC 8878, section 3.1.2): padding.
	emptyFrame = "\x50\x2a\x4d\x18\x00\x00\x00\x00"
	// maxStored bounds a stored document after decompression, in bytes.
	maxStored = 512 << 20
	// maxStoredItems bounds the lists and maps in one, since a small file may claim large ones.
	maxStoredItems = 1 << 24
)

// stored is a document as it lies on disk: each domain is a column of its own, so that a reader decodes what it knows.
type stored struct {
	Schema     string
	Meta       Meta
	Collectors map[string]Status
	Domains    map[string]cbor.RawMessage
}

// sectorSize is what the size of every raw disk is a multiple of, in bytes.
const sectorSize = 512

// Aligned reports whether a file of n bytes can be a raw disk. No stored document has such a size.
func Aligned(n int64) bool { return n%sectorSize == 0 }

// Unaligned returns a document as text with a line end more, where its size could be that of a disk.
func Unaligned(b []byte) []byte {
	if Aligned(int64(len(b))) {
		return append(b, '\n')
	}
	return b
}

// Write stores a document: one CBOR column for each domain, compressed with zstd. The same document gives the same bytes.
func Write(w io.Writer, d *Document) error { return write(w, d, storedMagic) }

// WriteZstd stores a document as Write does, in a file that is one of zstd, too.
func WriteZstd(w io.Writer, d *Document) error { return write(w, d, zstdMagic) }

// smallDocument is up to how many bytes making the tables of the better compression takes longer than compressing.
const smallDocument = 64 << 10

func write(w io.Writer, d *Document, magic string) error {
	enc, err := cbor.EncOptions{Sort: cbor.SortCoreDeterministic, Time: cbor.TimeRFC3339Nano}.EncMode()
	if err != nil {
		return err
	}
	s := stored{d.Schema, d.Meta, d.Collectors, map[string]cbor.RawMessage{}}
	for name, v := range d.Facts {
		if s.Domains[name], err = enc.Marshal(v); err != nil {
			return fmt.Errorf("facts: %s: %w", name, err)
		}
	}
	b, err := enc.Marshal(s)
	if err != nil {
		return err
	}
	level := zstd.SpeedDefault
	if len(b) < smallDocument {
		level = zstd.SpeedFastest
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(level))
	if err != nil {
		return err
	}
	packed := z.EncodeAll(b, nil)
	if Aligned(int64(len(magic) + len(packed))) {
		packed = append(packed, emptyFrame...)
	}
	_, err = w.Write(append([]byte(magic), packed...))
	return errors.Join(err, z.Close())
}

// IsStored reports whether a file that begins with b, of 64 bytes or more, holds a document: stored by Write, or as JSON,
// whose first name is the schema's.
func IsStored(b []byte) bool {
	_, packed := cutMagic(b)
	return packed || bytes.HasPrefix(b, []byte("{")) && bytes.Contains(b[:min(64, len(b))], []byte(Schema))
}

// cutMagic returns what stands behind the magic of a stored document.
func cutMagic(b []byte) ([]byte, bool) {
	if rest, ok := bytes.CutPrefix(b, []byte(zstdMagic)); ok {
		return rest, true
	}
	return bytes.CutPrefix(b, []byte(storedMagic))
}

// Read reads a document that Write or WriteZstd stored, or one as JSON, and holds it against this version as Decode does.
func Read(r io.Reader, collectors []Collector) (*Document, error) {
	b, packed, err := unpacked(r)
	if err != nil {
		return nil, err
	}
	if !packed {
		return Decode(b, collectors)
	}
	d, domains, err := unpack(b, collectors)
	if err != nil {
		return nil, err
	}
	dec, err := decoder()
	if err != nil {
		return nil, err
	}
	return d, d.distrust(func(name string, v *any) error { return dec.Unmarshal(domains[name], v) })
}

// ReadBack reads a document that this very version stored.
func ReadBack(r io.Reader, collectors []Collector) (*Document, error) {
	b, packed, err := unpacked(r)
	if err != nil {
		return nil, err
	}
	if !packed {
		return nil, errors.New("facts document: not a stored one")
	}
	d, _, err := unpack(b, collectors)
	return d, err
}

// unpacked returns the content of a stored document, or a text that is none.
func unpacked(r io.Reader) (b []byte, packed bool, err error) {
	if b, err = io.ReadAll(io.LimitReader(r, maxStored)); err != nil {
		return nil, false, fmt.Errorf("facts document: %w", err)
	}
	frames, packed := cutMagic(b)
	if !packed {
		return b, false, nil
	}
	z, err := zstd.NewReader(bytes.NewReader(frames), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxStored))
	if err != nil {
		return nil, false, fmt.Errorf("facts document: %w", err)
	}
	defer z.Close()
	if b, err = io.ReadAll(io.LimitReader(z, maxStored)); err != nil {
		return nil, false, fmt.Errorf("facts document: %w", err)
	}
	return b, true, nil
}

// decoder reads CBOR. A guest's names are bytes: as text of CBOR they need not be UTF-8.
func decoder() (cbor.DecMode, error) {
	return cbor.DecOptions{
		MaxArrayElements: maxStoredItems, MaxMapPairs: maxStoredItems, UTF8: cbor.UTF8DecodeInvalid, DefaultMapType: reflect.TypeFor[map[string]any](),
	}.DecMode()
}

// unpack decodes the domains, and returns them as they were written too.
func unpack(b []byte, collectors []Collector) (*Document, map[string]cbor.RawMessage, error) {
	dec, err := decoder()
	if err != nil {
		return nil, nil, err
	}
	var s stored
	if err := dec.Unmarshal(b, &s); err != nil {
		return nil, nil, fmt.Errorf("facts document: %w", err)
	}
	if s.Schema != Schema {
		return nil, nil, fmt.Errorf("facts document: schema %q, want %q", s.Schema, Schema)
	}
	d := &Document{s.Schema, s.Meta, s.Collectors, map[string]any{}}
	for _, name := range slices.Sorted(maps.Keys(s.Domains)) {
		i := slices.IndexFunc(collectors, func(c Collector) bool { return c.Name == name })
		if i < 0 {
			return nil, nil, fmt.Errorf("facts document: unknown domain %q", name)
		}
		v := collectors[i].New()
		if err := dec.Unmarshal(s.Domains[name], v); err != nil {
			return nil, nil, fmt.Errorf("facts document: %s: %w", name, err)
		}
		d.Facts[name] = v
	}
	return d, s.Domains, nil
}
