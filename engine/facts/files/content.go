package files

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"regexp"

	"golang.org/x/crypto/blake2b"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	bufferSize = 1 << 20  // bytes read at once for digests
	maxDigest  = 64 << 30 // bytes of a file to digest; a sparse file can claim any size
	maxContent = 16 << 20 // bytes of a file to match
	maxParsed  = 4 << 20  // bytes of a file to take settings out of
)

// read fills in the digests and matches that were asked for. Only a regular file has content.
func read(ctx context.Context, s *facts.Scope, path string, want facts.FileRequest, f *facts.File) error {
	if f.Type != "file" || len(want.Digests)+len(want.Content)+len(want.Settings) == 0 {
		return nil
	}
	file, err := s.Guest.Open(path)
	if file == nil {
		return err
	}
	if len(want.Digests) > 0 {
		digests, err := digest(ctx, file, want.Digests)
		if err != nil {
			return fmt.Errorf("%s: %w", file.Path, err)
		}
		f.Digests = digests
	}
	if len(want.Content) > 0 {
		matches, err := match(file, want.Content)
		if err != nil {
			return fmt.Errorf("%s: %w", file.Path, err)
		}
		f.Content = matches
	}
	if len(want.Settings) > 0 {
		content, err := binread.ReadAt(file, 0, file.Size(), maxParsed)
		if err != nil {
			return fmt.Errorf("%s: %w", file.Path, err)
		}
		settings(f, file.Path, content, want.Settings)
	}
	return nil // the damage that came with file is described already
}

// newHash returns the hash of an algorithm by the name that checks use. MD5 and SHA-1 are for comparing with old lists.
func newHash(algorithm string) (hash.Hash, error) {
	switch algorithm {
	case "sha256":
		return sha256.New(), nil
	case "sha512":
		return sha512.New(), nil
	case "blake2b":
		return blake2b.New512(nil)
	case "sha1":
		return sha1.New(), nil
	case "md5":
		return md5.New(), nil
	}
	return nil, binread.Unsupported("digest %q, want sha256, sha512, blake2b, sha1 or md5", algorithm)
}

func digest(ctx context.Context, f *guest.File, algorithms []string) (map[string]string, error) {
	if f.Size() > maxDigest {
		return nil, binread.Limit("%d bytes to digest, want at most %d", f.Size(), int64(maxDigest))
	}
	hashes := map[string]hash.Hash{}
	var writers []io.Writer
	for _, a := range algorithms {
		h, err := newHash(a)
		if err != nil {
			return nil, err
		}
		hashes[a] = h
		writers = append(writers, h)
	}
	w := io.MultiWriter(writers...)
	buffer := make([]byte, min(bufferSize, f.Size()))
	for off := int64(0); off < f.Size(); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b := buffer[:min(int64(len(buffer)), f.Size()-off)]
		if err := binread.Fill(f, b, off); err != nil {
			return nil, err
		}
		if _, err := w.Write(b); err != nil {
			return nil, err
		}
		off += int64(len(b))
	}
	digests := map[string]string{}
	for a, h := range hashes {
		digests[a] = hex.EncodeToString(h.Sum(nil))
	}
	return digests, nil
}

// match looks for each expression, in which ^ and $ are the ends of lines.
func match(f *guest.File, expressions []string) (map[string]facts.Match, error) {
	content, err := binread.ReadAt(f, 0, f.Size(), maxContent)
	if err != nil {
		return nil, err
	}
	matches := map[string]facts.Match{}
	for _, e := range expressions {
		re, err := regexp.Compile("(?m:" + e + ")")
		if err != nil {
			return nil, err
		}
		m := facts.Match{}
		if at := re.FindIndex(content); at != nil {
			m = facts.Match{Found: true, Line: 1 + bytes.Count(content[:at[0]], []byte{'\n'})}
		}
		matches[e] = m
	}
	return matches, nil
}
