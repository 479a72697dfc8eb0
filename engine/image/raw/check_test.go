package raw

import (
	"bytes"
	"errors"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

func TestCheckWantsWholeSectors(t *testing.T) {
	for _, c := range []struct {
		name string
		size int64
		told int
		kind error
	}{
		{"one byte", 1, 0, binread.ErrCorrupt},
		{"one byte short of a sector", 511, 0, binread.ErrCorrupt},
		{"a sector", 512, 0, nil},
		{"a sector and a byte", 513, 1, nil},
		{"a sector short of a byte", 1023, 1, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			img, err := Format.Open(bytes.NewReader(make([]byte, c.size)), c.size, image.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var all []image.Damage
			got, ok, err := image.CheckOf(t.Context(), img, image.CheckOptions{Report: func(d image.Damage) { all = append(all, d) }})
			if !ok || !errors.Is(err, c.kind) || len(all) != c.told || got.Damaged != c.told {
				t.Errorf("%+v, %v, %t, %v, want %d damages and %v", got, all, ok, err, c.told, c.kind)
			}
		})
	}
}
