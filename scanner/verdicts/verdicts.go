// Package verdicts keeps what scans said of contents, in one file below the user's cache folder (bbolt), so that the same content in
// any image is looked into once.
//
// A value that is not there is the ordinary case, so nothing here is an error for the caller's work: what cannot be read or written
// was not kept. Scans at the same time share the file for reading, and write what they learned when they end.
package verdicts

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// patience is how long the file is waited for at the end of a scan, when another one writes to it.
const patience = 5 * time.Second

// maxFresh is how many bytes one scan keeps, which are in memory until it ends.
const maxFresh = 128 << 20

// Store is an open file of verdicts. It is safe for concurrent use.
type Store struct {
	path    string
	version []byte // of the program, which names the bucket: another version says something else
	limit   int64  // bytes of the file

	db *bolt.DB // nil where there is nothing to read

	mu    sync.Mutex
	fresh map[[32]byte][]byte
	size  int64 // of fresh, in bytes
}

// Open opens the file at path. It is no error when there is none, and one that others can write to is none.
func Open(path, version string, limit int64) *Store {
	s := &Store{path: path, version: []byte(version), limit: limit, fresh: map[[32]byte][]byte{}}
	if info, err := os.Stat(path); err != nil || info.Size() == 0 || info.Mode().Perm()&0o022 != 0 {
		return s
	}
	s.db = open(path, &bolt.Options{ReadOnly: true, Timeout: patience})
	return s
}

// open returns nil for a file that another program keeps, or that is none of ours. The library panics on some damage.
func open(path string, opts *bolt.Options) (db *bolt.DB) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			db = nil
		}
	}()
	db, err := bolt.Open(path, 0o600, opts)
	if err != nil {
		return nil
	}
	return db
}

// Get returns what was kept under the key.
func (s *Store) Get(key [32]byte) (value []byte, ok bool) {
	s.mu.Lock()
	value, ok = s.fresh[key]
	s.mu.Unlock()
	if ok || s.db == nil {
		return value, ok
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // a damaged file leads outside of its mapping
	defer func() {
		if recover() != nil {
			value, ok = nil, false
		}
	}()
	err := s.db.View(func(tx *bolt.Tx) error {
		if b := tx.Bucket(s.version); b != nil {
			if v := b.Get(key[:]); v != nil {
				value, ok = append([]byte{}, v...), true
			}
		}
		return nil
	})
	return value, ok && err == nil
}

// Put keeps a value until Close writes it.
func (s *Store) Put(key [32]byte, value []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := int64(len(value)); s.size+n <= maxFresh { // what is more is learned again
		s.size += n
		s.fresh[key] = value
	}
}

// Close writes what is new. The error says why it was not kept; nothing else is lost.
func (s *Store) Close() (err error) {
	if s.db != nil {
		err = s.db.Close()
		s.db = nil
	}
	if len(s.fresh) == 0 {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	if info, err := os.Stat(s.path); err == nil && (info.Size() > s.limit || info.Mode().Perm()&0o022 != 0) {
		if err := os.Remove(s.path); err != nil {
			return err
		}
	}
	if err := s.write(); err != nil {
		// A file that cannot be written is one that is damaged, or that another scan writes: the next one makes it anew.
		return errors.Join(err, os.Remove(s.path))
	}
	return nil
}

func (s *Store) write() (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			err = errors.New("verdicts: the file is damaged")
		}
	}()
	db, err := bolt.Open(s.path, 0o600, &bolt.Options{Timeout: patience})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil // another scan writes: what this one learned is learned again
	}
	if err != nil {
		return err
	}
	return errors.Join(db.Update(s.update), db.Close())
}

// update writes everything in one go, and drops what other versions of the program left.
func (s *Store) update(tx *bolt.Tx) error {
	var old [][]byte
	err := tx.ForEach(func(name []byte, _ *bolt.Bucket) error {
		if string(name) != string(s.version) {
			old = append(old, append([]byte{}, name...))
		}
		return nil
	})
	for _, name := range old {
		err = errors.Join(err, tx.DeleteBucket(name))
	}
	b, bucketErr := tx.CreateBucketIfNotExists(s.version)
	if err := errors.Join(err, bucketErr); err != nil {
		return err
	}
	// In order, because a page that grows takes each key at its end at once and any other by moving those behind it.
	keys := slices.SortedFunc(maps.Keys(s.fresh), func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	for _, key := range keys {
		if err := b.Put(key[:], s.fresh[key]); err != nil {
			return err
		}
	}
	return nil
}
