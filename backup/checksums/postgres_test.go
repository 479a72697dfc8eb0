package checksums

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
)

// relation is a file of a cluster of PostgreSQL 15 that initdb --data-checksums made, and whose checksums pg_checksums --check passes.
func relation(tb testing.TB, name string) []byte {
	tb.Helper()
	return unzipped(tb, "postgres/"+name+".gz")
}

func pagesOf(b, control []byte, path string) (Result, error) {
	f := fileOf(b)
	f.Path = path
	f.Beside = func(name string, n int64) ([]byte, error) {
		if name != controlName && name != "pg_control" || control == nil {
			return nil, fs.ErrNotExist
		}
		return control[:min(n, int64(len(control)))], nil
	}
	return Pages(context.Background(), f)
}

func TestPagesOfPostgreSQL(t *testing.T) {
	const path = "/var/lib/postgresql/15/main/base/1/2650"
	running := func(b []byte) { // DB_IN_PRODUCTION
		b[16] = 6
		binary.LittleEndian.PutUint32(b[288:], crc32.Checksum(b[:288], crc32.MakeTable(crc32.Castagnoli)))
	}
	set := func(at int, v byte) func(b []byte) { return func(b []byte) { b[at] = v } }
	for _, c := range []struct {
		name, file, path string
		damage           func(b []byte)
		control          func(b []byte)
		text             string
		open             bool
	}{
		{"an index", "2650", path, nil, nil, "", false},
		{"a map of free space", "1259_fsm", path, nil, nil, "", false},
		{"of all databases", "2650", "/var/lib/postgresql/15/main/global/1260", nil, nil, "", false},
		{"a byte at the end of the second page", "2650", path, set(16383, 0x55), nil, "at 0x2000: the checksum of page 1 is", false},
		{"the same, while the server ran", "2650", path, set(16383, 0x55), running, "the checksum of page 1 is", true},
		{"a byte of a checksum", "2650", path, set(8, 0x55), nil, "at 0x0: the checksum of page 0 is", false},
		{"the control file", "pg_control", "/var/lib/postgresql/15/main/global/pg_control", nil, nil, "", false},
		{"a damaged control file", "pg_control", "/var/lib/postgresql/15/main/global/pg_control", nil, set(50, 0x55), "pg_control: a checksum", false},
		{"zeros", "2650", path, func(b []byte) { clear(b) }, nil, "", false},
		{"a header of zeros", "2650", path, func(b []byte) { clear(b[:32]) }, nil, "marked as new", false},
		{"pages of another part", "2650", path + ".1", nil, nil, "the checksum of page 131072 is", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, control := relation(t, c.file), relation(t, "pg_control")
			if c.damage != nil {
				c.damage(b)
			}
			if c.control != nil {
				c.control(control)
			}
			r, err := pagesOf(b, control, c.path)
			if err != nil || r.Verified != len(b)/8192 {
				t.Fatal(r, err)
			}
			text := ""
			if len(r.Problems) > 0 {
				text = r.Problems[0].String()
			}
			if r.Open != c.open || !strings.Contains(text, c.text) || (text == "") != (c.text == "") {
				t.Errorf("%q, want %q", text, c.text)
			}
		})
	}
	b := relation(t, "2650")
	if r, err := pagesOf(b[:10_000], relation(t, "pg_control"), path); err != nil || len(r.Problems) != 1 {
		t.Errorf("cut off: %v, %v", r.Problems, err)
	}
	if _, err := pagesOf(b, nil, path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without pg_control: %v", err)
	}
	damaged := relation(t, "pg_control")
	damaged[40]++
	if _, err := pagesOf(b, damaged, path); !errors.Is(err, binread.ErrUnsupported) {
		t.Errorf("with a damaged pg_control: %v", err)
	}
	future := relation(t, "pg_control")
	future[8]++
	if _, err := pagesOf(b, future, path); !errors.Is(err, binread.ErrUnsupported) {
		t.Errorf("of another version: %v", err)
	}
	if _, err := pagesOf(b, relation(t, "pg_control")[:100], path); !errors.Is(err, binread.ErrUnsupported) {
		t.Errorf("with a short pg_control: %v", err)
	}
}

func TestNamesOfRelations(t *testing.T) {
	for name, want := range map[string]bool{
		"/var/lib/postgresql/15/main/base/1/2650": true, "/x/base/16384/16385.3": true, "/x/base/5/1259_fsm": true, "/x/global/1260": true,
		"/x/base/1/pg_filenode.map": false, "/x/base/1/PG_VERSION": false, "/x/global/pg_control": true, "/x/pg_control": false, "/x/base/pgsql_tmp/12": false,
		"/x/pg_wal/000000010000000000000001": false, "/x/base/1/t3_16385": false, "/x/pg_xact/0000": false,
	} {
		if got := isDatabase(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func FuzzPages(f *testing.F) {
	control := relation(f, "pg_control")
	f.Add(relation(f, "2650"), control[:controlSize], "a.1")
	f.Add(relation(f, "1259_fsm"), control[:controlSize], "a")
	f.Fuzz(func(t *testing.T, b, control []byte, path string) {
		if r, err := pagesOf(b, control, path); err == nil && len(r.Problems) > maxProblems {
			t.Errorf("%d problems", len(r.Problems))
		}
	})
}
