package overlay_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/filesys/overlay"
	"github.com/guestctl/guestctl/internal/memfs"
)

type tree = map[string]memfs.File

// over lays trees over each other, the upper first.
func over(t testing.TB, trees ...tree) *overlay.FS {
	t.Helper()
	var layers []overlay.Layer
	for i, files := range trees {
		layers = append(layers, overlay.Layer{Name: fmt.Sprintf("layer %d", i), FS: memfs.New(files)})
	}
	f, err := overlay.New(layers)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func marked(file memfs.File, attrs ...string) memfs.File {
	file.Xattrs = map[string][]byte{}
	for i := 0; i < len(attrs); i += 2 {
		file.Xattrs["trusted.overlay."+attrs[i]] = []byte(attrs[i+1])
	}
	return file
}

func whiteout() memfs.File { return memfs.File{Mode: filesys.ModeChar} }

// read reads the file at a path.
func read(f *overlay.FS, path string) (string, error) {
	n := f.Root()
	for name := range strings.SplitSeq(path, "/") {
		next, err := f.Lookup(n, name)
		if next == 0 {
			return "", err
		}
		n = next
	}
	file, err := f.Open(n)
	if file == nil {
		return "", err
	}
	b := make([]byte, file.Size())
	return string(b[:must(file.ReadAt(b, 0))]), err
}

func must(n int, _ error) int { return n }

func TestHostileLayers(t *testing.T) {
	for name, test := range map[string]struct {
		layers []tree
		path   string
		want   string // content
		kind   error
		text   string
	}{
		"redirect with ..": {
			layers: []tree{{"d": marked(memfs.Dir(), "redirect", "..")}, {"d/f": {Data: "x"}}},
			path:   "d/f", kind: binread.ErrCorrupt, text: `".."`,
		},
		"redirect with .. on the way": {
			layers: []tree{{"d": marked(memfs.Dir(), "redirect", "/d/../d")}, {"d/f": {Data: "x"}}},
			path:   "d/f", kind: binread.ErrCorrupt, text: "lead nowhere else",
		},
		"redirect of two names": {
			layers: []tree{{"d": marked(memfs.Dir(), "redirect", "a/b")}, {"a/b/f": {Data: "x"}}},
			path:   "d/f", kind: binread.ErrCorrupt, text: "want one name",
		},
		"redirect to the root": {
			layers: []tree{{"d": marked(memfs.Dir(), "redirect", "/")}, {"f": {Data: "x"}}},
			path:   "d/f", kind: binread.ErrCorrupt, text: "trusted.overlay.redirect",
		},
		"redirect without a name": {
			layers: []tree{{"d": marked(memfs.Dir(), "redirect", "")}, {"d/f": {Data: "x"}}},
			path:   "d/f", kind: binread.ErrCorrupt, text: "trusted.overlay.redirect",
		},
		"redirect with a zero byte": {
			layers: []tree{{"d": marked(memfs.Dir(), "redirect", "a\x00b")}, {"a/f": {Data: "x"}}},
			path:   "d/f", kind: binread.ErrCorrupt, text: "trusted.overlay.redirect",
		},
		"redirect of more than a path can have": {
			layers: []tree{{"d": marked(memfs.Dir(), "redirect", strings.Repeat("/a", 3000))}, {"d/f": {Data: "x"}}},
			path:   "d/f", kind: binread.ErrLimit, text: "6000 bytes",
		},
		"redirects that make a path longer and longer": {
			layers: []tree{
				{"d": marked(memfs.Dir(), "redirect", "/a"+strings.Repeat("/b", 1500))},
				{"a": marked(memfs.Dir(), "redirect", strings.Repeat("/c", 1000))},
				{"d/f": {Data: "x"}},
			},
			path: "d/f", kind: binread.ErrLimit, text: "want at most 4096",
		},
		"redirect outside of the layer through a link": {
			layers: []tree{{"d": marked(memfs.Dir(), "redirect", "/l/d")}, {"l": {Link: "/"}, "d/f": {Data: "x"}}},
			path:   "d/f", kind: fs.ErrNotExist,
		},
		"redirects in a circle": {
			layers: []tree{
				{"a": marked(memfs.Dir(), "redirect", "b"), "b": marked(memfs.Dir(), "redirect", "a")},
				{"a": marked(memfs.Dir(), "redirect", "b"), "b": marked(memfs.Dir(), "redirect", "a")},
				{"a/f": {Data: "of a"}, "b/f": {Data: "of b"}},
			},
			path: "a/f", want: "of a",
		},
		"redirect to what is above it": {
			layers: []tree{{"d/e": marked(memfs.Dir(), "redirect", "/d")}, {"d/e/e/f": {Data: "x"}}},
			path:   "d/e/e/e/f", want: "x",
		},
		"redirect through an opaque directory": {
			layers: []tree{
				{"d": marked(memfs.Dir(), "redirect", "/a/b")},
				{"a": marked(memfs.Dir(), "opaque", "y"), "a/b/f": {Data: "near"}},
				{"a/b/g": {Data: "far"}},
			},
			path: "d/g", kind: fs.ErrNotExist,
		},
		"redirect to a file": {
			layers: []tree{{"d": marked(memfs.Dir(), "redirect", "f")}, {"f": {Data: "x"}}},
			path:   "d/f", kind: fs.ErrNotExist,
		},
		"metadata without content": {
			layers: []tree{{"f": marked(memfs.File{Data: "\x00"}, "metacopy", "")}, {"g": {Data: "x"}}},
			path:   "f", kind: binread.ErrCorrupt, text: "no layer below has the content",
		},
		"metadata in the lowest layer": {
			layers: []tree{{"g": {}}, {"f": marked(memfs.File{Data: "\x00"}, "metacopy", "")}},
			path:   "f", kind: binread.ErrCorrupt, text: "no layer below has the content",
		},
		"metadata over metadata": {
			layers: []tree{{"f": marked(memfs.File{Data: "\x00"}, "metacopy", "")}, {"f": marked(memfs.File{Data: "\x00"}, "metacopy", "")}},
			path:   "f", kind: binread.ErrCorrupt, text: "no layer below has the content",
		},
		"metadata over a directory": {
			layers: []tree{{"f": marked(memfs.File{Data: "\x00"}, "metacopy", "")}, {"f": memfs.Dir()}},
			path:   "f", kind: binread.ErrCorrupt, text: "no layer below has the content",
		},
		"metadata over a whiteout": {
			layers: []tree{{"f": marked(memfs.File{Data: "\x00"}, "metacopy", "")}, {"f": whiteout()}, {"f": {Data: "x"}}},
			path:   "f", kind: binread.ErrCorrupt, text: "no layer below has the content",
		},
		"metadata of another size": {
			layers: []tree{{"f": marked(memfs.File{Data: "\x00\x00"}, "metacopy", "")}, {"f": {Data: "x"}}},
			path:   "f", kind: binread.ErrCorrupt, text: "2 bytes over a content of 1",
		},
		"metadata of another version": {
			layers: []tree{{"f": marked(memfs.File{Data: "\x00"}, "metacopy", "\x01\x04\x00\x00")}, {"f": {Data: "x"}}},
			path:   "f", kind: binread.ErrCorrupt, text: "version 1",
		},
		"metadata that ends early": {
			layers: []tree{{"f": marked(memfs.File{Data: "\x00"}, "metacopy", "\x00")}, {"f": {Data: "x"}}},
			path:   "f", kind: binread.ErrCorrupt, text: "1 bytes",
		},
		"metadata with a digest": {
			layers: []tree{{"f": marked(memfs.File{Data: "\x00"}, "metacopy", "\x00\x05\x00\x01d")}, {"f": {Data: "x"}}},
			path:   "f", want: "x",
		},
		"metadata redirected": {
			layers: []tree{{"f": marked(memfs.File{Data: "\x00"}, "metacopy", "", "redirect", "/d/g")}, {"d/g": {Data: "x"}, "f": {Data: "y"}}},
			path:   "f", want: "x",
		},
		"whiteout in the lowest layer": {
			layers: []tree{{"g": {}}, {"f": whiteout()}}, path: "f", kind: fs.ErrNotExist,
		},
		"whiteout of a directory": {
			layers: []tree{{"d": whiteout()}, {"d/f": {Data: "x"}}}, path: "d/f", kind: fs.ErrNotExist,
		},
		"whiteout between directories": {
			layers: []tree{{"d": memfs.Dir()}, {"d": whiteout()}, {"d/f": {Data: "x"}}}, path: "d/f", kind: fs.ErrNotExist,
		},
		"whiteout with content": {
			layers: []tree{{"f": marked(memfs.File{Data: "u"}, "whiteout", "y")}, {"f": {Data: "x"}}}, path: "f", want: "u",
		},
		"opaque with another word": {
			layers: []tree{{"d": marked(memfs.Dir(), "opaque", "yes")}, {"d/f": {Data: "x"}}}, path: "d/f", want: "x",
		},
		"attributes that cannot be read": {
			layers: []tree{{"d": {Mode: filesys.ModeDir | 0o755, Err: errors.New("sector 9")}}, {"d/f": {Data: "x"}}},
			path:   "d/f", text: "sector 9",
		},
		"attributes with a wrong checksum": {
			layers: []tree{{"d": {Mode: filesys.ModeDir | 0o755, Err: binread.Checksum("block 7")}}, {"d/f": {Data: "x"}}},
			path:   "d/f", want: "x", kind: binread.ErrChecksum, text: "block 7",
		},
		"an empty file whose attributes are damaged": {
			layers: []tree{{"f": {Err: binread.Checksum("block 5")}}, {"f": {Data: "x"}}},
			path:   "f", kind: binread.ErrChecksum, text: "block 5",
		},
		"a file where the layer below has a directory": {
			layers: []tree{{"d": {Data: "u"}}, {"d/f": {Data: "x"}}}, path: "d", want: "u",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read(over(t, test.layers...), test.path)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if got != test.want || !strings.Contains(text, test.text) || test.text == "" && test.kind == nil && err != nil ||
				test.kind != nil && !errors.Is(err, test.kind) {
				t.Errorf("%q, %v; want %q, kind %v with %q", got, err, test.want, test.kind, test.text)
			}
		})
	}
}

