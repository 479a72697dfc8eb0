package vmdk

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxDescriptor = 1 << 20 // bytes
	maxExtents    = 4096
	maxName       = 4096 // bytes
	noParent      = 0xffffffff
	// maxSectors bounds a disk: a size in bytes is a signed 64-bit number.
	maxSectors = (1<<63 - 1) / sectorSize
)

// descriptor is the text that says what a disk consists of.
type descriptor struct {
	encoding   string
	createType string
	cid        uint32 // the content id: another one after each time the disk was written to
	hasCID     bool
	parentCID  uint32
	parent     string // parentFileNameHint, as it stands there
	extents    []extent
	encrypted  string // the setting that says so
}

// extent is a line of the descriptor: a piece of the disk.
type extent struct {
	line    int
	access  string
	sectors int64
	kind    string
	name    string // as it stands there
	off     int64  // in the file, in sectors
}

// isDescriptor reports whether a text is that of a descriptor: it has its title among the comments that it begins with, or its version
// is the first setting.
func isDescriptor(b []byte) bool {
	for line := range bytes.Lines(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))) {
		text := strings.ToLower(string(bytes.TrimSpace(line)))
		switch {
		case strings.HasPrefix(text, "# disk descriptorfile"), strings.HasPrefix(text, "# disk descriptor file"):
			return true
		case text != "" && text[0] != '#':
			key, value, ok := setting(text)
			return ok && key == "version" && (value == "1" || value == "2" || value == "3")
		}
	}
	return false
}

// readDescriptor reads and parses the descriptor of n bytes at off.
func readDescriptor(r io.ReaderAt, off, n int64) (*descriptor, error) {
	b, err := binread.ReadAt(r, off, n, maxDescriptor)
	if err != nil {
		return nil, err
	}
	return parseDescriptor(b)
}

// parseDescriptor parses a descriptor, which a NUL ends. A setting that is not known says nothing about where the bytes are.
func parseDescriptor(b []byte) (*descriptor, error) {
	b, _, _ = bytes.Cut(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), []byte{0})
	d := &descriptor{parentCID: noParent}
	number := 0
	given := map[string]string{}
	for line := range strings.Lines(string(b)) {
		number++
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' {
			continue
		}
		if err := d.line(number, text, given); err != nil {
			return nil, err
		}
	}
	return d, d.validate(given)
}

func (d *descriptor) line(number int, text string, given map[string]string) error {
	if access, rest, _ := cutField(text); isAccess(access) {
		if len(d.extents) == maxExtents {
			return binread.Limit("line %d: more than %d extents", number, maxExtents)
		}
		e, err := parseExtent(number, strings.ToUpper(access), rest)
		d.extents = append(d.extents, e)
		return err
	}
	key, value, ok := setting(text)
	if !ok {
		return binread.Corrupt("line %d: %.80q, want a setting or an extent", number, text)
	}
	key = strings.ToLower(key)
	if before, again := given[key]; again && before != value && settings(d)[key] != nil {
		return binread.Corrupt("line %d: %s is %.80q and was %.80q before", number, key, value, before)
	}
	given[key] = value
	if strings.HasPrefix(key, "encrypt") || key == "ddb.iofilters" && strings.Contains(value, "vmwarevmcrypt") {
		d.encrypted = key
	}
	if set := settings(d)[key]; set != nil {
		if err := set(value); err != nil {
			return binread.Corrupt("line %d: %s is %.80q: %w", number, key, value, err)
		}
	}
	return nil
}

// settings are those that matter for reading, by their names in lower case.
func settings(d *descriptor) map[string]func(string) error {
	text := func(to *string) func(string) error {
		return func(value string) error { *to = value; return nil }
	}
	id := func(to *uint32) func(string) error {
		return func(value string) error {
			n, err := strconv.ParseUint(value, 16, 32)
			if err != nil {
				return binread.Corrupt("want eight hexadecimal digits")
			}
			*to = uint32(n)
			return nil
		}
	}
	return map[string]func(string) error{
		"version": func(value string) error {
			if value != "1" && value != "2" && value != "3" {
				return binread.Unsupported("want 1 to 3")
			}
			return nil
		},
		"encoding":           text(&d.encoding),
		"createtype":         text(&d.createType),
		"cid":                func(value string) error { d.hasCID = true; return id(&d.cid)(value) },
		"parentcid":          id(&d.parentCID),
		"parentfilenamehint": text(&d.parent),
	}
}

