package ntfs

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	recordSecure = 9

	typeSecurity = 0x50

	descriptorsName  = "$SDS"
	securityIDsIndex = "$SII"

	maxDescriptor  = 256 << 10 // bytes: the space in which the stream of descriptors keeps none over the end
	mirrorDistance = 256 << 10 // from a descriptor to its copy
	maxSecurityIDs = 1 << 20
	maxKept        = 4096 // descriptors that are kept decoded

	descriptorHead = 20 // bytes in front of each in $SDS
)

var _ filesys.Secured = (*FS)(nil)

// secure is what $Secure holds: descriptors that files share, by a number that $STANDARD_INFORMATION has since NTFS 3.0.
type secure struct {
	once        sync.Once
	places      map[uint32]descriptorPlace
	descriptors filesys.File
	damage      error // why some may be missing

	mu    sync.Mutex
	known map[uint32]filesys.Security
}

// descriptorPlace is where $SII says that a descriptor is.
type descriptorPlace struct {
	hash uint32
	off  int64
	size int64
}

// Security implements filesys.Secured.
func (f *FS) Security(n filesys.Node) (filesys.Security, error) {
	of, err := f.readNode(n)
	if err != nil {
		return filesys.Security{}, err
	}
	s, err := f.security(of)
	if err != nil {
		return filesys.Security{}, fmt.Errorf("ntfs: node %d: security descriptor: %w", n, err)
	}
	return s, nil
}

// security reads the descriptor that a file has itself, as all had before NTFS 3.0, or the one it names.
func (f *FS) security(of *node) (filesys.Security, error) {
	if s := of.stream(typeSecurity, ""); s != nil {
		raw, err := f.readAll(s, maxDescriptor)
		if err != nil {
			return filesys.Security{}, err
		}
		return decodeDescriptor(raw)
	}
	id := of.securityID()
	if id == 0 {
		return filesys.Security{}, nil
	}
	f.secure.once.Do(f.readSecure)
	return f.shared(id)
}

// securityID is the number of the shared descriptor, or 0.
func (n *node) securityID() uint32 {
	const place = 0x34
	s := n.stream(typeStandard, "")
	if s == nil || len(s.value) < place+4 {
		return 0
	}
	c := binread.Little(s.value)
	return c.At(place).U32()
}

// readSecure reads the index of descriptors.
func (f *FS) readSecure() {
	x := &f.secure
	x.places, x.known = map[uint32]descriptorPlace{}, map[uint32]filesys.Security{}
	of, err := f.readNode(recordSecure)
	if err != nil {
		x.damage = err
		return
	}
	s := of.stream(typeData, descriptorsName)
	if s == nil {
		x.damage = binread.Corrupt("no stream " + descriptorsName)
		return
	}
	if x.descriptors, x.damage = f.open(s); x.damage != nil {
		return
	}
	var problems binread.Errors
	f.walkIndex(of, securityIDsIndex, x.entry, func(_ int64, err error) { problems.Add(err) })
	x.damage = problems.Err()
}

// entry adds an entry of $SII.
func (x *secure) entry(b []byte) error {
	c := binread.Little(b)
	at := int(c.U16())
	d := binread.Little(c.At(at).Bytes(descriptorHead))
	p := descriptorPlace{hash: d.U32()}
	id := d.U32()
	p.off, p.size = int64(d.U64()), int64(d.U32())
	switch {
	case c.Err() != nil:
		return binread.Corrupt("%s: an entry of %d bytes", securityIDsIndex, len(b))
	case len(x.places) == maxSecurityIDs:
		return binread.Limit("more than %d security descriptors", maxSecurityIDs)
	}
	x.places[id] = p
	return nil
}

