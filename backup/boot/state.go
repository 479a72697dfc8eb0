package boot

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	minFree   = 1 << 20 // bytes without which services do not start
	minInodes = 16
)

// The fields of the superblock of ext2, ext3 and ext4 (Documentation/filesystems/ext4/super.rst), which stands at 1024.
const (
	superblock       = 1024
	freeInodesAt     = 0x10
	superblockLength = 1024
)

// super returns the superblock of the root, or nil for file systems of other kinds.
func (p *prover) super() (b []byte, err error) {
	return superOf(p.volume(p.Root.Device))
}

// space looks at what is free.
func (p *prover) space(v *verdict) {
	d := p.Root.FS.Description()
	switch {
	case d.Free < 0:
		v.note("how much is free is not known of %s", d.Type)
		v.holds("not told")
	case d.Free < minFree:
		v.fail("", "%d bytes are free on %s", d.Free, p.Root.Device)
	default:
		v.holds("%d of %d bytes are free on %s", d.Free, d.Size, p.Root.Device)
	}
	b, err := p.super()
	if err != nil {
		v.unknown("", "superblock of %s: %v", p.Root.Device, err)
	}
	if len(b) == 0 {
		return
	}
	c := binread.Little(b)
	if n := c.At(freeInodesAt).U32(); n < minInodes {
		v.fail("", "%d inodes are free on %s", n, p.Root.Device)
	} else {
		v.holds("%d inodes are free", n)
	}
}

// identity tells which machine it is.
func (p *prover) identity(v *verdict) {
	const file = "/etc/machine-id"
	p.proof.Identity.RootUUID = p.Root.FS.Description().UUID
	b, err := p.ReadFile(file, maxConf)
	id := strings.TrimSpace(string(b))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.holds("no machine id: one is made at the first boot")
	case err != nil:
		v.unknown(file, "%v", err)
	case id == "" || id == "uninitialized":
		v.holds("an empty machine id: one is made at the first boot")
	case len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "":
		v.fail(file, "%.40q is no machine id: 32 hexadecimal digits", id)
	default:
		p.proof.Identity.MachineID = id
		v.holds("machine id %s", id)
	}
}
