package scanner

import "bytes"

// Class is what kind of file the first bytes of one make it. Rules are chosen by it.
type Class string

// The classes.
const (
	ELF     Class = "elf"
	PE      Class = "pe"
	Script  Class = "script"  // begins with "#!" or "<?", or has a tag of PHP, JSP or ASP in its first bytes
	Archive Class = "archive" // package archive opens it
	Text    Class = "text"    // no control characters in its first bytes
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
	case startsScript(head):
		return Script
	case isArchive != nil && isArchive(content):
		return Archive
	case hasTag(head):
		return Script
	case isText(head):
		return Text
	}
	return Other
}

// startsScript takes an archive that begins as a script, such as one of PHP, for the script that it is.
func startsScript(head []byte) bool {
	trimmed := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(trimmed, []byte("#!")) || bytes.HasPrefix(trimmed, []byte("<?")) && !bytes.HasPrefix(trimmed, []byte("<?xml"))
}

// hasTag looks for the opening tag of PHP, in any case, and in text for the short ones of PHP, JSP and ASP: among bytes of no meaning
// these stand by chance.
func hasTag(head []byte) bool {
	short := isText(head) && !bytes.HasPrefix(head, []byte("<?xml"))
	for b := head; ; {
		i := bytes.IndexByte(b, '<')
		if i < 0 || i == len(b)-1 {
			return false
		}
		b = b[i+1:]
		if len(b) > 3 && bytes.EqualFold(b[:4], []byte("?php")) || short && (b[0] == '%' || bytes.HasPrefix(b, []byte("?="))) {
			return true
		}
	}
}

// isText takes what editors write: tabs, line ends, escapes of terminals, and characters of any alphabet that leaves the control
// characters alone.
func isText(head []byte) bool {
	for _, c := range head {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b || c == 0x7f {
			return false
		}
	}
	return true
}
