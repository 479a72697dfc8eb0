package rpmdb

import (
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"path"

	"github.com/guestctl/guestctl/engine/binread"
)

const maxFiles = 1 << 19 // of one package

// Tags of files (rpm 4.18, docs/manual/tags.md). Each has one value for a file.
const (
	tagOldFileNames, tagFileSizes, tagFileStates  = 1027, 1028, 1029
	tagFileModes, tagFileDigests, tagFileLinkTos  = 1030, 1035, 1036
	tagFileFlags, tagFileUsers, tagFileGroups     = 1037, 1039, 1040
	tagFileVerifyFlags                            = 1045
	tagDirIndexes, tagBaseNames, tagDirNames      = 1116, 1117, 1118
	tagLongFileSizes, tagFileCaps, tagFileDigAlgo = 5008, 5010, 5011 // of the last there is one for the package
)

// File is one path that a package owns.
type File struct {
	Path string
	// Installed is false for a file that was left out or that another package took over.
	Installed bool
	Flags     Flags
}

// Flags is what kind of file it is (RPMFILE_*).
type Flags uint32

// The flags that matter here.
const (
	Config    Flags = 1 << 0
	Doc       Flags = 1 << 1
	MissingOK Flags = 1 << 3
	Ghost     Flags = 1 << 6 // belongs to the package and does not come with it
)

// Verify has the attributes in which the file on the disk must be as the package says (RPMVERIFY_*).
type Verify uint32

// The attributes that matter here.
const (
	VerifyDigest Verify = 1 << iota
	VerifySize
	VerifyLink
	VerifyUser
	VerifyGroup
	verifyTime
	VerifyMode
	verifyDevice
	VerifyCapabilities
)

// FileInFull is a file with all that the package says of it. What it does not say, or not in a way that is to be believed, is nil.
type FileInFull struct {
	File
	Mode         *uint32 // st_mode
	Size         *int64  // bytes
	User, Group  *string
	Hash         crypto.Hash // of Digest
	Digest       []byte
	Target       *string // of a link
	Capabilities *string // as cap_to_text(3) wrote it, which has changed over time
	Verify       Verify
}

// Files returns the paths that the package owns. Those of packages that rpm before version 4 made are whole names.
func (h *Header) Files() ([]File, error) {
	d := decoder{h: h}
	names, states, flags := d.strings(tagBaseNames), d.numbers(tagFileStates), d.numbers(tagFileFlags)
	dirs, indexes := d.strings(tagDirNames), d.numbers(tagDirIndexes)
	whole := d.strings(tagOldFileNames)
	switch {
	case d.err != nil:
		return nil, d.err
	case len(indexes) != len(names):
		return nil, binread.Corrupt("%d files of %.60q have %d directories", len(names), h.Name, len(indexes))
	case len(names) == 0:
		names = whole
	}
	files := make([]File, len(names))
	for i, name := range names {
		f := File{Path: name, Installed: true}
		if len(indexes) > 0 {
			if indexes[i] >= uint64(len(dirs)) {
				return nil, binread.Corrupt("file %d of %.60q is in directory %d, want one of %d", i, h.Name, indexes[i], len(dirs))
			}
			f.Path = path.Join("/", dirs[indexes[i]], name)
		}
		if i < len(states) {
			f.Installed = states[i] == 0 // 1 replaced, 2 not installed, 3 on a shared network, 4 of another colour
		}
		if i < len(flags) {
			f.Flags = Flags(flags[i])
		}
		files[i] = f
	}
	return files, nil
}

