package ext4

import "github.com/guestctl/guestctl/engine/filesys"

// Runs implements filesys.Mapped. A block that the journal has newer is not just what stands on the volume.
func (c *file) Runs(each func(filesys.Run)) bool {
	if c.blocks == nil {
		return false
	}
	shift := c.fs.device.shift
	for off := int64(0); off < c.size; {
		r, err := c.blocks.run(uint64(off >> shift))
		if err != nil {
			return false
		}
		n := c.size - off
		if r.count < uint64(n) { // else the run is longer than the rest, whatever the block size
			n = min(n, int64(r.count<<shift))
		}
		if r.start != 0 && c.fs.device.newer(r.start, uint64((n-1)>>shift)+1) {
			return false
		}
		each(filesys.Run{Off: int64(r.start << shift), Len: n, Zero: r.start == 0})
		off += n
	}
	return true
}

// newer reports whether the journal has one of count blocks newer.
func (d *device) newer(start, count uint64) bool {
	if uint64(len(d.replayed)) < count {
		for at := range d.replayed {
			if at >= start && at-start < count {
				return true
			}
		}
		return false
	}
	for i := range count {
		if _, ok := d.replayed[start+i]; ok {
			return true
		}
	}
	return false
}
