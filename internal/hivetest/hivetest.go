// Package hivetest makes registry hives for tests, of text as regedit writes it.
//
//	[Microsoft\Windows NT\CurrentVersion]
//	"CurrentBuild"="20348"
//	"UBR"=dword:00000a3c
//	"PathName"=expand:"%SystemRoot%"
//	"Names"=multi:"first","second"
//	"Large"=qword:0000000000000001
//	"Raw"=hex:01,02,03
//	"Odd"=hex(2a):01
//	@="the default value"
//
// Beside what regedit knows, expand: and multi: save writing texts as bytes, zeros:N is N bytes, and class:"name" behind a key in its brackets
// gives it a class. Keys above those that are named are made. A hive is made whole: of version 1.5, with lists that are hashed and
// divided, and with large data in segments.
package hivetest

import (
	"encoding/binary"
	"testing"
	"unicode/utf16"
)

// Written is when the hives, and all keys in them, were written: 2026-01-02 03:04:05 UTC, as a FILETIME.
const Written = 134117966450000000

// Key is a key of a hive.
type Key struct {
	Name   string
	Class  string
	Values []Value
	Keys   []*Key
}

// Value is a value of a key.
type Value struct {
	Name string // "" is the default value
	Type uint32
	Data []byte
}

// Build returns the hive of a text.
func Build(t testing.TB, text string) []byte {
	t.Helper()
	root, err := parse(text)
	if err != nil {
		t.Fatalf("hivetest: %v", err)
	}
	return root.Hive()
}

// Hive returns the hive whose root is k.
func (k *Key) Hive() []byte {
	w := &writer{}
	security := w.security()
	root := w.key(k, 0xffffffff, security, rootFlags)
	w.close()
	b := make([]byte, baseSize, baseSize+len(w.bins))
	copy(b, "regf")
	le := binary.LittleEndian
	for _, f := range []struct{ off, value uint32 }{{4, 1}, {8, 1}, {20, 1}, {24, 5}, {32, 1}, {36, root}, {40, uint32(len(w.bins))}, {44, 1}} {
		le.PutUint32(b[f.off:], f.value)
	}
	le.PutUint64(b[12:], Written)
	Seal(b)
	return append(b, w.bins...)
}

// Seal writes the checksum of a base block into it.
func Seal(b []byte) {
	var sum uint32
	for i := 0; i < 508; i += 4 {
		sum ^= binary.LittleEndian.Uint32(b[i:])
	}
	binary.LittleEndian.PutUint32(b[508:], sum)
}

// UTF16 is a text in UTF-16, without a zero behind it.
func UTF16(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}