// shared returns a descriptor of $Secure, or its copy where it is damaged.
func (f *FS) shared(id uint32) (filesys.Security, error) {
	x := &f.secure
	x.mu.Lock()
	known, ok := x.known[id]
	x.mu.Unlock()
	if ok {
		return known, nil
	}
	place, ok := x.places[id]
	switch {
	case !ok && x.damage != nil:
		return filesys.Security{}, fmt.Errorf("$Secure: %w", x.damage)
	case !ok:
		return filesys.Security{}, binread.Corrupt("$Secure has no number %d", id)
	}
	raw, err := x.descriptor(id, place, 0)
	if err != nil {
		var copyErr error
		if raw, copyErr = x.descriptor(id, place, mirrorDistance); copyErr != nil {
			return filesys.Security{}, fmt.Errorf("number %d: %w", id, err)
		}
	}
	s, err := decodeDescriptor(raw)
	if err != nil {
		return s, fmt.Errorf("number %d: %w", id, err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.known) == maxKept {
		clear(x.known)
	}
	x.known[id] = s
	return s, nil
}

// descriptor reads one, and verifies that it is what the index means.
func (x *secure) descriptor(id uint32, p descriptorPlace, further int64) ([]byte, error) {
	if p.size < descriptorHead || p.size > maxDescriptor || p.off < 0 || p.off > x.descriptors.Size()-p.size-further {
		return nil, binread.Corrupt("%d bytes at %d of %s, want %d to %d of %d", p.size, p.off, descriptorsName, descriptorHead, maxDescriptor,
			x.descriptors.Size())
	}
	b := make([]byte, p.size)
	if n, err := x.descriptors.ReadAt(b, p.off+further); n < len(b) {
		return nil, binread.Corrupt("%s at %d: %w", descriptorsName, p.off+further, err)
	}
	c := binread.Little(b)
	got := descriptorPlace{hash: c.U32()}
	gotID := c.U32()
	got.off, got.size = int64(c.U64()), int64(c.U32())
	if gotID != id || got != p {
		return nil, binread.Corrupt("%s at %d has another descriptor than number %d", descriptorsName, p.off+further, id)
	}
	if sum := securityHash(b[descriptorHead:]); sum != p.hash {
		return nil, binread.Checksum("%s at %d: the descriptor has the hash %#x, want %#x", descriptorsName, p.off+further, sum, p.hash)
	}
	return b[descriptorHead:], nil
}

// securityHash turns the sum by three bits before each word is added.
func securityHash(b []byte) (sum uint32) {
	for c := binread.Little(b); c.Len() >= 4; {
		sum = sum<<3 | sum>>29
		sum += c.U32()
	}
	return sum
}

const (
	controlListed    = 0x0004 // SE_DACL_PRESENT
	controlProtected = 0x1000 // SE_DACL_PROTECTED
	controlRelative  = 0x8000 // SE_SELF_RELATIVE
)

// decodeDescriptor decodes a self-relative security descriptor ([MS-DTYP] 2.4.6).
func decodeDescriptor(b []byte) (s filesys.Security, err error) {
	c := binread.Little(b)
	revision, control := c.U8(), c.At(2).U16()
	owner, group, list := int(c.U32()), int(c.U32()), int(c.At(16).U32())
	switch {
	case c.Err() != nil:
		return s, binread.Corrupt("%d bytes, want at least 20", len(b))
	case revision != 1 || control&controlRelative == 0:
		return s, binread.Corrupt("revision %d with control %#x, want 1 and relative", revision, control)
	}
	var ownerErr, groupErr error
	s.Owner, ownerErr = sidAt(b, owner)
	s.Group, groupErr = sidAt(b, group)
	if err := errors.Join(ownerErr, groupErr); err != nil {
		return filesys.Security{}, err
	}
	s.Protected = control&controlProtected != 0
	if control&controlListed == 0 || list == 0 {
		return s, nil
	}
	s.Listed = true
	if s.Access, err = decodeAccess(c.At(list).Bytes(c.Len())); err != nil {
		return filesys.Security{}, err
	}
	return s, nil
}

// sidAt is the security identifier at a place, or "" for none.
func sidAt(b []byte, at int) (string, error) {
	if at == 0 {
		return "", nil
	}
	if at > len(b) {
		return "", binread.Corrupt("an identifier at %d of %d bytes", at, len(b))
	}
	return decodeSID(b[at:])
}

// decodeSID writes a security identifier as [MS-DTYP] 2.4.2.1 does.
func decodeSID(b []byte) (string, error) {
	const maxParts = 15
	c := binread.Little(b)
	revision, count := c.U8(), c.U8()
	authority := uint64(0)
	for _, v := range c.Bytes(6) {
		authority = authority<<8 | uint64(v)
	}
	if c.Err() != nil || revision != 1 || count > maxParts || c.Len() < 4*int(count) {
		return "", binread.Corrupt("a security identifier of revision %d with %d parts in %d bytes", revision, count, len(b))
	}
	var text strings.Builder
	if text.WriteString("S-1-"); authority >= 1<<32 {
		fmt.Fprintf(&text, "0x%012x", authority)
	} else {
		text.WriteString(strconv.FormatUint(authority, 10))
	}
	for range count {
		text.WriteString("-" + strconv.FormatUint(uint64(c.U32()), 10))
	}
	return text.String(), nil
}

// decodeAccess decodes an access list.
func decodeAccess(b []byte) (list []filesys.Access, err error) {
	const head = 8
	c := binread.Little(b)
	size, count := int(c.At(2).U16()), int(c.U16())
	if c.Err() != nil || size < head || size > len(b) {
		return nil, binread.Corrupt("an access list of %d bytes, of which %d are there", size, len(b))
	}
	b = b[head:size]
	for i := range count {
		c := binread.Little(b)
		a := filesys.Access{Type: c.U8(), Flags: c.U8()}
		length := int(c.U16())
		a.Mask = c.U32()
		if c.Err() != nil || length < head || length > len(b) {
			return nil, binread.Corrupt("entry %d of an access list: %d bytes, of which %d are there", i, length, len(b))
		}
		if a.SID, err = accessSID(a.Type, b[head:length]); err != nil {
			return nil, fmt.Errorf("entry %d of an access list: %w", i, err)
		}
		list, b = append(list, a), b[length:]
	}
	return list, nil
}

// accessSID is who an entry of an access list is about; it stands behind what types for objects have in front of it.
func accessSID(kind uint8, b []byte) (string, error) {
	const guid = 16
	switch kind {
	case 0, 1, 2, 3, 9, 10, 13, 14, 17, 18, 19, 20:
		return decodeSID(b)
	case 5, 6, 7, 8, 11, 12, 15, 16:
		c := binread.Little(b)
		flags := c.U32()
		c.Skip(guid * int(flags&1+flags>>1&1))
		rest := c.Bytes(c.Len())
		if c.Err() != nil {
			return "", c.Err()
		}
		return decodeSID(rest)
	}
	return "", nil
}
