package gpt

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/volume"
)

// partition is one used entry of the table (UEFI 2.10, table 5.6).
type partition struct {
	number   int    // the place of the entry in the array, from 1
	kind     string // PartitionTypeGUID, upper case
	uuid     string // UniquePartitionGUID, lower case
	firstLBA uint64 // StartingLBA
	lastLBA  uint64 // EndingLBA, the last sector of the partition
	bootable bool
	name     string // PartitionName
}

// volumesOf returns the partitions that lie on the disk, and what is wrong with any.
func volumesOf(disk *volume.Volume, t *table) (volumes []*volume.Volume, problems []volume.Problem) {
	var kept []partition
	for _, p := range t.partitions {
		p, problem, ok := p.fit(t, uint64(disk.Size/t.sector))
		if problem.Message != "" {
			problem.Message = fmt.Sprintf("p%d %s", p.number, problem.Message)
			problems = append(problems, problem)
		}
		if ok {
			kept = append(kept, p)
			volumes = append(volumes, p.volume(disk, t.sector))
		}
	}
	return volumes, append(problems, conflicts(kept)...)
}

// fit returns what of the partition lies on a disk of end sectors, and what is wrong with it. A partition that starts
// beyond the end is left out, one that ends there is cut off: a disk that was copied in part still shows what is on it.
func (p partition) fit(t *table, end uint64) (fitted partition, problem volume.Problem, ok bool) {
	first, last := p.firstLBA, p.lastLBA
	switch {
	case first > last:
		return p, volume.Problemf(volume.Broken, "ends at LBA %d, before its start at %d: left out", last, first), false
	case first <= 1: // it would hold its own table, and be found in itself again
		return p, volume.Problemf(volume.Broken, "starts at LBA %d, on the table itself: left out", first), false
	case first >= end:
		return p, volume.Problemf(volume.Missing, "starts at LBA %d, beyond the end of the disk at %d: left out", first, end), false
	case last >= end:
		p.lastLBA = end - 1
		return p, volume.Problemf(volume.Missing, "ends at LBA %d, beyond the end of the disk at %d: cut off", last, end), true
	case first < t.firstUsableLBA || last > t.lastUsableLBA:
		return p, volume.Problemf(volume.Cosmetic, "is at LBA %d to %d, want it within the usable %d to %d",
			first, last, t.firstUsableLBA, t.lastUsableLBA), true
	}
	return p, volume.Problem{}, true
}

func (p partition) volume(disk *volume.Volume, sector int64) *volume.Volume {
	v := volume.Section(disk, int64(p.firstLBA)*sector, int64(p.lastLBA-p.firstLBA+1)*sector)
	v.Name = fmt.Sprintf("p%d", p.number)
	v.Number = p.number
	v.Kind = kindOf(p.kind)
	v.UUID = p.uuid
	v.Label = p.name
	v.Active = p.bootable
	if v.Kind == dynamic {
		v.Err = volume.DynamicDisk()
	}
	return v
}

// conflicts names partitions that share sectors or a GUID with another one.
func conflicts(ps []partition) (problems []volume.Problem) {
	owner := map[string]int{}
	for _, p := range ps {
		if first, taken := owner[p.uuid]; taken {
			problems = append(problems, volume.Problemf(volume.Ambiguous, "p%d has the GUID of p%d, %s", p.number, first, p.uuid))
			continue
		}
		owner[p.uuid] = p.number
	}
	ps = slices.SortedStableFunc(slices.Values(ps), func(a, b partition) int { return cmp.Compare(a.firstLBA, b.firstLBA) })
	for i := 1; i < len(ps); i++ {
		// the one that reaches farthest so far is the only one a later start has to be held against
		far, p := ps[i-1], ps[i]
		if p.firstLBA <= far.lastLBA {
			problems = append(problems, volume.Problemf(volume.Overlapping, "p%d overlaps p%d from LBA %d on", p.number, far.number, p.firstLBA))
		}
		if p.lastLBA < far.lastLBA {
			ps[i] = far
		}
	}
	return problems
}
