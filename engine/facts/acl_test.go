package facts

import (
	"encoding/hex"
	"strings"
	"testing"
)

func TestDamagedAccessLists(t *testing.T) {
	for name, attr := range map[string]string{
		"empty": "", "of no version": strings.Repeat("\x00", 20), "cut in half": "\x02\x00\x00\x00\x02\x00",
		"of version 9": "\x09\x00\x00\x00" + strings.Repeat("\x00", 16),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := ACLText([]byte(attr)); err == nil {
				t.Errorf("access list is %q, want an error", got)
			}
		})
	}
	if got, err := ACLText([]byte("\x02\x00\x00\x00\x03\x00\x07\x00\x00\x00\x00\x00")); err == nil {
		t.Errorf("access list with an unknown entry is %q", got)
	}
}

func TestAccessList(t *testing.T) { // as the kernel stores setfacl -m u:1000:rw,m:rwx
	const attr = "0200000001000600ffffffff02000600e803000004000400ffffffff10000700ffffffff20000400ffffffff"
	const want = "user::rw-,user:1000:rw-,group::r--,mask::rwx,other::r--"
	b, err := hex.DecodeString(attr)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ACLText(b); err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func FuzzAccessList(f *testing.F) {
	f.Add([]byte("\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if text, err := ACLText(b); err != nil && text != "" {
			t.Error("a text and an error")
		}
	})
}
