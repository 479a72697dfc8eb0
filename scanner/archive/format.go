package archive

import (
	"bytes"

	"github.com/guestctl/guestctl/engine/binread"
)

// format is a kind of file that holds others. One without walk is recognised and not opened.
type format struct {
	name string
	is   func(content []byte) bool
	walk func(w *walker, content []byte) error
}

// formats are in the order in which they are asked. None is asked for more than a few bytes.
var formats = []format{
	{"gzip", prefix("\x1f\x8b\x08"), (*walker).compressed},
	{"zip", anyPrefix("PK\x03\x04", "PK\x05\x06", "PK\x07\x08PK\x03\x04", "PK00PK\x03\x04"), (*walker).zip},
	{"xz", isXZ, (*walker).compressed},
	{"zstd", isZstd, (*walker).compressed},
	{"bzip2", isBzip2, (*walker).compressed},
	{"lz4", isLZ4, (*walker).compressed},
	{"lzma", isLZMA, (*walker).compressed},
	{"tar", isTar, (*walker).tarFile},
	{"cpio", isCpio, (*walker).cpioFile},
	{"ar", prefix("!<arch>\n"), (*walker).ar},
	{"rpm", prefix("\xed\xab\xee\xdb"), (*walker).rpm},
	{"a cpio archive of the old ASCII format", prefix("070707"), nil},
	{"a 7-Zip archive", prefix("7z\xbc\xaf\x27\x1c"), nil},
	{"a RAR archive", prefix("Rar!\x1a\x07"), nil},
	{"a file of compress", anyPrefix("\x1f\x9d\x90", "\x1f\x9d\x8c"), nil},
	{"an lzip file", prefix("LZIP\x01"), nil},
	{"an lzop file", prefix("\x89LZO\x00\r\n\x1a\n"), nil},
	{"a cabinet", prefix("MSCF\x00\x00\x00\x00"), nil},
	{"an xar archive", prefix("xar!\x00\x1c\x00\x01"), nil},
	{"a squashfs image", prefix("hsqs"), nil},
}

func formatOf(content []byte) *format {
	for i := range formats {
		if formats[i].is(content) {
			return &formats[i]
		}
	}
	return nil
}

func prefix(magic string) func([]byte) bool {
	want := []byte(magic)
	return func(content []byte) bool { return bytes.HasPrefix(content, want) }
}

func anyPrefix(magics ...string) func([]byte) bool {
	return func(content []byte) bool {
		for _, magic := range magics {
			if len(content) >= len(magic) && string(content[:len(magic)]) == magic {
				return true
			}
		}
		return false
	}
}

const tarBlock = 512

// isTar knows a header by its checksum, which all kinds of tar have.
func isTar(content []byte) bool {
	if len(content) < tarBlock || content[0] == 0 {
		return false
	}
	header := content[:tarBlock]
	want, ok := octal(header[148:156]) // chksum
	if !ok {
		return false
	}
	var unsigned, signed int64
	for i, c := range header {
		if i >= 148 && i < 156 {
			c = ' '
		}
		unsigned += int64(c)
		signed += int64(int8(c)) // of old programs
	}
	return want == unsigned || want == signed
}

// octal decodes a field of digits with blanks or zero bytes around them.
func octal(field []byte) (n int64, ok bool) {
	for _, c := range bytes.Trim(field, " \x00") {
		if c < '0' || c > '7' {
			return 0, false
		}
		n, ok = n<<3|int64(c-'0'), true
	}
	return n, ok
}

// isLZMA knows the header of .lzma files, which have no magic number, as strictly as xz does: the properties that every program
// uses, a dictionary of a usual size, and a size of the content that is possible.
func isLZMA(content []byte) bool {
	c := binread.Little(content)
	props, dict, size, first := c.U8(), c.U32(), c.U64(), c.U8()
	if c.Err() != nil || props != 0x5d || first != 0 { // the range coder begins with a zero byte
		return false
	}
	usual := dict >= 1<<12 && (dict&(dict-1) == 0 || isThreeHalves(dict) || dict == 1<<32-1)
	return usual && (size == 1<<64-1 || size < 1<<38)
}

// isThreeHalves reports 2^n + 2^(n-1).
func isThreeHalves(n uint32) bool {
	low := n & -n
	return n == low|low<<1
}
