package qcow2

import (
	"context"
	"testing"

	"github.com/guestctl/guestctl/engine/image"
)

// damagedBase is a backing file of 1 MiB whose check tells of damage.
type damagedBase struct {
	image.Image
	damage image.Damage
}

func (damagedBase) Size() int64  { return 1 << 20 }
func (damagedBase) Close() error { return nil }

func (b damagedBase) Check(_ context.Context, opts image.CheckOptions) (image.Checked, error) {
	opts.Report(b.damage)
	return image.Checked{}, nil
}

// TestDamageOfABackingFileIsTheGuestsWhereItShows has an overlay with a cluster of its own at 0, and none behind it.
func TestDamageOfABackingFileIsTheGuestsWhereItShows(t *testing.T) {
	overlay := patches(backingName("base"), extension(extensionBackingFormat, 3, "raw"))(valid())
	for _, c := range []struct {
		name       string
		guest, n   int64
		want, left int64
	}{
		{"below the overlay's own cluster", 0, k64, image.Nowhere, k64},
		{"where the overlay has nothing", k64, k64, k64, k64},
		{"a single place there", 2 * k64, 0, 2 * k64, 0},
		{"both", k64 / 2, 2 * k64, k64, 3 * k64 / 2},
		{"behind the end of the overlay", 1 << 20, k64, image.Nowhere, k64},
		{"of no place", image.Nowhere, 0, image.Nowhere, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := damagedBase{damage: image.Damage{Harm: image.Damaged, Problem: "it is wrong", Host: 7, Guest: c.guest, Len: c.n, Units: 1}}
			_, all, err := checkBytes(t, overlay, image.Options{Sibling: func(string, string) (image.Image, error) { return base, nil }})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range all {
				if d.File == "base" {
					if d.Guest != c.want || d.Len != c.left {
						t.Errorf("guest %#x, %#x bytes, want %#x, %#x", d.Guest, d.Len, c.want, c.left)
					}
					return
				}
			}
			t.Error("nothing is told of the backing file")
		})
	}
}
