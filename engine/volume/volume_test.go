package volume_test

import (
	"testing"

	"github.com/guestctl/guestctl/engine/volume"
)

func TestWhereBytesLieInTheEnd(t *testing.T) {
	disk := &volume.Volume{Name: "disk", Size: 1 << 20}
	part := &volume.Volume{Name: "p3", Number: 3, Size: 1 << 19, Offset: 4096, Parent: disk}
	sealed := &volume.Volume{Name: "p3.luks", Size: 1 << 18, Parent: part, Cipher: "aes-xts-plain64"}
	inside := &volume.Volume{Name: "rl/root", Size: 1 << 17, Offset: 512, Parent: sealed}
	if p, ok := part.Bottom(100, 10); !ok || p != (volume.Place{At: disk, Off: 4196, Len: 10}) {
		t.Errorf("partition: %v, %v", p, ok)
	}
	for _, v := range []*volume.Volume{sealed, inside} {
		if p, ok := v.Bottom(0, 1); ok {
			t.Errorf("%s: %v, want nowhere", v.Name, p)
		}
	}
}

func TestAVolumeIsEncryptedWhereAllItLiesOnIs(t *testing.T) {
	disk := &volume.Volume{Name: "disk"}
	sealed := &volume.Volume{Name: "luks", Parent: disk, Cipher: "aes-xts-plain64"}
	for name, c := range map[string]struct {
		v    volume.Volume
		want string
	}{
		"disk":             {*disk, ""},
		"decrypted":        {*sealed, "aes-xts-plain64"},
		"inside":           {volume.Volume{Parent: sealed}, "aes-xts-plain64"},
		"on two encrypted": {volume.Volume{Parent: sealed, Members: []*volume.Volume{sealed, sealed}}, "aes-xts-plain64"},
		"on one encrypted": {volume.Volume{Parent: sealed, Members: []*volume.Volume{sealed, disk}}, ""},
	} {
		if got := c.v.Encrypted(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
