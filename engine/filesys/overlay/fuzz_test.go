package overlay_test

import (
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/filesys/overlay"
	"github.com/guestctl/guestctl/internal/conformance"
	"github.com/guestctl/guestctl/internal/memfs"
)

// attributed is an upper layer whose every object has the attributes of a fuzzer.
type attributed struct {
	filesys.FS
	attrs map[string][]byte
}

func (a attributed) Xattrs(filesys.Node) (map[string][]byte, error) { return a.attrs, nil }

// FuzzAttributes gives what the attributes of an overlay say to layers with all that they can lead to. Whatever they say, every walk ends,
// and what is listed is found.
func FuzzAttributes(f *testing.F) {
	f.Add([]byte("y"), []byte("/d/e"), []byte(""), byte(3))
	f.Add([]byte("x"), []byte("d"), []byte("\x00\x04\x00\x00"), byte(6))
	f.Add([]byte(""), []byte("/d/../f"), []byte("\x00\x05\x00\x01d"), byte(15))
	f.Add([]byte(""), []byte("/d"), []byte("\x01"), byte(2))
	low := memfs.New(tree{"d/e/f": {Data: "x"}, "d/f": {Data: "y"}, "f": {Data: "z"}, "g": {}, "l": {Link: "d"}, "d/d/d": {Data: "d"}})
	upper := memfs.New(tree{"d/e": memfs.Dir(), "d/f": {Data: " "}, "f": {}, "g": whiteout(), "l": memfs.Dir(), "d/d": memfs.Dir()})
	f.Fuzz(func(t *testing.T, opaque, redirect, metacopy []byte, which byte) {
		attrs := map[string][]byte{}
		for i, a := range []struct {
			name  string
			value []byte
		}{{"opaque", opaque}, {"redirect", redirect}, {"metacopy", metacopy}, {"whiteout", opaque}} {
			if which&(1<<i) != 0 {
				attrs["trusted.overlay."+a.name] = a.value
			}
		}
		fsys, err := overlay.New([]overlay.Layer{
			{Name: "upper", FS: attributed{upper, attrs}}, {Name: "middle", FS: attributed{upper, attrs}}, {Name: "low", FS: low},
		})
		if err != nil {
			t.Fatal(err)
		}
		_ = conformance.WalkAll(fsys)
	})
}
