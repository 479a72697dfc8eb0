// Package store is what the agent remembers: its jobs, every run of them, what the runs found and the facts they found it in.
//
// It is one schema in SQLite, which is a file, or in PostgreSQL, which any number of agents on any number of machines share. Every
// method is one transaction, and what a run came to is written once, however often the run was begun.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of PostgreSQL
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// busy is how long SQLite waits for another process that writes.
	busy = 10 * time.Second
	// beginnings is how often a migration is tried: of two agents that start at once, one finds what the other has just made.
	beginnings = 5
)

// ErrNotFound is the kind of errors about what is not in the store.
var ErrNotFound = errors.New("not found")

// Store is open. It is safe for concurrent use.
type Store struct {
	DB       *sql.DB
	Postgres bool // otherwise SQLite
	// Place says where the store is, without a password. Address is what opens it again.
	Place, Address string
}

// Open opens the store at place, a file or a URL that begins with postgres://, and makes what it needs.
func Open(ctx context.Context, place string, log *slog.Logger) (*Store, error) {
	s, err := connect(place)
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx, log); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", s.Place, Explain(err)), s.Close())
	}
	return s, nil
}

func connect(place string) (*Store, error) {
	if strings.HasPrefix(place, "postgres://") || strings.HasPrefix(place, "postgresql://") {
		u, err := url.Parse(place)
		if err != nil {
			return nil, errors.New("the address of the database is no URL: want postgres://USER@HOST/NAME") // err has the password in it
		}
		db, err := sql.Open("pgx", place)
		return &Store{DB: db, Postgres: true, Place: u.Redacted(), Address: place}, err
	}
	if strings.Contains(place, "://") {
		scheme, _, _ := strings.Cut(place, "://")
		return nil, fmt.Errorf("a store at %s:// is not known: want a file, or postgres://USER@HOST/NAME", scheme)
	}
	if err := writable(place); err != nil {
		return nil, err
	}
	whole, err := filepath.Abs(place)
	if err != nil {
		return nil, err
	}
	query := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()), "journal_mode(WAL)", "foreign_keys(1)", "synchronous(FULL)"},
	}
	file := url.URL{Scheme: "file", Opaque: (&url.URL{Path: place}).EscapedPath(), RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", file.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // SQLite has one writer
	return &Store{DB: db, Place: place, Address: whole}, nil
}

// writable makes the folder of a file, and says in words when it cannot be written to: SQLite would say "unable to open database file".
func writable(file string) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the folder of the store: %w", err)
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("the store is not to be written: %w", err)
	}
	if err != nil {
		return fmt.Errorf("the store: %w", err)
	}
	return f.Close()
}

// Close closes the store.
func (s *Store) Close() error { return s.DB.Close() }

func (s *Store) migrate(ctx context.Context, log *slog.Logger) (err error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	dialect, opts := goose.DialectSQLite3, []goose.ProviderOption{goose.WithSlog(log)}
	if s.Postgres {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return err
		}
		dialect, opts = goose.DialectPostgres, append(opts, goose.WithSessionLocker(locker))
	}
	for range beginnings {
		var p *goose.Provider
		if p, err = goose.NewProvider(dialect, s.DB, files, opts...); err != nil {
			return err
		}
		if _, err = p.Up(ctx); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// tx runs work in a transaction, which is rolled back when work fails.
func (s *Store) tx(ctx context.Context, work func(*sql.Tx) error) error {
	tx, err := s.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := work(tx); err != nil {
		_ = tx.Rollback() // err is what went wrong
		return err
	}
	return tx.Commit()
}

// Tx runs work in a transaction of the store.
func (s *Store) Tx(ctx context.Context, work func(*sql.Tx) error) error { return s.tx(ctx, work) }

// millis is a time in the store; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func timeOf(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}

// rows calls scan for every row of an answer.
func rows(r *sql.Rows, err error, scan func() error) error {
	if err != nil {
		return err
	}
	for r.Next() {
		if err := scan(); err != nil {
			return errors.Join(err, r.Close())
		}
	}
	return errors.Join(r.Err(), r.Close())
}
