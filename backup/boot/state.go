package boot

import (
	"errors"
	"io/fs"
	"strings"
	"time"

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
	writtenAt        = 0x30
	writtenHighAt    = 0x274
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

// signs are files that a running machine writes.
var signs = []string{"/var/log/wtmp", "/var/log/dpkg.log", "/var/log/syslog", "/var/log/messages", "/var/lib/dpkg/status", "/var/lib/rpm/rpmdb.sqlite"}

// age holds the times of the image and of its content against what was asked for.
func (p *prover) age(v *verdict) {
	p.newest(v)
	id := p.proof.Identity
	p.young(v, "the image was written", p.opts.Written, p.opts.MaxFileAge)
	p.young(v, "the newest content, "+id.Newest+", is of", id.Content, p.opts.MaxContentAge)
}

func (p *prover) young(v *verdict, what string, at time.Time, most time.Duration) {
	old := p.opts.Now.Sub(at)
	switch {
	case at.IsZero() && most > 0:
		v.unknown("", "%s at a time that is not known, want at most %s ago", what, most)
	case at.IsZero():
		v.holds("no age was asked for")
	case most > 0 && p.opts.Now.IsZero():
		v.unknown("", "%s %s, and what time it is now is not known", what, stamp(at))
	case most > 0 && old > most:
		v.fail("", "%s %s, %s ago, want at most %s", what, stamp(at), old.Round(time.Second), most)
	default:
		v.holds("%s %s", what, stamp(at))
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// newest finds the last time at which the guest wrote something, in its superblock and the files that every machine writes.
func (p *prover) newest(v *verdict) {
	see := func(what string, t time.Time) {
		if t.After(p.proof.Identity.Content) {
			p.proof.Identity.Content, p.proof.Identity.Newest = t.UTC(), what
		}
	}
	b, err := p.super()
	if err != nil {
		v.note("superblock of %s: %v", p.Root.Device, err)
	}
	if len(b) > 0 {
		c := binread.Little(b)
		if t := int64(c.At(writtenAt).U32()) | int64(c.At(writtenHighAt).U8())<<32; t > 0 {
			see("the superblock of "+p.Root.Device, time.Unix(t, 0))
		}
	}
	paths := append(p.journals(v), signs...)
	for _, name := range paths {
		o, err := p.Stat(name)
		if err == nil {
			see(name, o.Modify)
		} else if !errors.Is(err, fs.ErrNotExist) {
			v.note("%s: %v", name, err)
		}
	}
}

// journals are the journals that systemd-journald writes at the moment.
func (p *prover) journals(v *verdict) []string {
	const dir = "/var/log/journal"
	entries, err := p.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		v.note("%s: %v", dir, err)
	}
	var paths []string
	for i, e := range entries {
		if i == maxUnits {
			break
		}
		paths = append(paths, dir+"/"+e.Name+"/system.journal")
	}
	return paths
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
