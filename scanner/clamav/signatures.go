package clamav

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/scanner"
)

// maxFiles is how many files of signatures are read.
const maxFiles = 10_000

// Signatures are those of ClamAV's signatures that this package matches without ClamAV: files by their size and digest. It
// implements scanner.Engine. Those that are bytes become rules for an engine of YARA (Rules).
type Signatures struct {
	hashes   map[crypto.Hash]*hashes
	rules    []Source
	stats    Stats // of the digests
	unused   Stats // of everything
	warnings []string
	digest   string
}

// Source is a file of rules of YARA.
type Source struct {
	Name    string // "custom.ndb"
	Content []byte
}

// LoadSignatures reads signatures of ClamAV from files, and from folders with all below them: digests of files (.hdb, .hsb, .hdu,
// .hsu) and bytes (.ndb, .ndu). Signatures of other kinds are counted, as ones for clamd, and so are lines that are none. A path
// that cannot be read, a file that is given by its name and is of no kind of ClamAV's, and paths in which nothing can be used are
// errors.
func LoadSignatures(paths []string) (*Signatures, error) {
	s := newSignatures()
	files, err := filesIn(paths)
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		if err := s.load(path); err != nil {
			return nil, err
		}
	}
	if s.stats.Used == 0 && len(s.rules) == 0 {
		return nil, fmt.Errorf("%s: no signature of ClamAV that can be used without clamd", strings.Join(paths, ", "))
	}
	s.ready()
	return s, nil
}

func newSignatures() *Signatures { return &Signatures{hashes: map[crypto.Hash]*hashes{}} }

// ready ends the reading of digests.
func (s *Signatures) ready() {
	s.stats.Used = 0
	for _, of := range s.hashes {
		of.sort()
		s.stats.Used += len(of.list)
	}
	s.digest = s.sum()
}

// filesIn lists the files that paths name: themselves, or those below them with an extension of ClamAV's.
func filesIn(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		fi, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !fi.IsDir() {
			if !fi.Mode().IsRegular() || !isSignatureFile(path) {
				return nil, fmt.Errorf("%s: want a folder, or a file of signatures of ClamAV such as .hdb, .hsb or .ndb", path)
			}
			files = append(files, path)
			continue
		}
		err = filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() && isSignatureFile(p) {
				files = append(files, p)
			}
			if len(files) > maxFiles {
				return fmt.Errorf("%s: more than %d files of signatures", path, maxFiles)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// load reads one file.
func (s *Signatures) load(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	source, ext := filepath.Base(path), extension(path)
	var stats Stats
	switch ext {
	case ".hdb", ".hsb", ".hdu", ".hsu":
		stats, err = s.loadHashes(f, source, strings.HasSuffix(ext, "u"))
		s.stats.add(stats)
	case ".ndb", ".ndu":
		stats, err = s.translate(f, source)
	default:
		stats, err = count(f, ext)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if n := stats.Unused[malformed]; n > 0 {
		s.warnings = append(s.warnings, fmt.Sprintf("%s: malformed lines: %d", source, n))
	}
	s.unused.add(stats)
	return nil
}

// translate makes a file of signatures of bytes one of rules, whose name no other file has.
func (s *Signatures) translate(r io.Reader, source string) (Stats, error) {
	name := source
	for n := 2; slices.ContainsFunc(s.rules, func(r Source) bool { return identifier(r.Name) == identifier(name) }); n++ {
		name = strconv.Itoa(n) + "_" + source
	}
	text, stats, err := Translate(r, name)
	if err == nil && stats.Used > 0 {
		s.rules = append(s.rules, Source{name, []byte(text)})
	}
	return stats, err
}

// count counts the signatures of a file that is for clamd.
func count(r io.Reader, ext string) (stats Stats, err error) {
	switch ext {
	case ".cvd", ".cld", ".cud", ".cbc":
		stats.miss(forClamd + ext)
		return stats, nil
	}
	err = eachLine(r, func(int, string) error {
		stats.miss(forClamd + ext)
		return nil
	})
	return stats, err
}

func extension(path string) string { return strings.ToLower(filepath.Ext(path)) }

// isSignatureFile reports whether ClamAV loads files with this name. Rules of YARA, which it loads too, are not among them.
func isSignatureFile(path string) bool {
	return slices.Contains([]string{
		".hdb", ".hsb", ".hdu", ".hsu", ".ndb", ".ndu",
		".ldb", ".ldu", ".mdb", ".msb", ".mdu", ".msu", ".imp", ".cdb", ".cbc", ".idb", ".crb", ".ftm", ".cfg",
		".fp", ".sfp", ".ign", ".ign2", ".pdb", ".gdb", ".wdb", ".pwdb", ".ioc", ".cat", ".cvd", ".cld", ".cud",
	}, extension(path))
}

// sum names all the digests that are looked for.
func (s *Signatures) sum() string {
	h := sha256.New()
	for _, algorithm := range digests() {
		of := s.hashes[algorithm]
		if of == nil {
			continue
		}
		for _, x := range of.list {
			_, _ = fmt.Fprintf(h, "%x %d %q %q %d\n", x.sum, x.size, x.name, x.source, x.score)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Rules are the signatures of bytes as rules of YARA, one source for each file. The identifiers of the rules, and the names of the
// sources, are unique among all of them.
func (s *Signatures) Rules() []Source { return s.rules }

// Describe says how many digests are looked for, and counts what is not used here, of all files.
func (s *Signatures) Describe() scanner.Description {
	return scanner.Description{
		Name: signaturesName, Rules: s.stats.Used, Digest: s.digest,
		Warnings: s.warnings, Unused: maps.Clone(s.unused.Unused),
	}
}

// Key is the digest of the signatures: only the content decides.
func (s *Signatures) Key(*scanner.Object) string { return signaturesName + " " + s.digest }

// Open starts a session. All are the same.
func (s *Signatures) Open(context.Context, *scanner.Memory) (scanner.Session, error) {
	return lookup{s}, nil
}

type lookup struct{ signatures *Signatures }

// Scan looks the digests of a file up. Of each algorithm that is needed for a file of its size, one is computed.
func (l lookup) Scan(ctx context.Context, o *scanner.Object) ([]scanner.Match, error) {
	var matches []scanner.Match
	for _, algorithm := range digests() {
		of := l.signatures.hashes[algorithm]
		if of == nil || len(o.Content) == 0 {
			continue
		}
		for _, h := range of.matching(o, algorithm) {
			m := scored(signaturesName, h.name, h.score)
			m.Source = h.source
			matches = append(matches, m)
		}
	}
	return matches, ctx.Err()
}

// Close has nothing to do.
func (l lookup) Close() error { return nil }
