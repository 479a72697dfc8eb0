package facts

import (
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// maxSubauthorities is how many numbers a SID may have (MS-DTYP 2.4.2).
const maxSubauthorities = 15

// SID decodes a security identifier (MS-DTYP 2.4.2.2) and writes it as text: "S-1-5-32-544".
func SID(c *binread.Cursor) (string, error) {
	revision, count := c.U8(), int(c.U8())
	authority := uint64(0)
	for _, b := range c.Bytes(6) {
		authority = authority<<8 | uint64(b)
	}
	if c.Err() != nil || revision != 1 || count > maxSubauthorities {
		return "", binread.Corrupt("SID of revision %d with %d numbers, want 1 and at most %d", revision, count, maxSubauthorities)
	}
	text := "S-1-" + strconv.FormatUint(authority, 10)
	for range count {
		text += "-" + strconv.FormatUint(uint64(c.U32()), 10)
	}
	return text, c.Err()
}

// KnownSID returns the English name that everybody has for an identifier, without the authority before it; "" for one of a machine.
func KnownSID(sid string) string {
	name := filesys.AccountName(sid)
	if name == sid {
		return ""
	}
	return name[strings.LastIndexByte(name, '\\')+1:]
}
