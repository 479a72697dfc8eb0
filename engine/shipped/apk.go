package shipped

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

// apkDatabases are where apk keeps its database: of all versions, and since Alpine 3.23 with a merged /usr.
var apkDatabases = []string{"/lib/apk/db/installed", "/usr/lib/apk/db/installed"}

// apk reads the installed database (apk-tools 2.14 and 3.0, src/database.c). It does not say whether a path is a file or a link: the
// digest of a link is that of its text. Attributes that are not root's 0755 of directories and root's 0644 of files have a line.
func apk(ctx context.Context, l *loader) (bool, error) {
	for _, path := range apkDatabases {
		r := apkReader{loader: l, path: path}
		err := l.Lines(ctx, path, r.line)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = r.end()
		}
		return true, err
	}
	return false, nil
}

// apkReader reads one record after the other: lines of a letter, a colon and a value.
type apkReader struct {
	*loader
	path  string
	pkg   string
	dir   string
	inDir bool
	short bool  // its digests are the first 160 bits of SHA-256 (f:S)
	file  *File // that has more lines
	isDir bool  // file is the directory
}

func (r *apkReader) line(n int, line string) error {
	key, value, ok := strings.Cut(line, ":")
	if !ok || len(key) != 1 {
		if line != "" {
			r.damaged(n, binread.Corrupt("line is no field: %.40q", line))
		}
		err := r.end()
		*r = apkReader{loader: r.loader, path: r.path}
		return err
	}
	switch key[0] {
	case 'P':
		r.pkg = value
	case 'f':
		r.short = strings.Contains(value, "S")
	case 'F':
		return r.directory(n, value)
	case 'R':
		return r.entry(n, value)
	case 'M', 'a':
		r.attributes(n, value, key[0] == 'M')
	case 'Z':
		r.digest(n, value)
	}
	return nil
}

func (r *apkReader) damaged(line int, err error) {
	r.Problem(r.path, fmt.Errorf("line %d: %w", line, err))
}

func (r *apkReader) directory(n int, name string) error {
	if err := r.end(); err != nil {
		return err
	}
	r.dir, r.inDir = name, true
	if r.pkg == "" {
		r.damaged(n, binread.Corrupt("directory %.60q of no package", name))
	}
	if name == "" || r.pkg == "" { // the root, in which there are files
		return nil
	}
	r.begin(n, name, typeDirectory, 0o755)
	r.isDir = true
	return nil
}

func (r *apkReader) entry(n int, name string) error {
	if err := r.end(); err != nil {
		return err
	}
	if r.pkg == "" || !r.inDir || name == "" || strings.Contains(name, "/") {
		r.damaged(n, binread.Corrupt("file %.60q, want a name, in a directory of a package", name))
		return nil
	}
	r.begin(n, r.dir+"/"+name, 0, 0o644)
	r.file.Config = apkConfig(r.dir)
	return nil
}

// apkConfig reports whether apk leaves changed files of a directory alone: its protected paths as they are without a list of the
// guest's own (apk-protected_paths(5)).
func apkConfig(dir string) bool {
	below := func(top string) bool { return dir == top || strings.HasPrefix(dir, top+"/") }
	return below("etc") && !below("etc/init.d")
}

func (r *apkReader) begin(n int, name string, kind, mode uint32) {
	r.isDir = false
	r.file = &File{
		Path: "/" + strings.TrimPrefix(name, "/"), Package: r.pkg, Manager: r.manager, Type: kind,
		Mode: &mode, UID: new(uint32), GID: new(uint32), Source: Source{r.path, n},
	}
	if kind != typeDirectory {
		r.file.Capabilities = new("")
	}
}

// attributes reads uid:gid:mode, and a digest of extended attributes where there are any.
func (r *apkReader) attributes(n int, value string, ofDir bool) {
	if r.file == nil || r.isDir != ofDir {
		r.damaged(n, binread.Corrupt("mode and owner of nothing"))
		return
	}
	parts := strings.SplitN(value, ":", 4)
	for len(parts) < 3 {
		parts = append(parts, "")
	}
	uid, errUID := strconv.ParseUint(parts[0], 10, 32)
	gid, errGID := strconv.ParseUint(parts[1], 10, 32)
	mode, errMode := strconv.ParseUint(parts[2], 8, 12)
	if errUID != nil || errGID != nil || errMode != nil {
		r.damaged(n, binread.Corrupt("%.60q, want uid:gid:mode", value))
		r.file.UID, r.file.GID, r.file.Mode = nil, nil, nil
	} else {
		r.file.UID, r.file.GID, r.file.Mode = new(uint32(uid)), new(uint32(gid)), new(uint32(mode))
	}
	if len(parts) > 3 {
		r.file.Capabilities = nil // among the attributes, of which there is only a digest
	}
}

// digest reads Q1 with a SHA-1 or Q2 with a SHA-256 in base 64, or X1 and X2 in hexadecimal digits.
func (r *apkReader) digest(n int, value string) {
	if r.file == nil || r.isDir {
		r.damaged(n, binread.Corrupt("digest of nothing"))
		return
	}
	form := value[:min(2, len(value))]
	var digest []byte
	var err error
	switch text := value[len(form):]; form {
	case "Q1", "Q2":
		digest, err = base64.StdEncoding.DecodeString(text)
	case "X1", "X2":
		digest, err = hex.DecodeString(text)
	default:
		r.damaged(n, binread.Unsupported("digest %.60q, want one that begins with Q1, Q2, X1 or X2", value))
		return
	}
	hash := crypto.SHA1
	if form[1] == '2' {
		hash = crypto.SHA256
	}
	if len(digest) == crypto.SHA256.Size() { // a version of apk wrote Q1 before these, too
		hash = crypto.SHA256
	}
	if err != nil || len(digest) != hash.Size() {
		r.damaged(n, binread.Corrupt("digest %.80q, want %d bytes", value, hash.Size()))
		return
	}
	if hash == crypto.SHA1 && r.short {
		hash = crypto.SHA256
	}
	r.file.Hash, r.file.Digest = hash, digest
}

// end adds the file whose lines were read. Links have all permissions and files hardly ever: others with a digest are files.
func (r *apkReader) end() error {
	f := r.file
	if f == nil {
		return nil
	}
	r.file = nil
	if f.Type == 0 && f.Hash != 0 && f.Mode != nil && *f.Mode != 0o777 {
		f.Type = typeRegular
	}
	return r.add(*f)
}
