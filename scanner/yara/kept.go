//go:build linux && cgo && !noyara

package yara

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/fxamacker/cbor/v2"
)

const (
	keptSuffix = ".rules"
	keptFormat = "guestctl yara rules 1\n"
	maxKept    = 8 // collections of rules that are kept
)

// store keeps compiled rules in a directory. What libyara loads is a program to it: so the directory and its files must belong to
// the user and to nobody else.
type store struct {
	dir string // "" keeps nothing
	key string
}

// cacheKey names all that compiled rules depend on.
func cacheKey(files []file) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s%s\n", keptFormat, Version)
	for _, v := range variables() {
		_, _ = fmt.Fprintf(h, "%s\n", v.name)
	}
	for i := range files {
		sum := files[i].digest()
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// get returns what was kept. A file that is damaged, or not ours, is none.
func (s store) get(files []file) (*collection, bool) {
	if s.dir == "" {
		return nil, false
	}
	root, err := s.open()
	if err != nil {
		return nil, false
	}
	defer root.Close()
	b, err := readKept(root, s.key+keptSuffix)
	if err != nil {
		return nil, false
	}
	c := &collection{}
	mode, err := decodeOptions().DecMode()
	if err != nil || mode.Unmarshal(b, c) != nil || !c.fits(files) {
		return nil, false
	}
	return c, true
}

// open opens the directory, which is made when it is missing.
func (s store) open() (*os.Root, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(".")
	if err == nil {
		err = ours(info)
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return root, nil
}

// ours is an error for what others could have written.
func ours(info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) != os.Geteuid() || info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s: it belongs to another user, or others have rights to it (want mode 0700, 0600 for files)", info.Name())
	}
	return nil
}

// readKept reads a file that put wrote.
func readKept(root *os.Root, name string) ([]byte, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := ours(info); err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() < sha256.Size || info.Size() > maxResult {
		return nil, errors.New("not what was written")
	}
	b, err := io.ReadAll(io.LimitReader(f, info.Size()))
	if err != nil {
		return nil, err
	}
	body, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(sum, want[:]) {
		return nil, errors.New("damaged")
	}
	return body, nil
}

// put keeps compiled rules, and drops the oldest of too many.
func (s store) put(c *collection) error {
	if s.dir == "" {
		return nil
	}
	root, err := s.open()
	if err != nil {
		return err
	}
	defer root.Close()
	b, err := cbor.Marshal(c)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(b)
	f, err := os.CreateTemp(s.dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, sum[:]...))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(s.dir, s.key+keptSuffix))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	s.drop()
	return nil
}

// drop removes the oldest of too many files. What cannot be removed stays for the next time.
func (s store) drop() {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	var all []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), keptSuffix) {
			all = append(all, info)
		}
	}
	slices.SortFunc(all, func(a, b fs.FileInfo) int {
		return cmp.Or(b.ModTime().Compare(a.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	for _, info := range all[min(len(all), maxKept):] {
		_ = os.Remove(filepath.Join(s.dir, info.Name()))
	}
}

// fits reports whether the rules can be of these files.
func (c *collection) fits(files []file) bool {
	for _, s := range c.Sets {
		for i := range s.Table {
			if n := s.Table[i].File; n < 0 || n >= len(files) {
				return false
			}
		}
		if slices.ContainsFunc(s.Files, func(n int) bool { return n < 0 || n >= len(files) }) {
			return false
		}
	}
	for _, m := range append(slices.Clone(c.Failed), c.Notes...) {
		if m.File < 0 || m.File >= len(files) {
			return false
		}
	}
	for _, n := range c.Classes {
		if n < 0 || n >= len(c.Sets) {
			return false
		}
	}
	return true
}
