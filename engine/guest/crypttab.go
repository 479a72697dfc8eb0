package guest

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	crypttabPath = "/etc/crypttab"
	maxCrypttab  = 1 << 20 // bytes
	maxOpened    = 256
)

// Sealed returns the encrypted volume that has no file system of its own but this UUID and label.
func Sealed(v Volume, uuid, label string) *Volume {
	v.FS = sealed{description: filesys.Description{UUID: uuid, Label: label}}
	return &v
}

// sealed is what is known of an encrypted volume from outside.
type sealed struct {
	filesys.FS
	description filesys.Description
}

func (s sealed) Description() filesys.Description { return s.description }

// nameOpened returns the volumes, those that were opened from encrypted ones with the names below /dev/mapper that the guest's crypttab
// gives them.
func (g *Guest) nameOpened(volumes []Volume) []Volume {
	if !slices.ContainsFunc(volumes, func(v Volume) bool { return v.Opened != nil }) {
		return volumes
	}
	b, err := g.ReadFile(crypttabPath, maxCrypttab)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.Problems = append(g.Problems, Problem{crypttabPath, 0, err.Error()})
	}
	named := slices.Clone(volumes)
	g.Names = map[string][]string{}
	for _, e := range parseCrypttab(string(b)) {
		fits := matcher(e.source)
		for i, v := range named {
			if fits != nil && v.Opened != nil && fits(*v.Opened) {
				g.Names[v.Device] = append(g.Names[v.Device], "/dev/mapper/"+e.name)
				named[i].Devices = slices.Concat(volumes[i].Devices, g.Names[v.Device])
			}
		}
	}
	return named
}

// crypttabEntry is one line of crypttab(5).
type crypttabEntry struct{ name, source string }

// parseCrypttab returns the entries. The key files and options after them say how the guest opens a volume, which a person did here.
func parseCrypttab(text string) []crypttabEntry {
	var entries []crypttabEntry
	for line := range strings.SplitSeq(text, "\n") {
		fields := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' })
		if len(fields) < 2 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if entries = append(entries, crypttabEntry{fields[0], unquote(fields[1])}); len(entries) == maxOpened {
			break
		}
	}
	return entries
}
