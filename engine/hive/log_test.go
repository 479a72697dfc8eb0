package hive_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/hive"
	"github.com/guestctl/guestctl/internal/hivetest"
)

func log(name string, b []byte) hive.Log {
	return hive.Log{Name: name, ReaderAt: bytes.NewReader(b), Size: int64(len(b))}
}

// history is a hive as it was after each of its changes: each makes it larger.
func history(t testing.TB, n int) [][]byte {
	t.Helper()
	text, all := "[Key]\n", [][]byte{}
	for i := range n {
		text += "\"value " + string(rune('a'+i)) + "\"=zeros:3000\n"
		all = append(all, hivetest.Build(t, text))
	}
	return all
}

// marked returns a hive whose writing began with the sequence number first and did not end.
func marked(b []byte, first uint32) []byte {
	b = bytes.Clone(b)
	binary.LittleEndian.PutUint32(b[8:], first)
	binary.LittleEndian.PutUint32(b[4:], first+1)
	hivetest.Seal(b)
	return b
}

// entries are the changes from one state to the next, numbered from seq on.
func entries(seq uint32, states ...[]byte) [][]byte {
	var all [][]byte
	for i := 1; i < len(states); i++ {
		all = append(all, hivetest.Entry(seq+uint32(i-1), states[i-1], states[i]))
	}
	return all
}

func newLog(h []byte, seq uint32, all ...[]byte) []byte {
	return append(hivetest.LogBase(h, seq, 6), slices.Concat(all...)...)
}

// TestLogsAreReplayed holds logs against what their specification says. They are made here: of Windows there is none whose content is
// known. The hash in them is that of TestMarvin32, and regparser, which knows no hashes, comes to the same hive of two logs.
func TestLogsAreReplayed(t *testing.T) {
	states := history(t, 6)
	first := marked(states[0], 10)
	changes := entries(10, states...)
	flipped := func(b []byte, off int) []byte {
		b = bytes.Clone(b)
		b[off] ^= 0xff
		return b
	}
	wrongBase := flipped(first, 100)
	noBase := append(make([]byte, 4096), first[4096:]...)
	beyond := bytes.Clone(changes[1])
	binary.LittleEndian.PutUint32(beyond[40:], 1<<20)
	hivetest.SealEntry(beyond)
	older := entries(7, states[0], states[1], states[2], states[3])
	for name, c := range map[string]struct {
		hive []byte
		logs []hive.Log
		want int // of the states
		// problem is part of what the state says; "" is a hive that was replayed whole.
		problem string
	}{
		"one entry":                           {first, []hive.Log{log("LOG1", newLog(first, 10, changes[0]))}, 1, ""},
		"several entries":                     {first, []hive.Log{log("LOG1", newLog(first, 10, changes...))}, 5, ""},
		"two logs":                            {first, []hive.Log{log("LOG1", newLog(first, 10, changes[:2]...)), log("LOG2", newLog(first, 12, changes[2:]...))}, 5, ""},
		"two logs, the second is older":       {first, []hive.Log{log("LOG1", newLog(first, 13, changes[3:]...)), log("LOG2", newLog(first, 10, changes[:3]...))}, 5, ""},
		"a log that is empty":                 {first, []hive.Log{log("LOG", nil), log("LOG1", newLog(first, 10, changes...))}, 5, ""},
		"entries of an earlier use behind":    {first, []hive.Log{log("LOG1", newLog(first, 10, append(slices.Clone(changes[:2]), older...)...))}, 2, ""},
		"entries that the hive has, before":   {marked(states[2], 12), []hive.Log{log("LOG1", newLog(first, 10, changes...))}, 5, ""},
		"a torn last entry":                   {first, []hive.Log{log("LOG1", newLog(first, 10, changes[0], changes[1], flipped(changes[2], 700)))}, 2, ""},
		"a torn last header":                  {first, []hive.Log{log("LOG1", newLog(first, 10, changes[0], changes[1], flipped(changes[2], 12)))}, 2, ""},
		"a log cut in its last entry":         {first, []hive.Log{log("LOG1", newLog(first, 10, changes[0], changes[1][:600]))}, 1, ""},
		"the older log begun anew":            {marked(states[3], 10), []hive.Log{log("LOG1", newLog(first, 13, changes[3], changes[4])), log("LOG2", newLog(first, 12, changes[2]))}, 5, ""},
		"a wrong checksum of the base block":  {wrongBase, []hive.Log{log("LOG1", newLog(first, 10, changes...))}, 5, ""},
		"no base block":                       {noBase, []hive.Log{log("LOG1", newLog(first, 10, changes...))}, 5, ""},
		"sectors":                             {first, []hive.Log{log("LOG", hivetest.Vector(states[0], states[1], 11))}, 1, ""},
		"sectors, a wrong checksum":           {wrongBase, []hive.Log{log("LOG", hivetest.Vector(states[0], states[1], 11))}, 1, ""},
		"no log":                              {first, nil, 0, "no log holds the rest"},
		"a log of zeros":                      {first, []hive.Log{log("LOG1", make([]byte, 2048))}, 0, "LOG1: signature"},
		"a log whose base block is damaged":   {first, []hive.Log{log("LOG1", flipped(newLog(first, 10, changes...), 50))}, 0, "LOG1: checksum"},
		"a log without entries":               {first, []hive.Log{log("LOG1", newLog(first, 10))}, 0, "no log holds the rest"},
		"a log that is too old":               {marked(states[3], 13), []hive.Log{log("LOG1", newLog(first, 10, changes[:3]...))}, 3, "no log holds the rest"},
		"a hive in the place of a log":        {first, []hive.Log{log("LOG1", states[1])}, 0, "file type 0"},
		"a first entry that is missing":       {first, []hive.Log{log("LOG1", newLog(first, 11, changes[1:]...))}, 5, "begins with entry 11, want 10"},
		"an entry between logs is missing":    {first, []hive.Log{log("LOG1", newLog(first, 10, changes[0])), log("LOG2", newLog(first, 12, changes[2:]...))}, 1, "LOG2: begins with entry 12, want 11"},
		"an entry inside of a log is missing": {first, []hive.Log{log("LOG1", newLog(first, 10, changes[0], changes[2]))}, 1, "number 12, want 11"},
		"damage before the last entry":        {first, []hive.Log{log("LOG1", newLog(first, 10, changes[0], flipped(changes[1], 700), changes[2]))}, 1, "entries go on at"},
		"damage in the first entry":           {first, []hive.Log{log("LOG1", newLog(first, 10, flipped(changes[0], 700), changes[1]))}, 0, "no log holds the rest: LOG1: entry at 0x200: hash"},
		"a page beyond the hive":              {first, []hive.Log{log("LOG1", newLog(first, 10, changes[0], beyond, changes[2]))}, 1, "page of 0x1000 bytes at 0x100000"},
		"sectors that are missing":            {first, []hive.Log{log("LOG", hivetest.Vector(states[0], states[1], 11)[:2048])}, 0, "LOG: "},
		"sectors of another time":             {earlier(first), []hive.Log{log("LOG", hivetest.Vector(states[0], states[1], 11))}, 0, "no log holds the rest"},
		"sectors of a log not written whole":  {first, []hive.Log{log("LOG", unequal(hivetest.Vector(states[0], states[1], 11)))}, 0, "no log holds the rest"},
		"sectors without their vector":        {first, []hive.Log{log("LOG", flipped(hivetest.Vector(states[0], states[1], 11), 512))}, 0, `want "DIRT"`},
		"a wrong checksum, and no log":        {wrongBase, nil, 0, "checksum"},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, c.hive, c.logs...)
			s := h.State()
			switch problems := strings.Join(s.Problems, "; "); {
			case c.problem == "" && (s.Condition != hive.Replayed || problems != ""):
				t.Errorf("%s: %s, want it replayed", s.Condition, problems)
			case c.problem != "" && (s.Condition != hive.Dirty || !strings.Contains(problems, c.problem)):
				t.Errorf("%s: %s, want it dirty and %q", s.Condition, problems, c.problem)
			}
			got, err := dump(h)
			if want, _ := dump(open(t, states[c.want])); got != want || err != nil {
				t.Errorf("%v: another hive than after change %d\n%s", err, c.want, got)
			}
		})
	}
}

