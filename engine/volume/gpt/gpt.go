// Package gpt reads GUID partition tables (UEFI 2.10, section 5.3) with sectors of 512 and 4096 bytes.
//
// A disk holds its table twice: behind the protective MBR and in its last sectors. Both are verified down to their
// checksums before a partition is believed. When the primary is damaged the backup serves, and the table says so. Nothing
// is repaired, and what a hybrid MBR says is ignored.
package gpt

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

const signature = "EFI PART"

// Format is the GUID partition table.
var Format = volume.Format{Name: "gpt", Probe: probe, Open: open}

// sectorSizes are the logical sector sizes a table may be written for, in bytes. An image does not say which one its disk
// had; only the place of the header does.
func sectorSizes() []int64 { return []int64{512, 4096} }

// primaryLBA and backupLBA are where the two headers are on a disk of so many sectors.
func primaryLBA(_ int64) int64      { return 1 }
func backupLBA(sectors int64) int64 { return sectors - 1 }

// probe accepts a primary header, and a backup header on a disk whose MBR says that there is a table: without that a
// backup is often what an earlier use of the disk left behind.
func probe(r io.ReaderAt, size int64) (bool, error) {
	for _, sector := range sectorSizes() {
		if ok, err := binread.Magic(primaryLBA(size/sector)*sector, signature)(r, size); ok || err != nil {
			return ok, err
		}
	}
	for _, sector := range sectorSizes() {
		if ok, err := binread.Magic(backupLBA(size/sector)*sector, signature)(r, size); err != nil {
			return false, err
		} else if ok {
			return protected(r)
		}
	}
	return false, nil
}

// protected reports whether the first sector is a protective or hybrid MBR (UEFI 2.10, section 5.2.3).
func protected(r io.ReaderAt) (bool, error) {
	b, err := binread.ReadAt(r, 0, 512, 512)
	if err != nil {
		return false, err
	}
	c := binread.Little(b)
	marked := false
	for slot := range 4 {
		marked = marked || c.At(446+16*slot+4).U8() == 0xee
	}
	return marked && c.At(510).U16() == 0xaa55, c.Err()
}

func open(_ context.Context, members []*volume.Volume, _ volume.Options) (*volume.Table, error) {
	if len(members) != 1 {
		return nil, binread.Unsupported("gpt: %d disks, want 1", len(members))
	}
	disk := members[0]
	t, problems, err := read(disk)
	if err != nil {
		return nil, fmt.Errorf("gpt: %w", err)
	}
	ok, err := protected(disk)
	switch {
	case err != nil:
		return nil, fmt.Errorf("gpt: %w", err)
	case !ok:
		problems = append(problems, volume.Problemf(volume.Ambiguous, "no protective MBR: most systems ignore such a table"))
	}
	volumes, more := volumesOf(disk, t)
	return &volume.Table{Volumes: volumes, UUID: t.uuid, Problems: append(problems, more...)}, nil
}

// read returns the table that counts, and what is wrong with the copies it was chosen from.
func read(disk *volume.Volume) (*table, []volume.Problem, error) {
	t, damage, err := find(disk, "primary", primaryLBA)
	switch {
	case err != nil:
		return nil, nil, err
	case t != nil:
		problems, err := check(disk, t)
		return t, problems, err
	}
	t, more, err := find(disk, "backup", backupLBA)
	switch {
	case err != nil:
		return nil, nil, err
	case t == nil:
		return nil, nil, fmt.Errorf("%w; %w", damage, more)
	}
	return t, []volume.Problem{volume.Problemf(volume.Unprotected, "%v: the backup is used", damage)}, nil
}

// find returns the first sound copy of the sector sizes, or says what was found in its place. It returns err when the
// disk could not be read, which says nothing about the table.
func find(disk *volume.Volume, name string, lba func(sectors int64) int64) (t *table, damage, err error) {
	damage = binread.Corrupt("no %s header", name)
	for _, sector := range sectorSizes() {
		t, err := readCopy(disk, sector, lba(disk.Size/sector))
		switch {
		case err == nil:
			return t, nil, nil
		case !damaged(err):
			return nil, nil, err
		case !errors.Is(err, errNoHeader):
			damage = fmt.Errorf("%s %w", name, err)
		}
	}
	return nil, damage, nil
}

// check says what else the disk holds than a sound primary: a backup that is not its twin, or a second primary.
func check(disk *volume.Volume, primary *table) (problems []volume.Problem, err error) {
	if problems, err = checkBackup(disk, primary); err != nil {
		return nil, err
	}
	for _, sector := range sectorSizes() {
		if sector == primary.sector {
			continue
		}
		switch _, err := readCopy(disk, sector, 1); {
		case err == nil:
			problems = append(problems, volume.Problemf(volume.Ambiguous, "a second table, for sectors of %d bytes, is not read", sector))
		case !damaged(err):
			return nil, err
		}
	}
	return problems, nil
}

// checkBackup says what is wrong with the backup of a sound primary.
func checkBackup(disk *volume.Volume, primary *table) ([]volume.Problem, error) {
	one := func(m volume.Meaning, format string, args ...any) []volume.Problem {
		return []volume.Problem{volume.Problemf(m, format, args...)}
	}
	last := uint64(disk.Size/primary.sector) - 1
	if primary.alternateLBA > last {
		return one(volume.Missing, "the disk ends at LBA %d, before its backup header at %d: it was cut off", last, primary.alternateLBA), nil
	}
	backup, err := readCopy(disk, primary.sector, int64(primary.alternateLBA))
	switch {
	case err != nil && !damaged(err):
		return nil, err
	case err != nil:
		return one(volume.Unprotected, "backup %v", err), nil
	case !backup.same(primary):
		return one(volume.Unprotected, "the backup differs from the primary, which is used"), nil
	case primary.alternateLBA < last:
		return one(volume.Cosmetic, "backup header at LBA %d, want the last, %d: the disk has grown", primary.alternateLBA, last), nil
	}
	return nil, nil
}

// damaged tells an error of the table from one of the medium: only after the first the other copy may help.
func damaged(err error) bool {
	for _, kind := range []error{binread.ErrCorrupt, binread.ErrChecksum, binread.ErrLimit, binread.ErrUnsupported} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
