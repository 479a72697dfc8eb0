package intel

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	_ "modernc.org/sqlite" // the driver that sql.Open finds by its name, "sqlite"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	sqliteMagic = "SQLite format 3\x00"
	maxRows     = 1 << 32
)

func isSQLite(head []byte) bool { return bytes.HasPrefix(head, []byte(sqliteMagic)) }

// readNSRL reads the reference data set of NIST's software library, version 3: a table or view FILE (METADATA in the minimal form)
// with the columns sha256, sha1 and md5. It lists files that are known, most of them harmless.
func readNSRL(b *builder, f *file) (err error) {
	if !b.good {
		return binread.WithHint(fmt.Errorf("%s: a list of known files, want one of malicious ones", f.name), "name it with --known-good")
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: f.path}).EscapedPath()+"?mode=ro&immutable=1")
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	query, err := b.nsrlQuery(db)
	if err == nil {
		err = b.nsrlRows(db, query)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}

// nsrlQuery asks for the columns that are there.
func (b *builder) nsrlQuery(db *sql.DB) (query string, err error) {
	for _, table := range []string{"METADATA", "FILE"} {
		var columns []string
		for _, column := range []string{"sha256", "sha1", "md5"} {
			var n int
			const ask = "SELECT count(*) FROM pragma_table_info(?) WHERE name = ? COLLATE NOCASE"
			if err := db.QueryRowContext(b.ctx, ask, table, column).Scan(&n); err != nil {
				return "", binread.Corrupt("SQLite: %w", err)
			}
			if n > 0 {
				columns = append(columns, "substr("+column+", 1, 128)")
			} else {
				columns = append(columns, "''")
			}
		}
		if strings.Contains(strings.Join(columns, ""), "substr") {
			return "SELECT " + strings.Join(columns, ", ") + " FROM " + table, nil
		}
	}
	return "", errors.New("a database without a table FILE or METADATA with digests, want the reference data set of the NSRL")
}

// nsrlRows takes each file by the strongest of its digests. The builder leaves out repetitions, without holding all of them as
// SELECT DISTINCT would.
func (b *builder) nsrlRows(db *sql.DB, query string) (err error) {
	rows, err := db.QueryContext(b.ctx, query)
	if err != nil {
		return binread.Corrupt("SQLite: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for n := 0; rows.Next(); n++ {
		var values [3]sql.NullString
		if err := rows.Scan(&values[0], &values[1], &values[2]); err != nil {
			return binread.Corrupt("SQLite: %w", err)
		}
		if n > maxRows {
			return tooMany("rows", maxRows)
		}
		var sums []Term
		for _, v := range values {
			if t, ok := digestTerm(v.String); ok {
				sums = append(sums, t)
			}
		}
		t, ok := strongest(sums)
		if !ok {
			b.unused("nsrl: row without a digest")
			continue
		}
		if err := b.addSum(t); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return binread.Corrupt("SQLite: %w", err)
	}
	return nil
}