// earlier is a hive written at another time.
func earlier(b []byte) []byte {
	b = bytes.Clone(b)
	b[12]++
	hivetest.Seal(b)
	return b
}

// unequal is a log whose two sequence numbers differ.
func unequal(b []byte) []byte {
	b = bytes.Clone(b)
	b[4]++
	hivetest.Seal(b)
	return b
}

// TestCleanHivesNeedNoLog: what a log holds is older than a hive that was written to the end, or the same.
func TestCleanHivesNeedNoLog(t *testing.T) {
	states := history(t, 2)
	for name, b := range map[string][]byte{
		"entries": newLog(states[0], 1, entries(1, states...)...), "sectors": hivetest.Vector(states[0], states[1], 1), "damage": []byte("x"),
	} {
		h := open(t, states[0], log("LOG1", b))
		want, _ := dump(open(t, states[0]))
		if got, err := dump(h); got != want || err != nil || h.State().Condition != hive.Clean {
			t.Errorf("%s: %v, %+v", name, err, h.State())
		}
	}
}

func TestWhatIsNoHive(t *testing.T) {
	b := hivetest.Build(t, "[Key]\n")
	changed := func(off int, n uint32) []byte {
		c := bytes.Clone(b)
		binary.LittleEndian.PutUint32(c[off:], n)
		hivetest.Seal(c)
		return c
	}
	for name, c := range map[string]struct {
		hive []byte
		want string
	}{
		"nothing":             {nil, "512 bytes at 0x0 end after 0"},
		"a text":              {bytes.Repeat([]byte("text"), 4096), `signature "text", want "regf"`},
		"a log":               {hivetest.LogBase(b, 1, 6), "file type 6, want 0"},
		"version 1.2":         {changed(24, 2), "version 1.2, want 1.3 to 1.6"},
		"version 2.5":         {changed(20, 2), "version 2.5, want 1.3 to 1.6"},
		"another format":      {changed(32, 2), "format 2, want 1"},
		"no hive bins":        {changed(40, 0), "0 bytes of hive bins"},
		"half a page of bins": {changed(40, 0x1800), "6144 bytes of hive bins"},
	} {
		if _, err := hive.Open(bytes.NewReader(c.hive), int64(len(c.hive))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