// FilesInFull returns the files with their attributes. Problems are attributes that are not to be believed; err is that of Files.
func (h *Header) FilesInFull() (files []FileInFull, problems []error, err error) {
	plain, err := h.Files()
	if err != nil {
		return nil, nil, err
	}
	if len(plain) > maxFiles {
		return nil, nil, binread.Limit("%.60q has %d files, want at most %d", h.Name, len(plain), maxFiles)
	}
	files = make([]FileInFull, len(plain))
	for i, f := range plain {
		files[i] = FileInFull{File: f, Verify: ^Verify(0)}
	}
	c := columns{h: h, files: files}
	c.numbers("modes", tagFileModes, func(f *FileInFull, v uint64) { f.Mode = new(uint32(v)) })
	c.numbers("sizes", tagFileSizes, func(f *FileInFull, v uint64) { f.Size = new(int64(v)) })
	c.numbers("sizes", tagLongFileSizes, func(f *FileInFull, v uint64) { f.Size = new(int64(v)) })
	c.numbers("flags to verify by", tagFileVerifyFlags, func(f *FileInFull, v uint64) { f.Verify = Verify(v) })
	c.strings("users", tagFileUsers, func(f *FileInFull, v string) { f.User = &v })
	c.strings("groups", tagFileGroups, func(f *FileInFull, v string) { f.Group = &v })
	c.strings("targets of links", tagFileLinkTos, func(f *FileInFull, v string) { f.Target = &v })
	c.strings("capabilities", tagFileCaps, func(f *FileInFull, v string) { f.Capabilities = &v })
	c.digests()
	return files, c.problems, c.err
}

// columns puts the values of tags into the files.
type columns struct {
	h        *Header
	files    []FileInFull
	problems []error
	err      error // a limit
}

// decoder returns one for a tag of which there is a value for each file, or none.
func (c *columns) decoder(id uint32) *decoder {
	d := &decoder{h: c.h}
	t, _, ok := d.find(id)
	if ok && int64(t.count) != int64(len(c.files)) {
		d.err = binread.Corrupt("%d for %d files", t.count, len(c.files))
	}
	return d
}

// end notes what went wrong in a decoder.
func (c *columns) end(what string, err error) {
	if err == nil {
		return
	}
	if errors.Is(err, binread.ErrLimit) {
		c.err = err
		return
	}
	c.problems = append(c.problems, fmt.Errorf("%s of the files of %.60q: %w", what, c.h.Name, err))
}

func (c *columns) numbers(what string, id uint32, set func(*FileInFull, uint64)) {
	d := c.decoder(id)
	for i, v := range d.numbers(id) {
		set(&c.files[i], v)
	}
	c.end(what, d.err)
}

func (c *columns) strings(what string, id uint32, set func(*FileInFull, string)) {
	d := c.decoder(id)
	for i, v := range d.strings(id) {
		set(&c.files[i], v)
	}
	c.end(what, d.err)
}

// algorithm is the one of the digests, by its number in OpenPGP (RFC 9580, section 9.5). Packages that do not name it have MD5.
func (c *columns) algorithm() (crypto.Hash, error) {
	d := decoder{h: c.h}
	number := uint64(1)
	if v := d.numbers(tagFileDigAlgo); len(v) > 0 {
		number = v[0]
	}
	hash, ok := map[uint64]crypto.Hash{
		1: crypto.MD5, 2: crypto.SHA1, 8: crypto.SHA256, 9: crypto.SHA384, 10: crypto.SHA512, 11: crypto.SHA224,
		12: crypto.SHA3_256, 14: crypto.SHA3_512,
	}[number]
	if d.err == nil && !ok {
		d.err = binread.Unsupported("algorithm %d", number)
	}
	return hash, d.err
}

// digests are hexadecimal, and empty for what is no regular file.
func (c *columns) digests() {
	const what = "digests"
	hash, err := c.algorithm()
	if err != nil {
		c.end(what, err)
		return
	}
	wrong, first := 0, ""
	c.strings(what, tagFileDigests, func(f *FileInFull, v string) {
		if v == "" {
			return
		}
		digest, err := hex.DecodeString(v)
		if err != nil || len(digest) != hash.Size() {
			if wrong++; first == "" {
				first = v
			}
			return
		}
		f.Hash, f.Digest = hash, digest
	})
	if wrong > 0 {
		c.end(what, binread.Corrupt("%d are no %v, such as %.80q", wrong, hash, first))
	}
}
