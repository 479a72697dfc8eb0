package capability

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
		if got, err := Text(attr); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", raw, got, err, want)
		}
	}
	if seen < 15 {
		t.Errorf("%d capabilities, want at least 15", seen)
	}
}

func TestCapabilitiesOfTheFirstVersion(t *testing.T) {
	attr := "\x01\x00\x00\x01\x00\x20\x00\x00\x00\x00\x00\x00"
	if got, err := Text([]byte(attr)); err != nil || got != "cap_net_raw=ep" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestDamagedAttributes(t *testing.T) {
	for name, attr := range map[string]string{
		"empty": "", "of no version": strings.Repeat("\x00", 20), "cut in half": "\x01\x00\x00\x02\x00", "of version 9": "\x01\x00\x00\x09" + strings.Repeat("\x00", 20),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := Text([]byte(attr)); err == nil {
				t.Errorf("got %q, want an error", got)
			}
		})
	}
}

// TestTextsOfTheSameCapabilities compares with what cap_to_text(3) of libcap 2.66 made of cap_from_text(3): see texts.sh.
func TestTextsOfTheSameCapabilities(t *testing.T) {
	b, err := os.ReadFile("texts.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(b)) {
		text, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		seen++
		got, err := Canonical(text)
		if (err != nil) != (want == "invalid") || err == nil && got != want {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
	if seen < 20 {
		t.Errorf("%d texts, want at least 20", seen)
	}
}

func FuzzAttribute(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		text, err := Text(b)
		if err != nil || strings.Contains(text, "rootid") {
			return
		}
		if again, err := Canonical(text); err != nil || again != text {
			t.Errorf("%q reads as %q, %v", text, again, err)
		}
	})
}

func FuzzCanonical(f *testing.F) {
	f.Add("= cap_net_raw+ep cap_chown,41=eip-i")
	f.Fuzz(func(t *testing.T, s string) {
		text, err := Canonical(s)
		if err != nil {
			return
		}
		if again, err := Canonical(text); err != nil || again != text {
			t.Errorf("%q is %q, and that is %q, %v", s, text, again, err)
		}
	})
}
