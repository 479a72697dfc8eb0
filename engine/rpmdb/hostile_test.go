package rpmdb

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// with returns s with the bytes at off replaced.
func with(s string, off int, b string) string { return s[:off] + b + s[off+len(b):] }

// made returns an SQLite database that the statements make.
func made(t *testing.T, statements ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "made")
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// overflow returns where the first item that lies in overflow pages is, and the first of its pages. The item has a type, a
// page and a length; the number of the next page is at 16 of each.
func overflow(db string) (item, page int) {
	for p := 4096; p < len(db); p += 4096 {
		for i := 1; db[p+25] == bdbHash && i < int(db[p+20]); i += 2 {
			item = p + int(db[p+bdbHead+2*i]) + int(db[p+bdbHead+2*i+1])<<8
			if db[item] == itemOverflow {
				return item, int(db[item+4]) * 4096
			}
		}
	}
	panic("no item in overflow pages")
}

func TestDamagedDatabases(t *testing.T) {
	lite, berkeley, ndb, wal := testdata(t, "sqlite.db.zst"), testdata(t, "bdb.db.zst"), testdata(t, "ndb.db.zst"), testdata(t, "wal.log.zst")
	slot := strings.Index(ndb[32:], "Slot\x01") + 32
	blob := strings.Index(ndb, "BlbS")
	item, chain := overflow(berkeley)
	table := "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)"
	for name, c := range map[string]struct {
		db, wal string
		says    string
		kind    error
	}{
		"empty":                       {"", "", "no known kind", binread.ErrCorrupt},
		"text":                        {strings.Repeat("rpm\n", 2000), "", "no known kind", binread.ErrCorrupt},
		"zeros":                       {strings.Repeat("\x00", 8192), "", "no known kind", binread.ErrCorrupt},
		"SQLite, cut in half":         {lite[:len(lite)/2], "", "SQLite", binread.ErrCorrupt},
		"SQLite, cut in its header":   {lite[:60], "", "SQLite", binread.ErrCorrupt},
		"SQLite, page of garbage":     {with(lite, 4096, strings.Repeat("\xa5", 4096)), "", "SQLite", binread.ErrCorrupt},
		"SQLite, no tables":           {made(t, "CREATE TABLE x (y)"), "", "want one table", binread.ErrCorrupt},
		"SQLite, a view that loops":   {made(t, "CREATE VIEW Packages AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i AS hnum, x'00' AS blob FROM n"), "", "want one table", binread.ErrCorrupt},
		"SQLite, a generated column":  {made(t, "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob GENERATED ALWAYS AS (zeroblob(1000000000)))"), "", "want one table", binread.ErrCorrupt},
		"SQLite, text for a package":  {made(t, table, "INSERT INTO Packages VALUES (1, 'text')"), "", "no blob", binread.ErrCorrupt},
		"log of garbage":              {lite, strings.Repeat("\xa5", 4096), "write-ahead log begins", nil},
		"log cut in its header":       {lite, wal[:20], "end after", nil},
		"log cut in a frame":          {testdata(t, "wal.db.zst"), wal[:len(wal)-100], "write-ahead log ends", nil},
		"log with a bit flipped":      {testdata(t, "wal.db.zst"), with(wal, 5000, "\xff"), "checksum of the frame", nil},
		"log with a damaged header":   {lite, with(wal, 12, "\xff"), "checksum of its header", nil},
		"NDB, cut in half":            {ndb[:len(ndb)/2], "", "", binread.ErrCorrupt},
		"NDB, cut in its slots":       {ndb[:2000], "", "pages of slots", binread.ErrCorrupt},
		"NDB, huge count of pages":    {with(ndb, 12, "\xff\xff\xff\xff"), "", "pages of slots", binread.ErrCorrupt},
		"NDB, another version":        {with(ndb, 4, "\x01"), "", "version 1", binread.ErrUnsupported},
		"NDB, slot without magic":     {with(ndb, slot, "slot"), "", "begins with", binread.ErrCorrupt},
		"NDB, huge blob":              {with(ndb, slot+12, "\xff\xff\xff\x0f"), "", "blobs of", binread.ErrCorrupt},
		"NDB, blob far outside":       {with(ndb, slot+8, "\xff\xff\xff\xff"), "", "", binread.ErrCorrupt},
		"NDB, huge length of content": {with(ndb, blob+12, "\xff\xff\xff\xff"), "", "bytes of content", binread.ErrCorrupt},
		"NDB, content changed":        {with(ndb, blob+100, "\xff\x00"), "", "Adler-32", binread.ErrCorrupt},
		"NDB, of another package":     {with(ndb, blob+4, "\x77"), "", "of package 119", binread.ErrCorrupt},
		"BDB, cut in half":            {berkeley[:len(berkeley)/2], "", "want", binread.ErrCorrupt},
		"BDB, huge last page":         {with(berkeley, 32, "\xff\xff\xff\xff"), "", "pages of", binread.ErrCorrupt},
		"BDB, page size 0":            {with(berkeley, 20, "\x00\x00\x00\x00"), "", "page size 0", binread.ErrCorrupt},
		"BDB, encrypted":              {with(berkeley, 24, "\x01"), "", "encrypted", binread.ErrEncrypted},
		"BDB, not a hash":             {with(berkeley, 25, "\x09"), "", "type 9", binread.ErrCorrupt},
		"BDB, entries beyond a page":  {with(berkeley, item/4096*4096+20, "\xfe\xff"), "", "entries", binread.ErrCorrupt},
		"BDB, odd entries":            {with(berkeley, item/4096*4096+20, "\x03\x00"), "", "entries", binread.ErrCorrupt},
		"BDB, entry outside":          {with(berkeley, item/4096*4096+28, "\xff\xff"), "", "entry", binread.ErrCorrupt},
		"BDB, item of unknown type":   {with(berkeley, item, "\x09"), "", "type 9", binread.ErrCorrupt},
		"BDB, chain that loops":       {with(berkeley, chain+16, berkeley[item+4:item+8]), "", "not in use", binread.ErrCorrupt},
		"BDB, chain to a hash page":   {with(berkeley, chain+25, "\x0d"), "", "", binread.ErrCorrupt},
		"BDB, chain outside":          {with(berkeley, item+4, "\xff\xff\xff\xff"), "", "overflow page", binread.ErrCorrupt},
		"BDB, chain from page 0":      {with(berkeley, item+4, "\x00\x00\x00\x00"), "", "page 0", binread.ErrCorrupt},
		"BDB, chain too short":        {with(berkeley, chain+16, "\x00\x00\x00\x00"), "", "", binread.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems, err := read(t, guestWith(t, c.db, c.wal))
			if c.kind == nil { // what the log lacks is a problem, and the database is read
				if err != nil || len(problems) != 1 || !strings.Contains(problems[0].Error(), c.says) {
					t.Errorf("got %v, %v, want a problem that says %q", problems, err, c.says)
				}
				return
			}
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %v that says %q", err, c.kind, c.says)
			}
		})
	}
}

