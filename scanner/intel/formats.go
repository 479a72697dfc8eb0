package intel

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// format is a form that feeds come in.
type format struct {
	name string
	is   func(head []byte) bool // by the first bytes of the file
	read func(b *builder, f *file) error
}

// sniffed is how many bytes of a file decide its format.
const sniffed = 64 << 10

// formats lists the formats; the first that knows a file reads it.
func formats() []format {
	return []format{
		{"nsrl", isSQLite, readNSRL},
		{"openioc", isOpenIOC, readOpenIOC},
		{"stix", isSTIX, readSTIX},
		{"misp", isMISP, readMISP},
		{"abuse.ch json", isAbuseJSON, readAbuseJSON},
		{"misp hashes", isMISPHashes, readMISPHashes},
		{"abuse.ch csv", isAbuseCSV, readAbuseCSV},
		{"list", isList, readList},
	}
}

// Formats names the formats of feeds that are read.
func Formats() []string {
	names := []string{"compiled"}
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// isJSON reports whether a file begins as JSON does, and has one of the keys or values in its first bytes.
func isJSON(head []byte, words ...string) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(head) == 0 || head[0] != '{' && head[0] != '[' {
		return false
	}
	for _, w := range words {
		if bytes.Contains(head, []byte(`"`+w)) {
			return true
		}
	}
	return false
}

// isText reports whether nothing but text is in the first bytes of a file, the last of which may be cut off.
func isText(head []byte) bool {
	if bytes.IndexByte(head, 0) >= 0 {
		return false
	}
	for i := 0; i < utf8.UTFMax && len(head) > 0 && !utf8.Valid(head); i++ {
		head = head[:len(head)-1]
	}
	return utf8.Valid(head)
}

// lines are the whole lines of the first bytes of a file.
func lines(head []byte) []string {
	if len(head) == sniffed {
		head = head[:bytes.LastIndexByte(head, '\n')+1]
	}
	return strings.Split(string(head), "\n")
}

// word makes a name from a feed fit to be a reason.
func word(s string) string {
	s = strings.ToLower(s)
	if s == "" || len(s) > 40 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789|/:._- ") != "" {
		return "something else"
	}
	return s
}
