package hive_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/hive"
	"github.com/guestctl/guestctl/internal/hivetest"
)

// hostileText has what the cases damage below Bad, and what must not suffer below Good.
func hostileText() string {
	var b strings.Builder
	b.WriteString("[Bad]\n\"value\"=\"a text of some length\"\n\"second\"=dword:00000001\n[Bad\\child\\grandchild]\n[Bad\\second]\n")
	b.WriteString("[Bad\\large]\n\"large\"=zeros:40000\n")
	for i := range 1100 {
		fmt.Fprintf(&b, "[Bad\\many\\%04d]\n", i)
	}
	b.WriteString("[Good]\n\"value\"=\"good\"\n[Good\\child]\n")
	return b.String()
}

// patch changes a hive in a place that is found by the names there.
type patch struct {
	t *testing.T
	b []byte
}

// key is where the node of a key begins: its name stands behind 76 bytes.
func (p patch) key(name string) int {
	p.t.Helper()
	for at := 4096; at < len(p.b); at++ {
		if bytes.HasPrefix(p.b[at:], []byte("nk")) && string(p.b[at+76:min(len(p.b), at+76+len(name))]) == name && p.u16(at+72) == len(name) {
			return at
		}
	}
	p.t.Fatalf("no key %q", name)
	return 0
}

// value is where a value begins, of a name with the given number of bytes.
func (p patch) value(name string) int {
	p.t.Helper()
	for at := 4096; at < len(p.b); at++ {
		if bytes.HasPrefix(p.b[at:], []byte("vk")) && string(p.b[at+20:min(len(p.b), at+20+len(name))]) == name && p.u16(at+2) == len(name) {
			return at
		}
	}
	p.t.Fatalf("no value %q", name)
	return 0
}

func (p patch) u16(at int) int { return int(binary.LittleEndian.Uint16(p.b[at:])) }

func (p patch) u32(at int) uint32 { return binary.LittleEndian.Uint32(p.b[at:]) }

func (p patch) set(at int, n uint32) { binary.LittleEndian.PutUint32(p.b[at:], n) }

// cell is where the content of the cell is that the number at a place names.
func (p patch) cell(at int) int { return 4096 + int(p.u32(at)) + 4 }

// offset is the offset, in the hive, of the cell whose content is at a place.
func offset(at int) uint32 { return uint32(at - 4096 - 4) }

const (
	nodeKeys   = 20
	nodeList   = 28
	nodeValues = 36
	nodeData   = 40
)

