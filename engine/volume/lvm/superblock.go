package lvm

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
)

// allSynced is a position that no recovery stands at: MaxSector of md.
const allSynced = 1<<64 - 1

// superblock is what a device of an array says of it (dm_raid_superblock of the kernel's dm-raid).
type superblock struct {
	there    bool
	events   uint64 // changes of the array's state that this device saw
	failed   uint64 // devices that had failed by then, one bit each
	recovery uint64 // sectors up to which the device was filled
	resync   uint64 // sectors up to which the array is in sync
}

func (s superblock) synced() bool { return !s.there || s.resync == allSynced }

// readSuperblock reads the metadata of a device. An empty one is of a device that the array never ran with.
func readSuperblock(meta *built) (s superblock, fault string) {
	const magic = 0x64526d44 // "DmRd"
	b, err := binread.ReadAt(meta.device, 0, 64, 64)
	if err != nil {
		return s, fmt.Sprintf("has no readable superblock (%v)", err)
	}
	c := binread.Little(b)
	if c.U32() != magic {
		return s, ""
	}
	return superblock{
		there:    true,
		events:   c.At(16).U64(),
		failed:   c.U64(),
		recovery: c.U64(),
		resync:   c.U64(),
	}, ""
}

// judge finds the devices whose bytes are not those of the array: those that fell behind, failed, or were not filled yet.
func judge(legs []leg) {
	var newest *superblock
	for i := range legs {
		if s := &legs[i].super; s.there && (newest == nil || s.events > newest.events) {
			newest = s
		}
	}
	if newest == nil {
		return // an array that never ran
	}
	for i := range legs {
		l := &legs[i]
		switch {
		case l.fault != "":
		case !l.super.there:
			l.fault = "was never filled"
		case l.super.events < newest.events:
			l.fault = fmt.Sprintf("fell behind: it saw %d changes of state, another one %d", l.super.events, newest.events)
		case i < 64 && newest.failed>>i&1 != 0:
			l.fault = "had failed"
		case l.super.recovery != allSynced:
			l.fault = "was not filled to its end"
		}
	}
}
