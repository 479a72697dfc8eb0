package boot

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strings"

	rpmversion "github.com/knqyf263/go-rpm-version"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	entriesDir = "/boot/loader/entries"
	maxEntries = 1000
)

// blsEntry is one file of the Boot Loader Specification (UAPI.1, "Type #1").
type blsEntry struct {
	entry    facts.BootEntry
	file     string // name without .conf
	options  []option
	version  string
	sortKey  string
	machine  string
	noKernel bool
	// hasUsers and unrestricted are what grub_users and grub_arg say: without the first GRUB asks nobody.
	hasUsers, unrestricted bool
}

// option is one line of options.
type option struct {
	text   string
	source facts.Source
}

// readEntries reads /boot/loader/entries and the same below dirs, sorted by file name, newest first, as GRUB's blscfg
// does. Its options are split without expanding variables.
func readEntries(s *facts.Scope, dirs []string) []blsEntry {
	var entries []blsEntry
	seen := map[string]bool{}
	for _, dir := range append([]string{entriesDir}, dirs...) {
		target, err := s.Guest.Resolve(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.Problem(dir, 0, err)
		}
		if err != nil || seen[target] {
			continue
		}
		seen[target] = true
		for _, e := range s.ReadDir(dir) {
			name, ok := strings.CutSuffix(e.Name, ".conf")
			if !ok || strings.HasPrefix(name, ".") {
				continue
			}
			if len(entries) == maxEntries {
				s.Problem(dir, 0, binread.Limit("more than %d entries", maxEntries))
				break
			}
			if b, ok := readEntry(s, dir+"/"+e.Name, name); ok {
				entries = append(entries, b)
			}
		}
	}
	slices.SortStableFunc(entries, func(a, b blsEntry) int { return -compareNames(a.file, b.file) })
	return entries
}

func readEntry(s *facts.Scope, path, name string) (blsEntry, bool) {
	b := blsEntry{file: name, entry: facts.BootEntry{Title: name, ID: name, Source: facts.Source{Path: path}}}
	var linux *facts.Source
	err := s.Lines(path, func(n int, text string) {
		key, v, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(text, "\t", " ")), " ")
		v = strings.TrimSpace(v)
		source := facts.Source{Path: path, Line: n, Text: text}
		switch key {
		case "title":
			b.entry.Title = v
		case "version":
			b.version = v
		case "sort-key":
			b.sortKey = v
		case "machine-id":
			b.machine = v
		case "linux":
			b.entry.Kernel, linux = kernelPath(s, v), &source
		case "initrd":
			if b.entry.Initrd == "" {
				first, _, _ := strings.Cut(v, " ")
				b.entry.Initrd = kernelPath(s, first)
			}
		case "grub_users":
			b.hasUsers = true
		case "grub_arg":
			b.unrestricted = b.unrestricted || strings.Contains(v, "--unrestricted")
		case "options":
			b.options = append(b.options, option{v, source})
		}
	})
	if err != nil {
		s.Problem(path, 0, err)
		return b, false
	}
	switch {
	case len(b.options) > 0:
		b.entry.Source = b.options[0].source
	case linux != nil:
		b.entry.Source = *linux
	}
	b.noKernel = linux == nil
	var line cmdline
	for i, o := range b.options {
		line.add(o.text, elsewhere(i, o.source))
		line.add(" ", nil)
	}
	b.entry.Args = line.args()
	b.entry.Kind = entryKind(b.entry.Title, b.file, b.entry.Args)
	return b, true
}

// elsewhere is the source of arguments on the i-th line of options: the entry's own source is the first.
func elsewhere(i int, source facts.Source) *facts.Source {
	if i == 0 {
		return nil
	}
	return &source
}

// expand fills in the variables of the options, as GRUB does and systemd-boot does not.
func (b *blsEntry) expand(vars map[string]value) error {
	options := b.options
	if len(options) == 0 {
		if v, ok := vars["default_kernelopts"]; ok {
			options = []option{{"$default_kernelopts", v.source}}
		}
	}
	var line cmdline
	var errs []error
	for i, o := range options {
		for _, p := range pieces(o.text) {
			if !p.isVar {
				line.add(p.text, elsewhere(i, o.source))
				continue
			}
			v := vars[p.text]
			if v.unknown {
				errs = append(errs, binread.Unsupported("$%s is not known before GRUB runs", p.text))
			}
			line.add(v.text, &v.source)
		}
		line.add(" ", nil)
	}
	b.entry.Args = line.args()
	b.entry.Kind = entryKind(b.entry.Title, b.file, b.entry.Args)
	b.entry.Unrestricted = b.unrestricted || !b.hasUsers
	return errors.Join(errs...)
}

// pieces cuts an options line into text and variables. A variable inside an argument is expanded with it.
func pieces(text string) []piece {
	var list []piece
	for {
		before, after, ok := strings.Cut(text, "$")
		if before != "" {
			list = append(list, piece{text: before})
		}
		if !ok {
			return list
		}
		name, n := variableName(after)
		list = append(list, piece{text: name, isVar: true})
		text = after[n:]
	}
}

// compareNames compares two names of entry files as blscfg does: name, version and release between hyphens, each as rpm
// compares versions.
func compareNames(a, b string) int {
	x, y := splitName(a), splitName(b)
	return cmp.Or(compareVersions(x[0], y[0]), compareVersions(x[1], y[1]), compareVersions(x[2], y[2]))
}

// splitName cuts at the last two hyphens; with fewer of them the name is what there is.
func splitName(s string) [3]string {
	parts := strings.Split(s, "-")
	if n := len(parts); n > 3 {
		parts = append([]string{strings.Join(parts[:n-2], "-")}, parts[n-2:]...)
	}
	var name [3]string
	copy(name[:], parts)
	return name
}

func compareVersions(a, b string) int {
	return rpmversion.NewVersion(a).Compare(rpmversion.NewVersion(b))
}