func TestDamageIsSaidAndTheRestIsRead(t *testing.T) {
	whole := hivetest.Build(t, hostileText())
	for name, c := range map[string]struct {
		damage func(p patch)
		want   string // in an error below Bad
	}{
		"a list of subkeys beyond the hive":       {func(p patch) { p.set(p.key("Bad")+nodeList, 1<<30) }, "want it inside of"},
		"a list of subkeys at no cell":            {func(p patch) { p.set(p.key("Bad")+nodeList, p.u32(p.key("Bad")+nodeList)+4) }, "is of no cell"},
		"a list of subkeys inside of a cell":      {func(p patch) { p.set(p.key("Bad")+nodeList, p.u32(p.key("Bad")+nodeList)+8) }, "no cell starts at"},
		"a list of subkeys of what is volatile":   {func(p patch) { p.set(p.key("Bad")+nodeList, 1<<31|0x20) }, "is of no cell"},
		"a list of subkeys that is a key":         {func(p patch) { p.set(p.key("Bad")+nodeList, offset(p.key("Good"))) }, `signature "nk", want a list`},
		"a list of subkeys in a free cell":        {func(p patch) { at := p.cell(p.key("Bad")+nodeList) - 4; p.set(at, -p.u32(at)) }, "is free"},
		"a list of more subkeys than the key has": {func(p patch) { p.set(p.key("Bad")+nodeKeys, 3) }, "more entries than"},
		"a list of fewer subkeys":                 {func(p patch) { p.set(p.key("Bad")+nodeKeys, 5) }, "5 subkeys, its list has 4"},
		"a list longer than its cell":             {func(p patch) { p.b[p.cell(p.key("Bad")+nodeList)+3] = 0xff }, "has"},
		"more subkeys than anyone has":            {func(p patch) { p.set(p.key("Bad")+nodeKeys, 1<<31) }, "subkeys, want at most"},
		"a list of lists in itself": {func(p patch) {
			at := p.key("many") + nodeList
			p.set(p.cell(at)+4, p.u32(at))
		}, "is in its list of lists twice"},
		"a list of lists in another": {func(p patch) {
			copy(p.b[p.cell(p.cell(p.key("many")+nodeList)+4):], "ri")
		}, "a list of lists inside of another"},
		"a list twice in a list of lists": {func(p patch) {
			list := p.cell(p.key("many") + nodeList)
			p.set(list+8, p.u32(list+4))
		}, "is in its list of lists twice"},
		"a key twice in a list": {func(p patch) {
			list := p.cell(p.key("Bad") + nodeList)
			p.set(list+12, p.u32(list+4))
		}, "is in it twice"},
		"a value twice in a list": {func(p patch) {
			list := p.cell(p.key("Bad") + nodeData)
			p.set(list+4, p.u32(list))
		}, "1 of 2 values are in their list twice"},
		"a key below itself": {func(p patch) {
			p.set(p.cell(p.key("child")+nodeList)+4, offset(p.key("child")))
		}, "its parent is at"},
		"two keys below each other": {func(p patch) {
			p.set(p.cell(p.key("child")+nodeList)+4, offset(p.key("Bad")))
		}, "its parent is at"},
		"a key in two places": {func(p patch) {
			p.set(p.cell(p.key("Bad")+nodeList)+4, offset(p.key("grandchild")))
		}, "its parent is at"},
		"a key without a name":           {func(p patch) { p.b[p.key("grandchild")+72] = 0 }, "has no name"},
		"a name longer than its cell":    {func(p patch) { p.b[p.key("grandchild")+73] = 1 }, "bytes from 76 on"},
		"a name longer than any":         {func(p patch) { p.b[p.key("grandchild")+73] = 0xff }, "want at most 1024"},
		"a key that is none":             {func(p patch) { copy(p.b[p.key("grandchild"):], "kn") }, `signature "kn", want "nk"`},
		"more values than anyone has":    {func(p patch) { p.set(p.key("Bad")+nodeValues, 1<<31) }, "values, want at most"},
		"more values than in the list":   {func(p patch) { p.set(p.key("Bad")+nodeValues, 9) }, "bytes from 0 on"},
		"a list of values that is free":  {func(p patch) { at := p.cell(p.key("Bad")+nodeData) - 4; p.set(at, -p.u32(at)) }, "is free"},
		"a value that is none":           {func(p patch) { copy(p.b[p.value("value"):], "xx") }, `signature "xx", want "vk"`},
		"a value with a long name":       {func(p patch) { p.b[p.value("value")+3] = 0xff }, "bytes from 20 on"},
		"more data than in the cell":     {func(p patch) { p.set(p.value("value")+4, 1000) }, "bytes from 0 on"},
		"more data than anyone has":      {func(p patch) { p.set(p.value("value")+4, 1<<31-1) }, "the values of its key have more"},
		"five bytes in place":            {func(p patch) { p.set(p.value("second")+4, 1<<31|5) }, "5 bytes in place"},
		"data beyond the hive":           {func(p patch) { p.set(p.value("value")+8, 1<<30) }, "want it inside of"},
		"too few segments":               {func(p patch) { p.b[p.cell(p.value("large")+8)+2]-- }, `"db" of 2 segments, want "db" of 3`},
		"segments that are none":         {func(p patch) { copy(p.b[p.cell(p.value("large")+8):], "bd") }, `in "bd"`},
		"a segment that is short":        {func(p patch) { l := p.cell(p.cell(p.value("large")+8) + 4); p.set(l, p.u32(l+8)) }, "bytes from 0 on"},
		"a cell of no size":              {func(p patch) { p.set(p.key("Bad")-4, 0) }, "0 bytes, want a multiple of 8"},
		"a cell of an odd size":          {func(p patch) { p.set(p.key("Bad")-4, ^uint32(90)) }, "91 bytes, want a multiple of 8"},
		"a cell larger than its bin":     {func(p patch) { p.set(p.key("Bad")-4, ^uint32(1<<20-1)) }, "to the end of its hive bin"},
		"a cell over the next":           {func(p patch) { p.set(p.key("Bad")-4, p.u32(p.key("Bad")-4)-8) }, ""},
		"a bin that is none":             {func(p patch) { copy(p.b[4096+4096:], "nibh") }, ""},
		"a bin of another place":         {func(p patch) { p.set(4096+4096+4, 0x7000) }, ""},
		"a bin larger than the hive":     {func(p patch) { p.set(4096+4096+8, 1<<30) }, ""},
		"a bin of an odd size":           {func(p patch) { p.set(4096+4096+8, 4097) }, ""},
		"a bin of no size":               {func(p patch) { p.set(4096+4096+8, 0) }, ""},
		"a list that is no list of keys": {func(p patch) { copy(p.b[p.cell(p.key("Bad")+nodeList):], "lx") }, `signature "lx", want a list`},
	} {
		t.Run(name, func(t *testing.T) {
			p := patch{t, bytes.Clone(whole)}
			c.damage(p)
			h := open(t, p.b)
			_, err := dump(h)
			if !errors.Is(err, binread.ErrCorrupt) && !errors.Is(err, binread.ErrLimit) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if c.want == "" || strings.Contains(c.want, "0 bytes") || strings.Contains(c.want, "91 bytes") || strings.Contains(c.want, "to the end of") {
				return // a bin is damaged, in which more than Bad lies
			}
			good, err := h.Key("Good")
			if errors.Is(err, binread.ErrCorrupt) {
				t.Fatalf("Good: %v", err)
			}
			v, err := good.Value("value")
			if s, _ := v.Text(); s != "good" || err != nil {
				t.Errorf("Good: %q, %v", s, err)
			}
		})
	}
}

