// Package cache keeps facts documents in files named by a digest of all they depend on, below the user's cache folder.
//
// A key that is not there is the ordinary case, so nothing here is an error for the caller's work: a document that cannot
// be read or written is one that was not kept. What was not used for the longest time goes first.
package cache

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/guestctl/guestctl/engine/facts"
)

const suffix = ".facts"

// Cache is a folder of documents. A nil Cache keeps nothing.
type Cache struct {
	Dir     string
	Version string // of the program: other versions gather other facts
	Limit   int64  // bytes the documents may take together
}

// Entry is one document in a cache.
type Entry struct {
	Name string    `json:"name"`
	Size int64     `json:"size"` // bytes
	Used time.Time `json:"used"`
}

// Get returns the document kept under key, whose domains the collectors know.
func (c *Cache) Get(key string, collectors []facts.Collector) (*facts.Document, bool) {
	b, ok := c.Bytes(key)
	if !ok {
		return nil, false
	}
	d, err := facts.ReadBack(bytes.NewReader(b), collectors)
	return d, err == nil
}

// Put keeps a document under key, and drops others when that takes the cache over its limit. A document that could not
// be kept will be gathered again.
func (c *Cache) Put(key string, d *facts.Document) {
	var b bytes.Buffer
	if c != nil && facts.Write(&b, d) == nil {
		c.PutBytes(key, b.Bytes())
	}
}

// Bytes returns what PutBytes kept under key.
func (c *Cache) Bytes(key string) ([]byte, bool) {
	if c == nil {
		return nil, false
	}
	path := c.path(key)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	now := time.Now()
	// The time of use only says what goes first: a folder that cannot be written to still serves.
	_ = os.Chtimes(path, now, now)
	return b, true
}

// PutBytes keeps what was made of facts under key, as Put does.
func (c *Cache) PutBytes(key string, b []byte) {
	if c == nil || os.MkdirAll(c.Dir, 0o700) != nil {
		return
	}
	temp, err := os.CreateTemp(c.Dir, ".new-*")
	if err != nil {
		return
	}
	defer func() { _ = os.Remove(temp.Name()) }() // after the rename there is nothing to remove
	_, err = temp.Write(b)
	if errors.Join(err, temp.Close()) != nil || os.Rename(temp.Name(), c.path(key)) != nil {
		return
	}
	c.shrink()
}

func (c *Cache) path(key string) string {
	sum := sha256.Sum256([]byte(c.Version + "\n" + key))
	return filepath.Join(c.Dir, hex.EncodeToString(sum[:16])+suffix)
}

// shrink removes the documents used longest ago until the rest fits.
func (c *Cache) shrink() {
	entries, err := c.List()
	if err != nil {
		return
	}
	var total int64
	for _, e := range entries {
		total += e.Size
	}
	for _, e := range slices.Backward(entries) {
		if total <= c.Limit {
			return
		}
		if os.Remove(filepath.Join(c.Dir, e.Name)) == nil {
			total -= e.Size
		}
	}
}

// List returns the documents, the one used last first.
func (c *Cache) List() ([]Entry, error) {
	files, err := os.ReadDir(c.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	var entries []Entry
	for _, f := range files {
		info, err := f.Info()
		if filepath.Ext(f.Name()) == suffix && err == nil {
			entries = append(entries, Entry{f.Name(), info.Size(), info.ModTime()})
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Or(b.Used.Compare(a.Used), cmp.Compare(a.Name, b.Name)) })
	return entries, nil
}

// Clear removes all documents and returns how many there were.
func (c *Cache) Clear() (int, error) {
	entries, err := c.List()
	var errs []error
	for _, e := range entries {
		errs = append(errs, os.Remove(filepath.Join(c.Dir, e.Name)))
	}
	return len(entries), errors.Join(append(errs, err)...)
}
