package facts

import (
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

// The extended attributes with access lists (acl(5)).
const (
	ACLAttr        = "system.posix_acl_access"
	DefaultACLAttr = "system.posix_acl_default"
)

const maxACLEntries = 8192

// aclTags are the kinds of entries, by the e_tag of linux/posix_acl_xattr.h.
var aclTags = map[uint16]string{0x01: "user", 0x02: "user", 0x04: "group", 0x08: "group", 0x10: "mask", 0x20: "other"}

// ACLText decodes struct posix_acl_xattr_header and its entries, and writes them in the short form of acl(5).
func ACLText(b []byte) (string, error) {
	const header, entry, version = 4, 8, 2
	c := binread.Little(b)
	if v := c.U32(); len(b) < header || v != version || (len(b)-header)%entry != 0 || len(b) > header+entry*maxACLEntries {
		return "", binread.Corrupt("access list of version %d in %d bytes", v, len(b))
	}
	var parts []string
	for range (len(b) - header) / entry {
		tag, perm, id := c.U16(), c.U16(), c.U32()
		kind, ok := aclTags[tag]
		if !ok {
			return "", binread.Corrupt("access list with an entry of kind %#x", tag)
		}
		name := ""
		if tag == 0x02 || tag == 0x08 {
			name = strconv.FormatUint(uint64(id), 10)
		}
		rights := []byte("---")
		for i, letter := range []byte("rwx") {
			if perm>>(2-i)&1 != 0 {
				rights[i] = letter
			}
		}
		parts = append(parts, kind+":"+name+":"+string(rights))
	}
	return strings.Join(parts, ","), nil
}
