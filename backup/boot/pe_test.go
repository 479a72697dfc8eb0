package boot

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
)

const peAt = 0x80 // of the headers in a program of a test

// part is a section of a program of a test.
type part struct{ name, data string }

// efiOf is the smallest program of UEFI for x86-64 with these sections.
func efiOf(parts ...part) []byte {
	const headers, align = 0x400, 0x200
	b := bytes.Repeat([]byte{0}, headers)
	copy(b, "MZ")
	put16 := func(at int, v uint16) { binary.LittleEndian.PutUint16(b[at:], v) }
	put32 := func(at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }
	put32(peOffsetAt, peAt)
	copy(b[peAt:], "PE\x00\x00")
	optional := peAt + peHeaders
	put16(peAt+4, pe.IMAGE_FILE_MACHINE_AMD64)
	put16(peAt+6, uint16(len(parts)))
	put16(peAt+20, 240) // SizeOfOptionalHeader
	put16(peAt+22, 0x206)
	put16(optional, 0x20b)
	put32(optional+16, 0x1000) // AddressOfEntryPoint
	put32(optional+32, 0x1000)
	put32(optional+36, align)
	put32(optional+60, headers)
	put16(optional+68, efiApplication)
	put32(optional+108, 16) // NumberOfRvaAndSizes
	memory := uint32(0x1000)
	for i, s := range parts {
		at := optional + 240 + 40*i
		size := uint32(len(s.data)+align-1) &^ (align - 1)
		copy(b[at:at+8], s.name)
		put32(at+8, uint32(len(s.data)))
		put32(at+12, memory)
		put32(at+16, size)
		put32(at+20, uint32(len(b)))
		put32(at+36, 0x60000020)
		b = append(b, s.data...)
		b = append(b, make([]byte, int(size)-len(s.data))...)
		memory += (size + 0xfff) &^ 0xfff
	}
	put32(optional+56, memory) // SizeOfImage
	return b
}

func text() part { return part{".text", "\xc3 code"} }

func TestPrograms(t *testing.T) {
	good := efiOf(text(), part{".osrel", "ID=x\n"})
	f, err := readPE(good)
	if err != nil || string(f.section(".osrel")) != "ID=x\n" || f.section(".gone") != nil {
		t.Fatalf("%q, %v", f.section(".osrel"), err)
	}
	put := func(at int, b ...byte) []byte {
		return append(append(bytes.Clone(good[:at]), b...), good[at+len(b):]...)
	}
	optional, sections := peAt+peHeaders, peAt+peHeaders+240
	for name, b := range map[string][]byte{
		"empty":                            nil,
		"zeros":                            make([]byte, len(good)),
		"cut in the headers":               good[:0x100],
		"cut in a section":                 good[:len(good)-0x200],
		"no program":                       put(0, 'Z'),
		"no signature PE":                  put(peAt, 0),
		"headers behind the end":           put(peOffsetAt, 0xff, 0xff, 0xff, 0x7f),
		"of an unknown machine":            put(peAt+4, 0x11, 0x11),
		"no sections":                      put(peAt+6, 0, 0),
		"97 sections":                      put(peAt+6, 97, 0),
		"no optional header":               put(peAt+20, 0, 0),
		"a driver":                         put(optional+68, 11),
		"headers of 4 GiB":                 put(optional+60, 0xff, 0xff, 0xff, 0xff),
		"headers of nothing":               put(optional+60, 0, 0, 0, 0),
		"headers shorter than themselves":  put(optional+60, 0x90, 0, 0, 0),
		"starts outside of its sections":   put(optional+16, 0, 0, 0x10, 0),
		"less memory than sections":        put(optional+56, 0, 0x10, 0, 0),
		"section behind the end":           put(sections+20, 0xff, 0xff, 0xff, 0xff),
		"section of 4 GiB":                 put(sections+16, 0xff, 0xff, 0xff, 0xff),
		"section in memory behind the end": put(sections+12, 0xff, 0xff, 0xff, 0xff),
		"signatures behind the end":        put(optional+112+32, 0x00, 0x08, 0, 0, 0xff, 0, 0, 0),
		"signatures in the headers":        put(optional+112+32, 0x80, 0x00, 0, 0, 0x08, 0, 0, 0),
	} {
		if _, err := readPE(b); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// signedProgram is efiOf(text()) with the signature of sbsign 0.9.4 and a key that was thrown away.
func signedProgram(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/signed.efi")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSignatures(t *testing.T) {
	good := signedProgram(t)
	put := func(at int, b ...byte) []byte {
		return append(append(bytes.Clone(good[:at]), b...), good[at+len(b):]...)
	}
	f, err := readPE(good)
	if err != nil {
		t.Fatal(err)
	}
	table := f.certificates.from
	digest := bytes.Index(good, f.digest(digests["2.16.840.1.101.3.4.2.1"]))
	sha256 := bytes.Index(good[table:], []byte("\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20")) + table
	if digest < table || sha256 < table {
		t.Fatal("the signature has no digest")
	}
	for name, c := range map[string]struct {
		b      []byte
		signed bool
		kind   error
	}{
		"as it was signed":              {good, true, nil},
		"without a signature":           {efiOf(text()), false, nil},
		"checksum changed":              {put(peAt+peHeaders+checksumAt, 1, 2, 3, 4), true, nil},
		"a byte of code changed":        {put(0x402, 'X'), false, binread.ErrCorrupt},
		"a byte of the headers changed": {put(0x40, 'X'), false, binread.ErrCorrupt},
		"another digest":                {put(digest, 0, 0), false, binread.ErrCorrupt},
		"signature of zeros":            {append(bytes.Clone(good[:table]), make([]byte, len(good)-table)...), false, binread.ErrCorrupt},
		"signature longer than it is":   {put(table, 0xff, 0xff), false, binread.ErrCorrupt},
		"signature of nothing":          {put(table, 8, 0, 0, 0), false, binread.ErrCorrupt},
		"signature of another type":     {put(table+6, 1), false, binread.ErrUnsupported},
		"digest of another kind":        {put(sha256+8, 9), false, binread.ErrUnsupported},
		"signature is no ASN.1":         {put(table+8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), false, binread.ErrCorrupt},
	} {
		f, err := readPE(c.b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if signed, err := f.signed(); signed != c.signed || !errors.Is(err, c.kind) || (err == nil) != (c.kind == nil) {
			t.Errorf("%s: %v, %v; want %v, %v", name, signed, err, c.signed, c.kind)
		}
	}
}

func FuzzPE(f *testing.F) {
	f.Add(efiOf(text(), part{".linux", string(image6()[:1024])}))
	f.Add(signedProgram(f))
	f.Add([]byte("MZ" + strings.Repeat("\xff", 0x100)))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := readPE(b)
		if err != nil {
			return
		}
		if signed, err := p.signed(); signed && err != nil {
			t.Error(err)
		}
		for _, s := range p.sections {
			if len(p.section(s.Name)) > len(b) {
				t.Errorf("section %q is longer than the file", s.Name)
			}
		}
	})
}
