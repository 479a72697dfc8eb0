package mbr

import (
	"bytes"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

const (
	firstLogical = 5 // the number of the first logical partition, whatever the number of primaries
	maxTables    = 128
)

// link is a place in a chain of extended tables. Every table describes one logical partition, counted from the table
// itself, and names the next table, counted from the start of the extended partition.
type link struct{ base, at int64 } // sectors

// logical follows the chain of every extended partition. Damage ends a chain and is a problem, not an error: what was
// found before it stays. The error is a disk that could not be read.
func (d *disk) logical(bases []int64) error {
	number := firstLogical
	visited := map[int64]bool{}
	for _, base := range bases {
		next := &link{base, base}
		for next != nil {
			var err error
			if number, next, err = d.follow(*next, number, visited); err != nil {
				return err
			}
		}
	}
	return nil
}

// follow reads one table of a chain. It returns the number that is free afterwards and the next link, nil at the end.
func (d *disk) follow(l link, number int, visited map[int64]bool) (int, *link, error) {
	switch {
	case l.at >= d.sectors():
		d.problem(volume.Missing, "extended table at sector %d, beyond the end of the disk at %d", l.at, d.sectors())
		return number, nil, nil
	case visited[l.at]:
		d.problem(volume.Broken, "extended table at sector %d is named twice: the chain loops", l.at)
		return number, nil, nil
	case len(visited) == maxTables:
		d.problem(volume.Broken, "more than %d extended tables: the rest is not read", maxTables)
		return number, nil, nil
	}
	visited[l.at] = true
	b, err := binread.ReadAt(d, l.at*sectorSize, sectorSize, sectorSize)
	if err != nil {
		return number, nil, err
	}
	entries, err := decode(onlyTwo(b))
	if err != nil {
		d.problem(volume.Broken, "extended table at sector %d: %v", l.at, err)
		return number, nil, nil
	}
	var next *link
	for _, e := range entries {
		switch {
		case e.empty():
		case e.extended() && next == nil:
			next = &link{l.base, l.base + e.start}
		case e.extended():
			d.problem(volume.Broken, "extended table at sector %d names two next ones: the second is not read", l.at)
		default:
			e.start += l.at
			d.add(number, e)
			number++
		}
	}
	return number, next, nil
}

// onlyTwo clears the last two entries of an extended table: nothing defines them, and some tools leave rubbish there.
func onlyTwo(b []byte) []byte {
	b = bytes.Clone(b)
	clear(b[446+2*16 : 446+4*16])
	return b
}
