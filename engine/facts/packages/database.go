package packages

import (
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// database is what the files of dpkg say together.
type database struct {
	found    bool // there is a file of dpkg at all
	records  []record
	index    map[key]int // in records
	provides int         // virtual packages so far, of all records
	problems int
}

// key is what dpkg knows an entry by: a Multi-Arch package is installed once for each architecture.
type key struct{ name, arch string }

type record struct {
	facts.Package
	kind kind
}

func newDatabase() *database { return &database{index: map[key]int{}} }

// add puts r in, over the record of the same package. It reports whether that one stood in a file of the same kind, which
// dpkg never writes.
func (db *database) add(r record) (twice bool) {
	k := key{r.Name, r.Arch}
	i, ok := db.index[k]
	if !ok {
		db.index[k] = len(db.records)
		db.records = append(db.records, r)
		return false
	}
	twice = db.records[i].kind == r.kind && r.kind != update
	db.records[i] = r
	return twice
}

// packages sorts the records into the document: the ones of which files are there, and the ones of which only
// configuration is left.
func (db *database) packages() *facts.Packages {
	p := newPackages("dpkg")
	for _, r := range db.records {
		switch r.State {
		case "not-installed":
		case "config-files":
			p.Residual[r.Name] = append(p.Residual[r.Name], r.Package)
		default:
			add(p, r.Package)
		}
	}
	for _, byName := range []map[string][]facts.Package{p.Installed, p.Residual} {
		for _, entries := range byName {
			slices.SortStableFunc(entries, func(a, b facts.Package) int { return strings.Compare(a.Arch, b.Arch) })
		}
	}
	return p
}
