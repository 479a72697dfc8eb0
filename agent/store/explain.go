package store

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Explain puts words before an error of SQLite that a person can do something about.
func Explain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff { // the rest says where in SQLite it was
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("the disk is full: %w", err)
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("the disk is full, or cannot be read or written: %w", err)
	case sqlite3.SQLITE_READONLY:
		return fmt.Errorf("the store is not to be written: %w", err)
	case sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("the store is damaged: %w", err)
	}
	return err
}
