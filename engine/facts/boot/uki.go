package boot

import (
	"errors"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxSections = 96      // of a PE file, as Windows has it
	maxSection  = 1 << 20 // bytes of a section with text
	maxImages   = 100     // unified kernel images
)

// readUnified reads the images on an EFI system partition.
func readUnified(s *facts.Scope, esp string) []blsEntry {
	files := glob(s, []string{esp + "/EFI/Linux/*.[eE][fF][iI]"})
	if len(files) > maxImages {
		s.Problem(esp, 0, binread.Limit("%d unified kernel images, read the first %d", len(files), maxImages))
		files = files[:maxImages]
	}
	var all []blsEntry
	for _, file := range files {
		if b, ok := unified(s, file); ok {
			all = append(all, b)
		}
	}
	return all
}

// unified reads a unified kernel image (UAPI.5): a PE file whose section .cmdline has the arguments and whose .osrel the
// name. Its own file is the kernel.
func unified(s *facts.Scope, file string) (blsEntry, bool) {
	sections, err := peSections(s, file, ".cmdline", ".osrel", ".uname")
	if err != nil {
		s.Problem(file, 0, err)
		return blsEntry{}, false
	}
	name := strings.TrimSuffix(path.Base(file), path.Ext(file))
	b := blsEntry{file: name, version: sections[".uname"], entry: facts.BootEntry{
		Title: name, ID: name, Kernel: file, Source: facts.Source{Path: file}, Args: []facts.BootArg{},
	}}
	for line := range strings.Lines(sections[".osrel"]) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch value = strings.Trim(value, `"'`); key {
		case "PRETTY_NAME":
			b.entry.Title = value
		case "ID":
			b.sortKey = value
		}
	}
	var line cmdline
	line.add(strings.TrimSpace(sections[".cmdline"]), nil)
	b.entry.Args = line.args()
	b.entry.Kind = entryKind(b.entry.Title, name, b.entry.Args)
	return b, true
}

// peSections returns the content of the sections with the given names, up to its first zero byte (PE format, sections 3
// and 4).
func peSections(s *facts.Scope, file string, names ...string) (map[string]string, error) {
	const (
		offsetAt   = 0x3c
		coffSize   = 24 // with the signature
		headerSize = 40 // of a section
	)
	f, err := s.Guest.Open(file)
	if err != nil {
		return nil, err
	}
	head, err := binread.ReadAt(f, 0, offsetAt+4, offsetAt+4)
	if err != nil {
		return nil, err
	}
	c := binread.Little(head)
	at := int64(c.At(offsetAt).U32())
	if string(head[:2]) != "MZ" {
		return nil, binread.Corrupt("%s begins with %q, want MZ", file, head[:2])
	}
	coff, err := binread.ReadAt(f, at, coffSize, coffSize)
	if err != nil {
		return nil, err
	}
	c = binread.Little(coff)
	count, optional := int64(c.At(6).U16()), int64(c.At(20).U16())
	if string(coff[:4]) != "PE\x00\x00" || count > maxSections {
		return nil, binread.Corrupt("%s: signature %q and %d sections, want PE and at most %d", file, coff[:4], count, maxSections)
	}
	table, err := binread.ReadAt(f, at+coffSize+optional, count*headerSize, maxSections*headerSize)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for i := range int(count) {
		h := table[i*headerSize : (i+1)*headerSize]
		name, _, _ := strings.Cut(string(h[:8]), "\x00")
		for _, want := range names {
			if name != want {
				continue
			}
			c := binread.Little(h)
			size, raw, off := int64(c.At(8).U32()), int64(c.At(16).U32()), int64(c.At(20).U32())
			b, err := binread.ReadAt(f, off, min(size, raw), maxSection)
			if err != nil {
				return nil, errors.Join(binread.Corrupt("%s: section %s", file, name), err)
			}
			found[name], _, _ = strings.Cut(string(b), "\x00")
		}
	}
	return found, nil
}