// TestPagesInTwoPlaces makes the root page of the table lead to one page twice: built deep, such a tree has no end.
func TestPagesInTwoPlaces(t *testing.T) {
	db := made(t, "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000) INSERT INTO Packages SELECT i, x'00' FROM n")
	root := 4096 // page 2
	if db[root] != 5 {
		t.Fatalf("page 2 has type %d, want 5 (interior page of a table)", db[root])
	}
	cell := root + int(db[root+12])<<8 + int(db[root+13])
	_, _, err := read(t, guestWith(t, with(db, root+8, db[cell:cell+4]), ""))
	if !errors.Is(err, binread.ErrCorrupt) || !strings.Contains(err.Error(), "2nd reference") {
		t.Errorf("got %v", err)
	}
}

func TestUnreadableDatabases(t *testing.T) {
	lite := testdata(t, "sqlite.db.zst")
	broken := errors.New("bad sector")
	for name, c := range map[string]struct {
		files    map[string]memfs.File
		says     string
		problems int
	}{
		"log without its database": {map[string]memfs.File{at + log: {Data: "x"}}, "is missing", 0},
		"bad sector":               {map[string]memfs.File{at: {Data: lite, Err: broken}}, "bad sector", 0},
		"bad sector in the log":    {map[string]memfs.File{at: {Data: lite}, at + log: {Data: "x", Err: broken}}, "bad sector", 0},
		"not to be believed":       {map[string]memfs.File{at: {Data: lite, Err: binread.Checksum("extent block 7")}}, "", 1},
		"a directory":              {map[string]memfs.File{at: memfs.Dir()}, "want a file", 0},
		"unfinished transaction":   {map[string]memfs.File{at: {Data: lite}, at + "-journal": {Data: "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"}}, "unfinished", 0},
		"finished transaction":     {map[string]memfs.File{at: {Data: lite}, at + "-journal": {Data: strings.Repeat("\x00", 512)}}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			all, problems, err := read(t, factstest.Guest(t, c.files))
			if len(problems) != c.problems || (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, %v, want %d problems and %q", problems, err, c.problems, c.says)
			}
			if err == nil && len(all) != 6 {
				t.Errorf("%d packages, want 6", len(all))
			}
		})
	}
}

