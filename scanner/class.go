package scanner

import (
	"bytes"
	"unicode/utf8"
)

// Class is what kind of file the first bytes of one make it. Rules are chosen by it.
type Class string

// The classes.
const (
	ELF     Class = "elf"
	PE      Class = "pe"
	Script  Class = "script"  // begins with "#!", "<?" or an opening tag of PHP or JSP in its first bytes
	Archive Class = "archive" // package archive opens it
	Text    Class = "text"    // UTF-8 or ASCII without control characters, in its first bytes
	Other   Class = "other"
)

// Classes lists the classes.
func Classes() []Class { return []Class{ELF, PE, Script, Archive, Text, Other} }

// sniffed is how many bytes of a file decide its class.
const sniffed = 4096

// ClassOf tells the class of a file by its content. Archives are those that the function isArchive knows.
func ClassOf(content []byte, isArchive func([]byte) bool) Class {
	head := content[:min(len(content), sniffed)]
	switch {
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return ELF
	case bytes.HasPrefix(head, []byte("MZ")):
		return PE
	case isScript(head):
		return Script
	case isArchive != nil && isArchive(content):
		return Archive
	case isText(head, len(content) > len(head)):
		return Text
	}
	return Other
}

func isScript(head []byte) bool {
	trimmed := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if bytes.HasPrefix(trimmed, []byte("#!")) {
		return true
	}
	return !bytes.HasPrefix(trimmed, []byte("<?xml")) && hasTag(head)
}

// hasTag looks for the opening tag of PHP, in any case, or of JSP and its kin.
func hasTag(b []byte) bool {
	for {
		i := bytes.IndexByte(b, '<')
		if i < 0 || i == len(b)-1 {
			return false
		}
		if b = b[i+1:]; b[0] == '%' || bytes.HasPrefix(b, []byte("?=")) || len(b) > 3 && bytes.EqualFold(b[:4], []byte("?php")) {
			return true
		}
	}
}

// isText takes what editors write: tabs, line ends, escapes of terminals, and characters of UTF-8 or of Latin alphabets. A
// character that was cut off by the end of the first bytes is no reason against it.
func isText(head []byte, cut bool) bool {
	for _, c := range head {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b || c == 0x7f {
			return false
		}
	}
	if cut {
		for i := 0; i < utf8.UTFMax-1 && len(head) > 0 && !utf8.Valid(head); i++ {
			head = head[:len(head)-1]
		}
	}
	return utf8.Valid(head)
}