// TestAbsentIsNotDamaged: what may be among the damage is not said to be absent.
func TestAbsentIsNotDamaged(t *testing.T) {
	p := patch{t, hivetest.Build(t, hostileText())}
	copy(p.b[p.key("second"):], "xx")
	copy(p.b[p.value("second"):], "xx")
	bad, err := open(t, p.b).Key("Bad")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bad.Key("child"); err != nil {
		t.Errorf("child: %v", err)
	}
	if v, err := bad.Value("value"); err != nil || v.Name != "value" {
		t.Errorf("value: %v", err)
	}
	for _, name := range []string{"second", "absent"} {
		if _, err := bad.Key(name); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("key %s: %v, want it corrupt", name, err)
		}
	}
	for _, name := range []string{"second", "absent"} {
		if _, err := bad.Value(name); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("value %s: %v, want it corrupt", name, err)
		}
	}
	keys, err := bad.Keys()
	if len(keys) != 3 || !errors.Is(err, binread.ErrCorrupt) {
		t.Errorf("%d keys, %v, want 3 and that one is corrupt", len(keys), err)
	}
	values, err := bad.Values()
	if len(values) != 1 || !errors.Is(err, binread.ErrCorrupt) {
		t.Errorf("%d values, %v, want 1 and that one is corrupt", len(values), err)
	}
}

// TestHashesAreHints: a key whose hash is wrong is found by its name.
func TestHashesAreHints(t *testing.T) {
	p := patch{t, hivetest.Build(t, "[One]\n[Two]\n")}
	list := p.cell(p.key("ROOT") + nodeList)
	p.set(list+8, 0)
	for _, name := range []string{"one", "two"} {
		if _, err := open(t, p.b).Key(name); err != nil {
			t.Error(err)
		}
	}
}

