package facts

import (
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
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

// KnownSID returns the English name that everybody has for an identifier (MS-DTYP 2.4.2.4), or "".
func KnownSID(sid string) string {
	if rid, ok := strings.CutPrefix(sid, "S-1-5-32-"); ok {
		switch rid {
		case "544":
			return "Administrators"
		case "545":
			return "Users"
		case "546":
			return "Guests"
		case "547":
			return "Power Users"
		case "551":
			return "Backup Operators"
		case "555":
			return "Remote Desktop Users"
		case "559":
			return "Performance Log Users"
		case "568":
			return "IIS_IUSRS"
		case "580":
			return "Remote Management Users"
		}
		return ""
	}
	switch sid {
	case "S-1-1-0":
		return "Everyone"
	case "S-1-5-4":
		return "INTERACTIVE"
	case "S-1-5-6":
		return "SERVICE"
	case "S-1-5-7":
		return "ANONYMOUS LOGON"
	case "S-1-5-9":
		return "ENTERPRISE DOMAIN CONTROLLERS"
	case "S-1-5-11":
		return "Authenticated Users"
	case "S-1-5-18":
		return "SYSTEM"
	case "S-1-5-19":
		return "LOCAL SERVICE"
	case "S-1-5-20":
		return "NETWORK SERVICE"
	case "S-1-5-80-0":
		return "ALL SERVICES"
	case "S-1-5-83-0":
		return "Virtual Machines"
	case "S-1-5-90-0":
		return "Window Manager Group"
	case "S-1-5-113":
		return "Local account"
	case "S-1-5-114":
		return "Local account and member of Administrators group"
	}
	return ""
}
