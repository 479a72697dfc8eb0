package btrfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
)

// The script of the image makes the subvolumes and the snapshot.
func TestRoots(t *testing.T) {
	f := openBytes(t, image(t, "lzo"))
	roots, err := f.Roots()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	var got []string
	for _, r := range roots {
		ids[r.UUID] = r.Name
		got = append(got, fmt.Sprintf("%d %q default=%t read-only=%t of %q, dated %t", r.ID, r.Name, r.Default, r.ReadOnly, ids[r.Parent], !r.Created.IsZero()))
		if st, err := f.Stat(r.Node); err != nil || !st.IsDir() {
			t.Errorf("%s: %+v, %v", r.Name, st, err)
		}
	}
	want := []string{
		`5 "" default=true read-only=false of "", dated true`,
		`256 "home" default=false read-only=false of "", dated true`,
		`257 "home/nested" default=false read-only=false of "", dated true`,
		`258 "snapshot" default=false read-only=true of "", dated true`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if r := roots[3]; r.Parent == "" || r.Parent != roots[0].UUID {
		t.Errorf("the snapshot is of %q, want the top, %q", r.Parent, roots[0].UUID)
	}
}

func TestHostileRootReferences(t *testing.T) {
	ref := func(size int, name string) []byte {
		b := make([]byte, 18)
		binary.LittleEndian.PutUint16(b[16:], uint16(size))
		return slices.Concat(b, []byte(name))
	}
	for name, test := range map[string]struct {
		b    []byte
		want error
	}{
		"as it should be":       {ref(3, "abc"), nil},
		"a line break":          {ref(3, "a\nb"), nil},
		"cut":                   {ref(3, "abc")[:10], binread.ErrCorrupt},
		"more than there is":    {ref(300, "abc"), binread.ErrCorrupt},
		"no name":               {ref(0, ""), binread.ErrCorrupt},
		"the directory above":   {ref(2, ".."), binread.ErrCorrupt},
		"a path":                {ref(3, "a/b"), binread.ErrCorrupt},
		"a zero":                {ref(3, "a\x00b"), binread.ErrCorrupt},
		"longer than names are": {ref(256, strings.Repeat("n", 256)), binread.ErrCorrupt},
	} {
		if _, err := decodeRootRef(5, 256, test.b); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestHostileNamesOfSubvolumes(t *testing.T) {
	f := openBytes(t, image(t, "lzo"))
	home := rootRef{parent: fsTreeID, dir: rootDirectory, name: "home"}
	long := map[uint64]rootRef{}
	for id := range uint64(2000) {
		long[id+1000] = rootRef{parent: id + 999, dir: rootDirectory, name: "n"}
	}
	for name, test := range map[string]struct {
		refs map[uint64]rootRef
		id   uint64
		want error
	}{
		"as it should be":                {map[uint64]rootRef{256: home}, 256, nil},
		"in itself":                      {map[uint64]rootRef{256: {parent: 256, dir: rootDirectory, name: "x"}}, 256, binread.ErrCorrupt},
		"in each other":                  {map[uint64]rootRef{256: {parent: 257, dir: rootDirectory, name: "x"}, 257: {parent: 256, dir: rootDirectory, name: "x"}}, 256, binread.ErrCorrupt},
		"2000 in each other":             {long, 2999, binread.ErrCorrupt},
		"in no directory":                {nil, 256, binread.ErrCorrupt},
		"in a directory that is not":     {map[uint64]rootRef{256: {parent: fsTreeID, dir: 1 << 40, name: "x"}}, 256, binread.ErrCorrupt},
		"in a subvolume that is not":     {map[uint64]rootRef{256: {parent: 999, dir: rootDirectory, name: "x"}, 999: {parent: fsTreeID, dir: rootDirectory, name: "y"}}, 256, binread.ErrCorrupt},
		"of more directories than there": {map[uint64]rootRef{256: {parent: fsTreeID, dir: 257, name: "x"}}, 256, binread.ErrLimit},
	} {
		n := namer{fs: f, refs: test.refs, names: map[uint64]string{fsTreeID: ""}, dirs: map[[2]uint64]string{}}
		if errors.Is(test.want, binread.ErrLimit) {
			n.steps = maxClimbs
		}
		if _, err := n.name(test.id, 0); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestRootItemsOfOldKernels(t *testing.T) {
	b := make([]byte, wholeRootItem)
	binary.LittleEndian.PutUint64(b[160:], 7)
	binary.LittleEndian.PutUint64(b[208:], rootReadOnly)
	binary.LittleEndian.PutUint64(b[rootUUIDOffset:], 6) // an old kernel changed it since
	b[rootUUIDOffset+8], b[339] = 1, 1
	if r := describeRoot(b); r.UUID != "" || !r.Created.IsZero() || !r.ReadOnly {
		t.Errorf("%+v", r)
	}
	binary.LittleEndian.PutUint64(b[rootUUIDOffset:], 7)
	if r := describeRoot(b); r.UUID == "" || r.Parent != "" || r.Created.Unix() != 1 {
		t.Errorf("%+v", r)
	}
	if r := describeRoot(b[:rootItemSize]); r.UUID != "" {
		t.Errorf("%+v", r)
	}
}