func TestKeysTooDeep(t *testing.T) {
	h := open(t, hivetest.Build(t, "["+strings.Repeat(`x\`, 600)+"]\n"))
	if _, err := h.Key(strings.Repeat(`x\`, 511)); err != nil {
		t.Errorf("511 below each other: %v", err)
	}
	if _, err := h.Key(strings.Repeat(`x\`, 512)); !errors.Is(err, binread.ErrLimit) {
		t.Errorf("512 below each other: %v, want that it is over a limit", err)
	}
	if _, err := dump(h); !errors.Is(err, binread.ErrLimit) {
		t.Errorf("all: %v, want that it is over a limit", err)
	}
}

func TestHivesCutShort(t *testing.T) {
	b := hivetest.Build(t, hostileText())
	h := open(t, b[:len(b)/2])
	if s := h.State(); s.Condition != hive.Dirty || !strings.Contains(strings.Join(s.Problems, ""), "the file ends at") {
		t.Errorf("state %+v", s)
	}
	if _, err := h.Root(); err != nil {
		t.Error(err)
	}
	if _, err := h.Key("Bad"); !errors.Is(err, binread.ErrCorrupt) {
		t.Errorf("a key in what is cut off: %v, want it corrupt", err)
	}
}

// doubtful is a file whose file system does not believe it.
type doubtful struct{ *bytes.Reader }

func (d doubtful) ReadAt(b []byte, off int64) (int, error) {
	n, err := d.Reader.ReadAt(b, off)
	if err == nil {
		err = binread.Checksum("a journal that was not replayed")
	}
	return n, err
}

func TestFilesThatAreNotBelieved(t *testing.T) {
	b := hivetest.Build(t, hostileText())
	h, err := hive.Open(doubtful{bytes.NewReader(b)}, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if s := h.State(); s.Condition != hive.Dirty || !strings.Contains(strings.Join(s.Problems, ""), "not replayed") {
		t.Errorf("state %+v", s)
	}
	got, err := dump(h)
	if want, _ := dump(open(t, b)); got != want || err != nil {
		t.Errorf("another hive: %v", err)
	}
}

// TestMutants changes hives and logs at random. Whatever they hold, reading ends, and nothing that is read is unbounded.
func TestMutants(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 16))
	states := history(t, 3)
	first := marked(states[0], 10)
	changes := newLog(first, 10, entries(10, states...)...)
	sectors := hivetest.Vector(states[0], states[1], 11)
	small := hivetest.Build(t, "[Bad\\child]\n\"value\"=\"text\"\n\"large\"=zeros:40000\n@=multi:\"a\"\n[Bad\\second class:\"x\"]\n[ключ]\n\"größer\"=expand:\"y\"\n")
	for range 400 {
		mutant := func(b []byte) []byte {
			b = bytes.Clone(b)
			for range 1 + random.IntN(6) {
				b[random.IntN(len(b))] ^= byte(1 << random.IntN(8))
			}
			return b
		}
		walk(mutant(small), nil, nil)
		walk(mutant(first), mutant(changes), mutant(sectors))
	}
}

// walk reads all of a hive.
func walk(b, newer, older []byte) {
	h, err := hive.Open(bytes.NewReader(b), int64(len(b)), log("LOG1", newer), log("LOG2", older))
	if err != nil {
		return
	}
	_, _ = dump(h)
	_ = h.State()
	if k, err := h.Key(`Bad\child`); err == nil {
		_, _ = k.Value("value")
		_, _ = k.Class()
	}
}

func FuzzOpen(f *testing.F) {
	states := history(f, 2)
	first := marked(states[0], 10)
	f.Add(unpack(f, "empty.hive"), []byte{}, []byte{})
	f.Add(unpack(f, "tree.hive"), []byte{}, []byte{})
	f.Add(first, newLog(first, 10, entries(10, states...)...), hivetest.Vector(states[0], states[1], 11))
	f.Add(first, []byte{}, hivetest.Vector(states[0], states[1], 11))
	f.Fuzz(func(_ *testing.T, b, newer, older []byte) {
		if len(b) >= 512 {
			hivetest.Seal(b[:512]) // a checksum stops nobody who wants to do harm
		}
		walk(b, newer, older)
	})
}
