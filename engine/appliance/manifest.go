package appliance

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxManifest = 1 << 20 // bytes
	hashBlock   = 1 << 20 // bytes that are hashed at a time
)

// algorithms lists the digests a manifest may have (DSP0243 2.1.1, section 5.1).
func algorithms() map[string]func() hash.Hash {
	return map[string]func() hash.Hash{"SHA1": sha1.New, "SHA256": sha256.New, "SHA512": sha512.New}
}

// reference is a file that a description names.
type reference struct {
	name string
	size int64 // that it is to have; -1 where it is not said
}

// Package is the files of an appliance, and what its manifest says of them.
type Package struct {
	Manifest    string // its name; "" without one
	Certificate string // its name; "" without one

	descriptor string
	references []reference
	files      Files
	digests    map[string]digest
	order      []string // of the manifest
}

type digest struct{ algorithm, hex string }

// Verified is what Verify looked at.
type Verified struct {
	Files      int      // whose digests are those of the manifest
	Bytes      int64    // that were hashed
	Algorithms []string // that the manifest uses, sorted
}

// VerifyOptions say whom Verify tells. Started and Progress may be nil.
type VerifyOptions struct {
	// Damage is called with a file that is not as the package says, and what is wrong with it. Doubtful is what proves no damage.
	Damage            func(file, problem string, doubtful bool)
	Started, Progress func(bytes int64)
}

// readPackage reads the manifest that belongs to a descriptor, which is called as its base with .mf, where it is there.
func readPackage(descriptor, base string, references []reference, files Files) (*Package, error) {
	p := &Package{descriptor: descriptor, references: references, files: files, digests: map[string]digest{}}
	switch _, err := files(base + ".cert"); {
	case err == nil:
		p.Certificate = base + ".cert"
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%q: %w", base+".cert", err)
	}
	name := base + ".mf"
	f, err := files(name)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err == nil {
		p.Manifest, err = name, p.read(f)
	}
	if err != nil {
		return nil, fmt.Errorf("%q: %w", name, err)
	}
	return p, nil
}

// manifestLine is a line such as "SHA256(disk.vmdk)= 12ab…".
var manifestLine = regexp.MustCompile(`^([A-Za-z0-9-]+) ?\((.+)\) ?= ?([0-9A-Fa-f]+)$`)

func (p *Package) read(f File) error {
	b, err := binread.ReadAt(f, 0, f.Size, maxManifest)
	if err != nil {
		return err
	}
	for i, line := range strings.Split(string(b), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		parts := manifestLine.FindStringSubmatch(line)
		if parts == nil {
			return binread.Corrupt("line %d: %q, want SHA256(FILE)= DIGEST", i+1, line[:min(len(line), 80)])
		}
		algorithm, name := strings.Replace(strings.ToUpper(parts[1]), "SHA2-", "SHA", 1), parts[2] // as openssl of today writes it
		create, ok := algorithms()[algorithm]
		switch {
		case !ok:
			return binread.Unsupported("line %d: digest %q, want SHA1, SHA256 or SHA512", i+1, parts[1])
		case len(parts[3]) != 2*create().Size():
			return binread.Corrupt("line %d: %d digits of %s, want %d", i+1, len(parts[3]), algorithm, 2*create().Size())
		}
		if _, twice := p.digests[name]; twice {
			return binread.Corrupt("line %d: a second digest of %q", i+1, name)
		}
		p.digests[name] = digest{algorithm, strings.ToLower(parts[3])}
		p.order = append(p.order, name)
	}
	return nil
}

// notes says what of a package is not verified.
func (p *Package) notes() []string {
	if p.Certificate == "" {
		return nil
	}
	return []string{fmt.Sprintf("the signature in %q is not verified", p.Certificate)}
}

// Verify holds every file of the package against the manifest, and against the size that the descriptor gives it. The error is a read
// that failed, or the context's.
func (p *Package) Verify(ctx context.Context, opts VerifyOptions) (Verified, error) {
	var v Verified
	found := map[string]File{}
	used := map[string]bool{}
	for _, r := range slices.Concat([]reference{{p.descriptor, -1}}, p.references) {
		f, err := openReference(r.name, p.files)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			opts.Damage(r.name, "the descriptor names it, and it is not there", false)
			continue
		case err != nil:
			return v, fmt.Errorf("%q: %w", r.name, err)
		case r.size >= 0 && r.size != f.Size:
			opts.Damage(r.name, fmt.Sprintf("%d bytes, the descriptor says %d", f.Size, r.size), false)
		}
		if p.Manifest != "" && !p.lists(r.name) {
			opts.Damage(r.name, "the manifest has no digest of it", true)
		}
		found[r.name] = f
	}
	for _, name := range p.order {
		f, ok := found[name]
		if !ok {
			var err error
			if f, err = openReference(name, p.files); errors.Is(err, fs.ErrNotExist) {
				opts.Damage(name, "the manifest has a digest of it, and it is not there", false)
				continue
			} else if err != nil {
				return v, fmt.Errorf("%q: %w", name, err)
			}
			found[name] = f
		}
		if opts.Started != nil {
			opts.Started(f.Size)
		}
	}
	for _, name := range p.order {
		f, ok := found[name]
		if !ok {
			continue
		}
		want := p.digests[name]
		used[want.algorithm] = true
		got, err := sum(ctx, f, want.algorithm, opts.Progress)
		if err != nil {
			return v, fmt.Errorf("%q: %w", name, err)
		}
		v.Bytes += f.Size
		if got != want.hex {
			opts.Damage(name, fmt.Sprintf("its %s is %s, the manifest says %s", want.algorithm, got, want.hex), false)
			continue
		}
		v.Files++
	}
	v.Algorithms = slices.Sorted(maps.Keys(used))
	return v, nil
}

// lists reports whether the manifest has a digest of a file, as the descriptor writes its name or without percent signs.
func (p *Package) lists(name string) bool {
	_, ok := p.digests[name]
	if plain, err := url.PathUnescape(name); !ok && err == nil {
		_, ok = p.digests[plain]
	}
	return ok
}

// sum is the digest of a file in hexadecimal digits.
func sum(ctx context.Context, f File, algorithm string, progress func(int64)) (string, error) {
	h := algorithms()[algorithm]()
	buf := make([]byte, hashBlock)
	for off := int64(0); off < f.Size; {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		b := buf[:min(hashBlock, f.Size-off)]
		n, err := f.ReadAt(b, off)
		if n < len(b) {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return "", err
		}
		h.Write(b)
		off += int64(n)
		if progress != nil {
			progress(int64(n))
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
