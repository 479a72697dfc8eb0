package btrfs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxDevices     = 1 << 12
	deviceItemSize = 98
	devicesObject  = 1 // of the keys of all devices
)

// device is a block device below the file system. Nothing is read past its end, whatever the reader below would give.
type device struct {
	r     io.ReaderAt
	name  string
	size  int64
	super *superblock
	// stale is set for a device that missed changes: what it holds is used where nothing else is.
	stale bool
}

// fill reads exactly len(b) bytes at off.
func (d *device) fill(b []byte, off int64) error {
	if off < 0 || off > d.size || int64(len(b)) > d.size-off {
		return binread.Corrupt("%d bytes at %#x, want them before the end of the image at %#x", len(b), off, d.size)
	}
	return binread.Fill(d.r, b, off)
}

// set names the file system of a device where that lies on several.
func set(r io.ReaderAt, size int64) (id string, err error) {
	d := device{r: r, size: size}
	if _, err := d.readSuperblock(); err != nil {
		return "", fmt.Errorf("btrfs: superblock: %w", err)
	}
	if d.super.devices == 1 {
		return "", nil
	}
	return uuidString(d.super.fsid), nil
}

// addDevices reads the superblocks of all devices. The newest of them is that of the file system.
func (f *FS) addDevices(devices []filesys.Device) error {
	for _, given := range devices {
		d := &device{r: given, name: given.Name, size: given.Size}
		problem, err := d.readSuperblock()
		if err != nil {
			return fmt.Errorf("superblock: %w", err)
		}
		if problem != "" {
			f.problem(true, "%s%s", d.prefix(len(devices)), problem)
		}
		f.devices = append(f.devices, d)
		if f.super == nil || d.super.generation > f.super.generation {
			f.super = d.super
		}
	}
	slices.SortStableFunc(f.devices, func(a, b *device) int { return cmp.Compare(a.super.deviceID, b.super.deviceID) })
	for i, d := range f.devices {
		s := d.super
		switch {
		case s.fsid != f.super.fsid:
			return binread.Corrupt("%s is of file system %s, want %s", d.name, uuidString(s.fsid), uuidString(f.super.fsid))
		case i > 0 && s.deviceID == f.devices[i-1].super.deviceID:
			return binread.WithHint(binread.Unsupported("%s and %s are both device %d of file system %s", f.devices[i-1].name, d.name, s.deviceID,
				uuidString(s.fsid)), "one is a copy of the other: give one of them")
		}
		// between the writes of two superblocks a system may have stopped
		if d.stale = s.generation+1 < f.super.generation; d.stale {
			f.problem(false, "%sit missed changes: it is of generation %d, and the newest device of %d", d.prefix(2), s.generation, f.super.generation)
		}
	}
	return nil
}

// prefix begins a problem of the device where there are several.
func (d *device) prefix(devices int) string {
	if devices == 1 {
		return ""
	}
	return fmt.Sprintf("device %d on %s: ", d.super.deviceID, d.name)
}

// deviceOf returns a device, or nil where it is missing.
func (f *FS) deviceOf(id uint64, uuid [16]byte) *device {
	i, ok := slices.BinarySearchFunc(f.devices, id, func(d *device, id uint64) int { return cmp.Compare(d.super.deviceID, id) })
	if !ok || f.devices[i].super.deviceUUID != uuid {
		return nil
	}
	return f.devices[i]
}

// readDevices says which devices are missing, and which have no place in the file system any more.
func (f *FS) readDevices() error {
	var bad binread.Errors
	known := map[uint64][16]byte{}
	f.chunkTree().each(key{devicesObject, kindDevice, 0}, key{devicesObject, kindDevice, lastOffset}, func(k key, b []byte) error {
		switch {
		case len(known) == maxDevices:
			return binread.Limit("more than %d devices", maxDevices)
		case len(b) != deviceItemSize:
			return binread.Corrupt("device %d: an item of %d bytes, want %d", k.offset, len(b), deviceItemSize)
		}
		c := binread.Little(b)
		known[k.offset] = [16]byte(c.At(66).Bytes(16))
		if f.deviceOf(k.offset, known[k.offset]) == nil {
			f.missing++
			f.problem(false, "device %d is on none of the disks: what has no copy elsewhere gives errors", k.offset)
		}
		return nil
	}, func(_ key, err error) { bad.Add(err) })
	f.devices = slices.DeleteFunc(f.devices, func(d *device) bool {
		of := known[d.super.deviceID] == d.super.deviceUUID
		if !of && bad.Err() == nil {
			f.problem(false, "%sit is not of the file system any more, and is not used", d.prefix(2))
		}
		return !of && bad.Err() == nil
	})
	if len(f.devices) == 0 {
		return binread.Corrupt("none of the devices is of the file system")
	}
	return bad.Err()
}

// stripe is a stretch of a device that a chunk has.
type stripe struct {
	at  *device // nil where it is missing
	id  uint64  // of the device
	off uint64
}

func (s *stripe) fill(b []byte, off uint64) error {
	if s.at == nil {
		return binread.WithHint(binread.Corrupt("it is on device %d, which is on none of the disks", s.id), "give the other disks of the machine, too")
	}
	err := s.at.fill(b, int64(s.off+off))
	if err != nil && s.at.name != "" {
		return fmt.Errorf("device %d on %s: %w", s.id, s.at.name, err)
	}
	return err
}

// places are where the bytes of a logical address are: the same ones in each of the stripes, at one offset.
type places struct {
	copies []stripe
	off    uint64
	length int64 // bytes that follow there in one piece
}

// errNoCopy ends the reading of places that are none.
var errNoCopy = errors.New("no copy")

// each calls try with the copies, those on devices that missed changes last, until one is right. Its error is that of the first.
func (p *places) each(try func(s *stripe) error) error {
	first := errNoCopy
	for _, stale := range [2]bool{false, true} {
		for i := range p.copies {
			s := &p.copies[i]
			if stale != (s.at != nil && s.at.stale) {
				continue
			}
			err := try(s)
			if err == nil {
				return nil
			}
			if errors.Is(first, errNoCopy) {
				first = err
			}
		}
	}
	return first
}
