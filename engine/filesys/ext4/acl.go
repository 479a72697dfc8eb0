package ext4

import "github.com/guestctl/guestctl/engine/binread"

// Tags of ACL entries that name a user or a group; the others have no number on disk.
const (
	aclUser  = 0x02
	aclGroup = 0x08
)

const aclNoID = 0xffffffff

// decodeACL turns the ACL form of ext4 (version 1, short entries) into the one that getxattr gives (version 2).
func decodeACL(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return b, nil
	}
	c := binread.Little(b)
	if version := c.U32(); version != 1 {
		return nil, binread.Corrupt("ACL version %d, want 1", version)
	}
	out := appendU32(make([]byte, 0, 2*len(b)), 2)
	for c.Len() > 0 {
		tag, permissions, id := c.U16(), c.U16(), uint32(aclNoID)
		if tag == aclUser || tag == aclGroup {
			id = c.U32()
		}
		out = append(out, byte(tag), byte(tag>>8), byte(permissions), byte(permissions>>8))
		out = appendU32(out, id)
	}
	return out, c.Err()
}

func appendU32(b []byte, v uint32) []byte {
	return append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
}