// header is a small one: NAME, VERSION and RELEASE.
const header = "\x00\x00\x00\x03\x00\x00\x00\x06" +
	"\x00\x00\x03\xe8\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00\x01" +
	"\x00\x00\x03\xe9\x00\x00\x00\x06\x00\x00\x00\x02\x00\x00\x00\x01" +
	"\x00\x00\x03\xea\x00\x00\x00\x06\x00\x00\x00\x04\x00\x00\x00\x01" + "n\x001\x002\x00"

func TestDamagedHeaders(t *testing.T) {
	var n int
	if h, err := decode([]byte(header), &n); err != nil || h.Name != "n" || h.EVR() != "1-2" {
		t.Fatalf("got %+v, %v", h, err)
	}
	for name, b := range map[string]string{
		"empty":                   "",
		"cut":                     header[:20],
		"no tags":                 with(header, 3, "\x00"),
		"two thousand mill. tags": with(header, 0, "\x7f\xff\xff\xff"),
		"more data than bytes":    with(header, 4, "\x0f\xff\xff\xff"),
		"name outside":            with(header, 16, "\x00\x00\x00\x07"),
		"name is a number":        with(header, 15, "\x04"),
		"two names":               with(header, 23, "\x02"),
		"no names":                with(header, 23, "\x00"),
		"four thousand mill.":     with(with(header, 15, "\x08"), 20, "\xff\xff\xff\xff"),
		"no zero":                 with(header, len(header)-1, "x"),
		"empty name":              with(header, 56, "\x00"),
	} {
		n := 0
		if h, err := decode([]byte(b), &n); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("%s: got %+v, %v", name, h, err)
		}
	}
	n = maxValues
	if _, err := decode([]byte(header), &n); !errors.Is(err, binread.ErrLimit) {
		t.Errorf("names without end: got %v", err)
	}
}

func TestADamagedHeaderDoesNotHideTheOthers(t *testing.T) {
	db := made(t, "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)",
		"INSERT INTO Packages VALUES (1, x'0000'), (2, CAST('"+strings.ReplaceAll(header, "\x00", "'||x'00'||'")+"' AS BLOB))")
	all, problems, err := read(t, guestWith(t, db, ""))
	if err != nil || len(problems) != 1 || len(all) != 1 {
		t.Errorf("got %d packages, %v, %v", len(all), problems, err)
	}
	lots := made(t, "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 500) INSERT INTO Packages SELECT i, x'00' FROM n")
	if _, _, err := read(t, guestWith(t, lots, "")); !errors.Is(err, binread.ErrCorrupt) {
		t.Errorf("got %v, want an end to the problems", err)
	}
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte(header))
	g := guestWith(f, testdata(f, "ndb.db.zst"), "")
	blob, err := g.ReadFile(at, 1<<20)
	if err != nil {
		f.Fatal(err)
	}
	first := strings.Index(string(blob), "BlbS") + 16
	f.Add(blob[first : first+4128])
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		h, err := decode(b, &n)
		if err != nil {
			return
		}
		_, _ = h.CheckSeal()
		if _, _, err := h.FilesInFull(); err == nil && n > 40*len(b) {
			t.Errorf("%d values of %d bytes", n, len(b))
		}
	})
}

// FuzzDatabase changes bytes of whole databases: off and b are what is written where.
func FuzzDatabase(f *testing.F) {
	dbs := []string{testdata(f, "sqlite.db.zst"), testdata(f, "bdb.db.zst"), testdata(f, "ndb.db.zst")}
	for i, db := range dbs {
		f.Add(uint8(i), 16, []byte("\x00\x01"), len(db))
		f.Add(uint8(i), 4096+20, []byte("\xff\xff\xff\xff"), len(db)/2)
		f.Add(uint8(i), 32, []byte("\xff"), len(db))
	}
	f.Fuzz(func(t *testing.T, which uint8, off int, b []byte, size int) {
		db := []byte(dbs[int(which)%len(dbs)])
		if off < 0 || off > len(db) || size < 0 || size > len(db) {
			return
		}
		copy(db[off:], b)
		_, _, _ = read(t, guestWith(t, string(db[:size]), ""))
	})
}
