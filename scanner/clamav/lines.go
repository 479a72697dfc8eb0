package clamav

import (
	"bufio"
	"errors"
	"io"
	"maps"
	"strconv"
	"strings"
)

const (
	// maxSignature is the most bytes of a line of a file of signatures.
	maxSignature = 64 << 10
	// engineLevel is the functionality level of ClamAV 1.4.6. Signatures say for which levels they are.
	engineLevel = 216
)

// Reasons why a signature is not used here.
const (
	malformed     = "malformed line"
	otherVersions = "for other versions of ClamAV"
	forClamd      = "for clamd: " // with the extension of the file
)

// Stats counts the signatures of a file.
type Stats struct {
	Used   int
	Unused map[string]int // by the reason
}

func (s *Stats) miss(reason string) {
	if s.Unused == nil {
		s.Unused = map[string]int{}
	}
	s.Unused[reason]++
}

// add adds the counts of another file.
func (s *Stats) add(other Stats) {
	s.Used += other.Used
	if s.Unused == nil {
		s.Unused = maps.Clone(other.Unused)
		return
	}
	for reason, n := range other.Unused {
		s.Unused[reason] += n
	}
}

// eachLine calls do with each line that is not empty and not a comment, and its number from 1. Of a line that is too long it
// passes nothing, which no signature is.
func eachLine(r io.Reader, do func(number int, line string) error) error {
	lines := bufio.NewReaderSize(r, maxSignature)
	for number := 1; ; number++ {
		b, err := lines.ReadSlice('\n')
		line := strings.TrimSpace(string(b))
		for errors.Is(err, bufio.ErrBufferFull) {
			line = ""
			if _, err = lines.ReadSlice('\n'); !errors.Is(err, bufio.ErrBufferFull) {
				if err := do(number, line); err != nil {
					return err
				}
			}
		}
		if line != "" && line[0] != '#' {
			if err := do(number, line); err != nil {
				return err
			}
		}
		if err != nil {
			return unlessEOF(err)
		}
	}
}

func unlessEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// levels reports whether a signature with these levels, the lowest and the highest or fewer, is for the ClamAV that this package
// does as. ok is false where they are not numbers.
func levels(fields []string) (applies, ok bool) {
	applies = true
	for i, f := range fields {
		if f == "" {
			continue
		}
		n, err := strconv.ParseUint(f, 10, 16)
		if err != nil || i > 1 {
			return false, false
		}
		applies = applies && (i == 0 && n <= engineLevel || i == 1 && n >= engineLevel)
	}
	return applies, true
}

// isName reports whether a name of a signature is one: printable, and not too long.
func isName(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= 256
}
