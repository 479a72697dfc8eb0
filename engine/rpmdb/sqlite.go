package rpmdb

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"strings"

	_ "modernc.org/sqlite" // the driver that go-rpmdb asks for by its name, "sqlite"

	"github.com/guestctl/guestctl/engine/binread"
)

var sqliteMagic = binread.Magic(0, "SQLite format 3\x00")

// packagesTable is how rpm makes the table (lib/backend/sqlite.c), without its quotes. A view or a generated column in its
// place could make a query last for ever.
const packagesTable = "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)"

// checkSQLite replays the log beside the database, looks for damage in the table of packages and returns how many there
// are.
func checkSQLite(ctx context.Context, file string) (packages int, err error) {
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	wrap := func(err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return binread.Corrupt("SQLite: %w", err)
	}
	if _, err := db.ExecContext(ctx, "PRAGMA cell_size_check = ON"); err != nil {
		return 0, wrap(err)
	}
	var tables int
	var kind, text string
	const schema = `SELECT count(*), coalesce(min(type), ''), coalesce(min(substr(sql, 1, 200)), '')
		FROM sqlite_schema WHERE name = 'Packages' COLLATE NOCASE`
	if err := db.QueryRowContext(ctx, schema).Scan(&tables, &kind, &text); err != nil {
		return 0, wrap(err)
	}
	if tables != 1 || kind != "table" || strings.ReplaceAll(text, "'", "") != packagesTable {
		return 0, binread.Corrupt("SQLite: %d of Packages, a %q made by %.80q, want one table made by %q", tables, kind, text, packagesTable)
	}
	// Only the one table: its pages are each in one place, or the reading of it could go on for ever.
	var found string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(Packages)").Scan(&found); err != nil {
		return 0, wrap(err)
	}
	if found != "ok" {
		return 0, binread.Corrupt("SQLite: %.200q", found)
	}
	var odd int
	const count = "SELECT count(*), coalesce(sum(typeof(blob) <> 'blob'), 0) FROM Packages"
	if err := db.QueryRowContext(ctx, count).Scan(&packages, &odd); err != nil {
		return 0, wrap(err)
	}
	switch {
	case odd > 0:
		return 0, binread.Corrupt("SQLite: %d of %d packages are no blob", odd, packages)
	case packages > maxPackages:
		return 0, binread.Limit("SQLite: %d packages, want at most %d", packages, maxPackages)
	}
	return packages, nil
}

const (
	logHead   = 32 // bytes of a log's header, and 24 of the one before each frame
	frameHead = 24
	logMagic  = 0x377f0682 // and one more when checksums are in big-endian order
)

// checkLog looks whether SQLite will take all of a write-ahead log that was written in one go (SQLite, fileformat2, section
// 4): it stops without a word at the first frame whose checksum is wrong. Frames of an older round, which differ in their
// salts, may follow the last one; an empty log is none.
func checkLog(ctx context.Context, f io.ReaderAt, size int64) error {
	if size == 0 {
		return nil
	}
	head, err := binread.ReadAt(f, 0, logHead, logHead)
	if err != nil {
		return err
	}
	c := binread.Big(head)
	magic, version, pageSize := c.U32(), c.U32(), c.U32()
	salts := string(head[16:24])
	sums := logSums{big: magic&1 != 0}
	sums.add(head[:24])
	switch {
	case magic&^1 != logMagic:
		return binread.Corrupt("write-ahead log begins with %#x, want %#x or %#x", magic, logMagic, logMagic|1)
	case version != 3007000:
		return binread.Unsupported("write-ahead log has version %d, want 3007000", version)
	case pageSize < 512 || pageSize > 65536 || pageSize&(pageSize-1) != 0:
		return binread.Corrupt("write-ahead log has pages of %d bytes, want a power of two from 512 to 65536", pageSize)
	case !sums.are(c.At(24)):
		return binread.Corrupt("write-ahead log: checksum of its header does not match")
	}
	frame := make([]byte, frameHead+int(pageSize))
	for off := int64(logHead); off < size; off += int64(len(frame)) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if int64(len(frame)) > size-off {
			return binread.Corrupt("write-ahead log ends after %d of the %d bytes of a frame at %#x", size-off, len(frame), off)
		}
		if err := binread.Fill(f, frame, off); err != nil {
			return err
		}
		if string(frame[8:16]) != salts {
			return nil
		}
		sums.add(frame[:8])
		sums.add(frame[frameHead:])
		c := binread.Big(frame)
		if !sums.are(c.At(16)) {
			return binread.Corrupt("write-ahead log: checksum of the frame at %#x does not match; it and what follows is not in effect", off)
		}
	}
	return nil
}

// logSums is the running checksum of a log.
type logSums struct {
	big    bool
	s0, s1 uint32
}

func (s *logSums) add(b []byte) {
	c := binread.Little(b)
	if s.big {
		c = binread.Big(b)
	}
	for c.Len() >= 8 {
		s.s0 += c.U32() + s.s1
		s.s1 += c.U32() + s.s0
	}
}

func (s *logSums) are(c *binread.Cursor) bool { return c.U32() == s.s0 && c.U32() == s.s1 }
