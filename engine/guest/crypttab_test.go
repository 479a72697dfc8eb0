package guest_test

import (
	"errors"
	"testing"

	"github.com/guestctl/guestctl/engine/guest"
)

// TestCrypttabNamesWhatWasDecrypted mounts a file system by the names that crypttab(5) gives the encrypted volume it was opened from.
func TestCrypttabNamesWhatWasDecrypted(t *testing.T) {
	for name, c := range map[string]struct{ crypttab, source string }{
		"UUID":                {"secret UUID=6C55-4B53 none luks\n", "/dev/mapper/secret"},
		"UUID in quotes":      {`secret UUID="6c55-4b53"`, "/dev/mapper/secret"},
		"label":               {"secret\tLABEL=vault\t-\n", "/dev/mapper/secret"},
		"PARTUUID":            {"# c\nsda3_crypt PARTUUID=aaaa-cccc /etc/key luks,discard\n", "/dev/mapper/sda3_crypt"},
		"device":              {"\nsda3_crypt /dev/vda3 none\n", "/dev/mapper/sda3_crypt"},
		"by-uuid":             {"secret /dev/disk/by-uuid/6c55-4b53 none", "/dev/mapper/secret"},
		"logical volume":      {"secret /dev/mapper/rl-home none", "/dev/mapper/secret"},
		"second of two names": {"one UUID=6c55-4b53 none\r\ntwo UUID=6c55-4b53 none\r\n", "/dev/mapper/two"},
		"its own name":        {"", "/dev/mapper/luks-6c55-4b53"},
		"file system's UUID":  {"", "UUID=inside"},
	} {
		t.Run(name, func(t *testing.T) {
			g := withCrypttab(t, c.crypttab, c.source)
			if o, err := g.Stat("/data/on-it"); err != nil || o.Device != "p3.luks" || len(g.Problems) > 0 {
				t.Errorf("got %+v, %v, problems %v", o, err, g.Problems)
			}
		})
	}
	for name, c := range map[string]struct{ crypttab, source string }{
		"another name":   {"secret UUID=6c55-4b53 none\n", "/dev/mapper/other"},
		"another volume": {"secret UUID=77 none\n", "/dev/mapper/secret"},
		"comment":        {"#secret UUID=6c55-4b53 none\n", "/dev/mapper/#secret"},
		"one field":      {"secret\n", "/dev/mapper/secret"},
		"its own bytes":  {"", "UUID=6c55-4b53"},
	} {
		t.Run(name, func(t *testing.T) {
			g := withCrypttab(t, c.crypttab, c.source)
			if _, err := g.Stat("/data/on-it"); !errors.Is(err, guest.ErrUnread) {
				t.Errorf("%v, want that it was not read", err)
			}
		})
	}
}

func withCrypttab(t *testing.T, crypttab, source string) *guest.Guest {
	t.Helper()
	decrypted := volume(0, "inside", files{"/on-it": {Data: "x"}})
	decrypted.Device, decrypted.Devices = "p3.luks", []string{"/dev/mapper/luks-6c55-4b53"}
	decrypted.Opened = guest.Sealed(guest.Volume{Device: "p3", Number: 3, PartUUID: "AAAA-CCCC", Devices: []string{"/dev/mapper/rl-home"}}, "6c55-4b53", "vault")
	return find(t, volume(1, "root-uuid", files{
		"/etc/fstab": {Data: source + " /data ext4 defaults 0 2\n"}, "/etc/crypttab": {Data: crypttab}, "/data/x": {},
	}), decrypted)
}
