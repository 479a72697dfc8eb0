package live

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// written is a journal as systemd writes it, but for the tables by which it finds fields. A compact one has short offsets.
func written(short bool, entries ...map[string]string) []byte {
	le := binary.LittleEndian
	b := make([]byte, journalHeader)
	copy(b, journalMagic)
	payload := 64
	if short {
		payload = 72
		le.PutUint32(b[12:], compact)
	}
	copy(b[72:], "an id of numbers")
	le.PutUint64(b[88:], journalHeader)
	object := func(kind byte, size int) int {
		off := len(b)
		b = slices.Concat(b, make([]byte, (size+7)/8*8))
		b[off] = kind
		le.PutUint64(b[off+8:], uint64(size))
		le.PutUint64(b[136:], uint64(off))
		return off
	}
	for i, e := range entries {
		var offs []int
		for _, name := range slices.Sorted(maps.Keys(e)) {
			text := name + "=" + e[name]
			off := object(objectData, payload+len(text))
			copy(b[off+payload:], text)
			offs = append(offs, off)
		}
		width := 16
		if short {
			width = 4
		}
		off := object(objectEntry, 64+width*len(offs))
		le.PutUint64(b[off+16:], uint64(i+1))
		for n, data := range offs {
			if short {
				le.PutUint32(b[off+64+n*width:], uint32(data))
			} else {
				le.PutUint64(b[off+64+n*width:], uint64(data))
			}
		}
		le.PutUint64(b[160:], uint64(i+1))
	}
	return b
}

func entriesOf(b []byte, since uint64) ([]entry, error) {
	j, err := openJournal(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	return j.since(since)
}

func TestWhatAJournalTells(t *testing.T) {
	of := func(id, unit string) map[string]string {
		return map[string]string{"MESSAGE_ID": id, "UNIT": unit, "_PID": "1", "MESSAGE": strings.Repeat("x", 300)}
	}
	other := of(unitFailed, "forged.service")
	other["_PID"] = "1000"
	entries := []map[string]string{
		of(unitFailed, "before.service"), of(unitFailure, "a.service"), of(unitFailed, "b.service"), of(unitFailed, "again.service"), other,
		of(unitStarted, "again.service"), of(unitStarted, "multi-user.target"),
		{"MESSAGE_ID": powerKey, "_PID": "300"},
		of(unitFailed, "late.service"),
	}
	for _, short := range []bool{false, true} {
		all, err := entriesOf(written(short, entries...), 1)
		if err != nil || len(all) != len(entries)-1 {
			t.Fatalf("%d entries, %v", len(all), err)
		}
		r := &Reading{}
		r.boot(all)
		if want := []string{"a.service", "b.service"}; !slices.Equal(r.Failed, want) || !r.Up || r.Emergency {
			t.Errorf("got %+v, want up and %q", r, want)
		}
	}
	r := &Reading{}
	r.boot([]entry{{1, of(unitStarted, "emergency.service")}})
	if r.Up || !r.Emergency {
		t.Errorf("got %+v, want emergency mode", r)
	}
}

// unzipped is a file that is kept with gzip.
func unzipped(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestARealJournal agrees with journalctl about every entry of a guest's journal: testdata/record.sh asked it.
func TestARealJournal(t *testing.T) {
	all, err := entriesOf(unzipped(t, "testdata/system.journal.gz"), 0)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(unzipped(t, "testdata/journalctl.json.gz")), []byte("\n"))
	if len(all) != len(lines) {
		t.Fatalf("got %d entries, want %d", len(all), len(lines))
	}
	for i, line := range lines {
		var want map[string]string
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatal(err)
		}
		got := all[i].fields
		if got["seqnum"] = strconv.FormatUint(all[i].seqnum, 16); !maps.Equal(got, want) {
			t.Fatalf("entry %d: got %v, want %v", i, got, want)
		}
	}
	r := &Reading{}
	if r.boot(all); !r.Up || r.Emergency || !slices.Equal(r.Failed, []string{"ssh.service"}) {
		t.Errorf("got %+v", r)
	}
}

func TestDamagedJournals(t *testing.T) {
	good := written(true, map[string]string{"MESSAGE_ID": startFinished, "_PID": "1"})
	with := func(at int, v uint64) []byte {
		b := slices.Clone(good)
		binary.LittleEndian.PutUint64(b[at:], v)
		return b
	}
	last := int(binary.LittleEndian.Uint64(good[136:]))
	for name, b := range map[string][]byte{
		"empty": {}, "cut off in its header": good[:100], "another magic": with(0, 0), "a flag that is not known": with(8, 1<<40),
		"objects inside of the header": with(88, 8), "objects far away": with(136, 1<<62), "objects before the file": with(136, 1<<63),
	} {
		if _, err := entriesOf(b, 0); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, b := range map[string][]byte{
		"an object without a size": with(last+8, 0), "an object beyond the end": with(last+8, 1<<40), "an object of no kind": with(last, 0),
		"cut off before the last object": good[:last], "an object of a negative size": with(last+8, 1<<63),
	} {
		if all, _ := entriesOf(b, 0); len(all) > 0 {
			t.Errorf("%s: got %v", name, all)
		}
	}
	if all, err := entriesOf(with(last+64, 1<<31|1<<63), 0); err != nil || len(all) != 1 || len(all[0].fields) > 0 {
		t.Errorf("fields beyond the end: got %v, %v", all, err)
	}
}

func FuzzJournal(f *testing.F) {
	f.Add(written(true, map[string]string{"MESSAGE_ID": startFinished, "_PID": "1"}))
	f.Add(written(false, map[string]string{"MESSAGE_ID": unitFailed, "UNIT": "a.service"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, _ := entriesOf(b, 0)
		(&Reading{}).boot(all)
		if len(all) > len(b)/64 {
			t.Errorf("%d entries in %d bytes", len(all), len(b))
		}
	})
}
