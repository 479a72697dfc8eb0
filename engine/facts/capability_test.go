package facts

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// TestCapabilitiesReadLikeGetcap compares with what getcap(8) of libcap 2.66 said: see capability.sh.
func TestCapabilitiesReadLikeGetcap(t *testing.T) {
	b, err := os.ReadFile("capability.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(b)) {
		raw, want, ok := strings.Cut(strings.TrimSpace(line), "\t")
		attr, err := hex.DecodeString(raw)
		if err != nil || !ok {
			t.Fatalf("%q: %v", line, err)
		}
		seen++
		if got, err := CapabilityText(attr); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", raw, got, err, want)
		}
	}
	if seen < 15 {
		t.Errorf("%d capabilities, want at least 15", seen)
	}
}

func TestCapabilitiesOfTheFirstVersion(t *testing.T) {
	attr := "\x01\x00\x00\x01\x00\x20\x00\x00\x00\x00\x00\x00"
	if got, err := CapabilityText([]byte(attr)); err != nil || got != "cap_net_raw=ep" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestDamagedAttributes(t *testing.T) {
	for name, attr := range map[string]string{
		"empty": "", "of no version": strings.Repeat("\x00", 20), "cut in half": "\x01\x00\x00\x02\x00", "of version 9": "\x01\x00\x00\x09" + strings.Repeat("\x00", 20),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := CapabilityText([]byte(attr)); err == nil {
				t.Errorf("capabilities are %q, want an error", got)
			}
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

func FuzzAttributes(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if text, err := CapabilityText(b); err == nil && text == "" {
			t.Error("capabilities without a text")
		}
		if text, err := ACLText(b); err != nil && text != "" {
			t.Error("a text and an error")
		}
	})
}
