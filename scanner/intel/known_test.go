package intel

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

// nsrl makes a database with the statements.
func nsrl(t *testing.T, statements ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "RDS %41?.db")
	db, err := sql.Open("sqlite", "file:"+strings.NewReplacer("%", "%25", "?", "%3f").Replace(name))
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
	return name
}

func TestKnownGood(t *testing.T) {
	full := nsrl(t, "CREATE TABLE METADATA (metadata_id INTEGER, sha256 TEXT, sha1 TEXT, md5 TEXT, file_name TEXT)",
		"CREATE VIEW FILE AS SELECT sha256, sha1, md5, file_name FROM METADATA",
		"INSERT INTO METADATA VALUES (1, '"+strings.ToUpper(nistSHA256)+"', '"+nistSHA1+"', '"+nistMD5+"', 'a'), (2, '"+nistSHA256+"', NULL, NULL, 'b'), (3, NULL, '', 'x', 'c')")
	minimal := nsrl(t, "CREATE TABLE FILE (sha1 VARCHAR, md5 VARCHAR)", "INSERT INTO FILE VALUES ('"+nistSHA1+"', '"+nistMD5+"')")
	list := write(t, "good.txt", nistMD5+"  a\nevil.example.com\n")
	out := filepath.Join(t.TempDir(), "good.intel")
	if _, err := Build(t.Context(), out, []string{full}, true); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path string
		unused     map[string]int
	}{
		{"the whole database", full, map[string]int{"nsrl: row without a digest": 1}},
		{"a database without SHA-256", minimal, map[string]int{}},
		{"a list", list, map[string]int{"known good: no digest": 1}},
		{"a compiled one", out, map[string]int{"nsrl: row without a digest": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, err := LoadKnownGood(t.Context(), []string{c.path})
			if err != nil {
				t.Fatal(err)
			}
			defer k.Close()
			if !k.Is(object("/x", "", nist)) || k.Is(object("/x", "", nist+".")) {
				t.Error("the wrong file is known")
			}
			if k.Count() != 1 {
				t.Errorf("%d digests, want 1", k.Count())
			}
			same(t, "unused", k.Unused(), c.unused)
		})
	}
}

func TestDatabasesThatAreNoNSRL(t *testing.T) {
	for _, c := range []struct{ name, path, want string }{
		{"a list without digests", write(t, "names.txt", "evil.example.com\n"), "names.txt: no digest of a known file in it: known good: no digest (1)"},
		{"other tables", nsrl(t, "CREATE TABLE x (y)"), "without a table FILE or METADATA"},
		{"no digests", nsrl(t, "CREATE TABLE FILE (name)"), "without a table FILE or METADATA"},
		{"damage", write(t, "x.db", sqliteMagic+strings.Repeat("x", 5000)), "SQLite"},
		{"a view of itself", nsrl(t, "CREATE TABLE t (sha256)", "CREATE VIEW FILE AS SELECT sha256 FROM t", "DROP TABLE t"), "SQLite"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := LoadKnownGood(t.Context(), []string{c.path})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Base(c.path)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