func (d *descriptor) validate(given map[string]string) error {
	switch {
	case d.encrypted != "":
		return binread.WithHint(binread.Encrypted("the disk is encrypted (%s)", d.encrypted), "decrypt a copy with the virtual machine's own program")
	case given["version"] == "":
		return binread.Corrupt("no version")
	case d.createType == "":
		return binread.Corrupt("no createType")
	case len(d.extents) == 0:
		return binread.Corrupt("no extents")
	case len(d.parent) > maxName:
		return binread.Corrupt("parentFileNameHint of %d bytes, want at most %d", len(d.parent), maxName)
	case d.parentCID != noParent && d.parent == "":
		return binread.WithHint(binread.Corrupt("the parent with CID %08x is not named: parentFileNameHint is missing", d.parentCID),
			"give the disk that the snapshot was made of beside it, and name it in the descriptor")
	}
	total := int64(0)
	for _, e := range d.extents {
		if e.sectors > maxSectors-total {
			return binread.Corrupt("line %d: extents of more than %d sectors", e.line, int64(maxSectors))
		}
		total += e.sectors
	}
	return nil
}

func (d *descriptor) hasParent() bool { return d.parentCID != noParent }

// setting splits a line KEY = "VALUE"; quotes and spaces may be missing.
func setting(text string) (key, value string, ok bool) {
	key, value, ok = strings.Cut(text, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
		value = value[1 : len(value)-1]
	}
	return key, value, ok && key != ""
}

func isAccess(word string) bool {
	return strings.EqualFold(word, "RW") || strings.EqualFold(word, "RDONLY") || strings.EqualFold(word, "NOACCESS")
}

// parseExtent parses what follows the access of an extent: SECTORS KIND ["NAME" [OFFSET]]. What follows that is of devices.
func parseExtent(number int, access, rest string) (extent, error) {
	e := extent{line: number, access: access}
	size, rest, _ := cutField(rest)
	kind, rest, _ := cutField(rest)
	e.kind = strings.ToUpper(kind)
	var err error
	if e.sectors, err = parseSectors(size); err != nil {
		return e, binread.Corrupt("line %d: extent of %.40q sectors: %w", number, size, err)
	}
	if kind == "" {
		return e, binread.Corrupt("line %d: extent of no kind", number)
	}
	if e.kind == kindZero {
		return e, nil
	}
	var quoted bool
	if e.name, rest, quoted = cutName(rest); !quoted {
		return e, binread.Corrupt("line %d: extent without a file name in quotes", number)
	}
	if e.name == "" || len(e.name) > maxName {
		return e, binread.Corrupt("line %d: file name of %d bytes, want 1 to %d", number, len(e.name), maxName)
	}
	if off, _, ok := cutField(rest); ok {
		if e.off, err = parseSectors(off); err != nil {
			return e, binread.Corrupt("line %d: offset %.40q: %w", number, off, err)
		}
	}
	return e, nil
}

func parseSectors(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n > maxSectors {
		return 0, binread.Corrupt("want a number up to %d", int64(maxSectors))
	}
	return int64(n), nil
}

// cutField cuts the first word off.
func cutField(s string) (word, rest string, ok bool) {
	s = strings.TrimLeft(s, " \t")
	end := strings.IndexAny(s, " \t")
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:], s != ""
}

// cutName cuts a name in quotes off; a name without them is a word.
func cutName(s string) (name, rest string, ok bool) {
	s = strings.TrimLeft(s, " \t")
	if !strings.HasPrefix(s, `"`) {
		return cutField(s)
	}
	name, rest, ok = strings.Cut(s[1:], `"`)
	return name, rest, ok
}