// TestWhatIsMissingBelowDamageIsNotGone wants no fs.ErrNotExist of a directory that a layer cannot list.
func TestWhatIsMissingBelowDamageIsNotGone(t *testing.T) {
	f := over(t, tree{"g": {}}, tree{"d": {Mode: filesys.ModeDir | 0o755, Err: binread.Corrupt("block 9")}})
	for _, path := range []string{"d/f", "d"} {
		if _, err := read(f, path); err == nil || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "block 9") && path != "d" {
			t.Errorf("%s: %v, want the damage", path, err)
		}
	}
}

// unlisted is a layer that cannot list all of its directories.
type unlisted struct{ filesys.FS }

func (u unlisted) ReadDir(n filesys.Node) ([]filesys.DirEntry, error) {
	entries, _ := u.FS.ReadDir(n)
	return entries, binread.Corrupt("block 8")
}

// TestDamagedNamesMayHideWhatIsBelow doubts what stands below a list of names that is not whole, and what is in it.
func TestDamagedNamesMayHideWhatIsBelow(t *testing.T) {
	f, err := overlay.New([]overlay.Layer{
		{Name: "up", FS: unlisted{memfs.New(tree{"own": {Data: "u"}})}}, {Name: "low", FS: memfs.New(tree{"d/f": {Data: "x"}})},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read(f, "own"); got != "u" || err != nil {
		t.Errorf("own: %q, %v, want u", got, err)
	}
	if got, err := read(f, "d/f"); got != "x" || !errors.Is(err, binread.ErrChecksum) || !strings.Contains(err.Error(), "may hide it") {
		t.Errorf("d/f: %q, %v, want x and a doubt", got, err)
	}
	if entries, err := f.ReadDir(f.Root()); len(entries) != 2 || !errors.Is(err, binread.ErrCorrupt) {
		t.Errorf("%v, %v, want both names and the damage", entries, err)
	}
}

// TestDamageOfLayersIsCarriedUp wants the problems of the layers, and the taint of any.
func TestDamageOfLayersIsCarriedUp(t *testing.T) {
	low := memfs.New(nil)
	low.Desc.Problems = []filesys.Problem{{Message: "log not replayed", Taints: true}}
	f, err := overlay.New([]overlay.Layer{{Name: "p2", FS: memfs.New(nil)}, {Name: "p1", FS: low}}, filesys.Problem{Message: "p3 is not read"})
	if err != nil {
		t.Fatal(err)
	}
	want := []filesys.Problem{{Message: "p3 is not read"}, {Message: "p1: log not replayed", Taints: true}}
	if got := f.Description().Problems; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestLayersThatCannotBeLaidOver(t *testing.T) {
	one := overlay.Layer{Name: "one", FS: memfs.New(tree{"f": {}})}
	inFile := one
	inFile.Root = 2
	for name, test := range map[string]struct {
		layers []overlay.Layer
		kind   error
	}{
		"none":                    {nil, binread.ErrLimit},
		"more than Linux takes":   {slices.Repeat([]overlay.Layer{one}, 129), binread.ErrLimit},
		"a root that is a file":   {[]overlay.Layer{one, inFile}, binread.ErrCorrupt},
		"a root that is no node":  {[]overlay.Layer{{Name: "x", FS: one.FS, Root: 99}}, binread.ErrCorrupt},
		"a layer that is damaged": {[]overlay.Layer{{Name: "x", FS: memfs.New(tree{"/": {Mode: filesys.ModeDir, StatErr: binread.Corrupt("inode 2")}})}}, binread.ErrCorrupt},
	} {
		if _, err := overlay.New(test.layers); !errors.Is(err, test.kind) {
			t.Errorf("%s: %v, want kind %v", name, err, test.kind)
		}
	}
}

// TestDepthHasNoEnd goes down as deep as the layers go, which is no deeper than they are together.
func TestDepthHasNoEnd(t *testing.T) {
	path := strings.Repeat("d/", 3000)
	f := over(t, tree{path + "u": {Data: "u"}}, tree{path + "f": {Data: "x"}})
	if got, err := read(f, path+"f"); got != "x" || err != nil {
		t.Errorf("%q, %v, want x", got, err)
	}
}
