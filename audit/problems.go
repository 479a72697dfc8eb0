package audit

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// describe says which disks the machine of a target has.
func (t *Target) describe(m *engine.Machine) {
	var all []Disk
	for _, disk := range m.Disks {
		d := disk.Description()
		all = append(all, Disk{Format: d.Format, Size: disk.Size(), Used: d.Used, Backing: d.Backing})
	}
	t.Disk = &all[0]
	if len(all) > 1 {
		t.Disks = all
	}
}

// problemsOf lists what is wrong with the image and its volumes, and with how the tree of the guest was put together.
func problemsOf(m *engine.Machine, g *guest.Guest) []Problem {
	var ps []Problem
	for i, d := range m.Disks {
		for _, p := range d.Description().Problems {
			ps = append(ps, Problem{m.ContainerOf(i), p})
		}
	}
	for _, v := range m.Volumes {
		if v.Err != nil {
			ps = append(ps, Problem{v.Name, v.Err.Error()})
		}
		if v.Table != nil {
			for _, p := range v.Table.Messages() {
				ps = append(ps, Problem{v.Name, v.Content + ": " + p})
			}
		}
		if v.FS != nil {
			for _, p := range v.FS.Description().Problems {
				ps = append(ps, Problem{v.Name, p.Message})
			}
		}
	}
	for _, p := range m.Problems {
		ps = append(ps, Problem{"", p})
	}
	if g != nil {
		for _, p := range g.Problems {
			ps = append(ps, Problem{where(g.Name, p.Path, p.Line), p.Message})
		}
	}
	return ps
}

// collectorProblems lists what the collectors could not read, and what is wrong in a way that changes nothing.
func collectorProblems(doc *facts.Document) []Problem {
	var ps []Problem
	for _, name := range slices.Sorted(maps.Keys(doc.Collectors)) {
		for _, p := range doc.Collectors[name].Problems {
			ps = append(ps, Problem{where(doc.Meta.Root.Called(), p.Path, p.Line), name + ": " + p.Message})
		}
		for _, p := range doc.Collectors[name].Ignored {
			ps = append(ps, Problem{where(doc.Meta.Root.Called(), p.Path, p.Line), name + ": " + p.Message + "; the guest's programs pass over it"})
		}
	}
	slices.SortFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Where, b.Where), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(ps)
}

func where(device, path string, line int) string {
	switch {
	case path == "":
		return device
	case line == 0:
		return device + ":" + path
	}
	return device + ":" + path + ":" + strconv.Itoa(line)
}
