package boot

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/finding"
)

const (
	maxStubs = 8    // configurations on the way to the menu
	maxWords = 1000 // of a stub: one with more is no stub
)

// grubStub runs the configurations that only lead to the menu: grub-install writes such to an EFI system partition, and into its
// programs. What they do beside that is not known.
type grubStub struct {
	*prover

	v *verdict

	vars  map[string]string // a device is "p2", whatever GRUB calls it
	files int
	// at is the file system with the menu, and menu its path there, once they are found.
	at   medium
	menu string
	// stopped is set when nothing comes behind.
	stopped bool
}

// follow reads the configuration that name leads to. It returns true where that is the menu.
func (s *grubStub) follow(name string) bool {
	full := s.expand(name)
	at, file, ok := s.locate(full)
	if !ok {
		s.v.unknown(s.efi.path(), "where GRUB looks for %s is not known", full)
		return false
	}
	if s.files++; s.files > maxStubs {
		s.v.unknown(at.path(file), "more than %d configurations lead to each other", maxStubs)
		return false
	}
	b, err := at.read(file, maxConfig)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.v.fail(at.path(file), "does not exist: GRUB stops at its prompt")
		s.v.repair("write the menu, and install the boot loader: grub-mkconfig -o /boot/grub/grub.cfg, then grub-install")
		return false
	case isCorrupt(err):
		s.v.fail(at.path(file), "%v", err)
		return false
	case err != nil:
		s.v.unknown(at.path(file), "not read: %v", err)
		return false
	}
	s.v.place(finding.Location{Path: at.path(file)})
	if isMenu(string(b)) {
		s.at, s.menu = at, file
		return true
	}
	found := s.run(at.path(file), string(b))
	if !found && s.v.ok() {
		s.v.fail(at.path(file), "leads to no menu: GRUB stops at its prompt")
		s.v.repair("install the boot loader again: grub-install")
	}
	return found
}

// isMenu tells a configuration with entries from one that leads to it.
func isMenu(text string) bool {
	for line := range strings.Lines(text) {
		if w := strings.Fields(line); len(w) > 0 && (w[0] == "menuentry" || w[0] == "submenu" || w[0] == "blscfg") {
			return true
		}
	}
	return false
}

// run runs the commands of a stub. It returns true where they come to the menu.
func (s *grubStub) run(file, text string) bool {
	n := 0
	for line := range strings.Lines(text) {
		n++
		w := s.words(strings.TrimSpace(line))
		if len(w) == 0 {
			continue
		}
		at := finding.Location{Path: file, Line: n}
		if n > maxWords {
			s.v.unknownAt(at, "is longer than what leads to a menu")
			return false
		}
		switch w[0] {
		case "search.fs_uuid", "search":
			s.search(at, w)
		case "set":
			if name, value, ok := strings.Cut(strings.Join(w[1:], " "), "="); ok {
				s.vars[name] = value
			}
		case "insmod", "export", "echo":
		case "configfile", "source", ".", "normal":
			s.stopped = true
			if len(w) == 1 {
				w = append(w, "$prefix/grub.cfg")
			}
			return s.follow(w[1])
		default:
			s.v.unknownAt(at, "what %.40q does is not known", w[0])
		}
		if !s.v.ok() {
			return false
		}
	}
	return false
}

// search finds a file system by its UUID, as the two commands for that do.
func (s *grubStub) search(at finding.Location, w []string) {
	variable, uuid, by := "root", "", w[0] == "search.fs_uuid"
	var plain []string
	for i := 1; i < len(w); i++ {
		switch a := w[i]; {
		case a == "--fs-uuid" || a == "-u":
			by = true
		case a == "--set" && i+1 < len(w) && w[0] == "search":
			i++
			variable = w[i]
		case strings.HasPrefix(a, "--set="):
			variable = strings.TrimPrefix(a, "--set=")
		case strings.HasPrefix(a, "-"): // hints, and what speeds it up
		default:
			plain = append(plain, a)
		}
	}
	if len(plain) > 0 {
		uuid = plain[0]
	}
	if w[0] == "search.fs_uuid" && len(plain) > 1 {
		variable = plain[1]
	}
	if !by || uuid == "" {
		s.v.unknownAt(at, "what is searched for is not known")
		return
	}
	found := s.resolve("UUID=" + uuid)
	switch {
	case len(found.found) == 1:
		s.vars[variable] = found.found[0].Name
	case len(found.found) > 1:
		s.v.unknownAt(at, "%d file systems have the UUID %s", len(found.found), uuid)
	case found.doubt != "":
		s.v.unknownAt(at, "looks for the file system %s: %s", uuid, found.doubt)
	default:
		s.v.failAt(at, "looks for the file system %s, which is on none of the disks: GRUB stops at its prompt", uuid)
		s.v.repair("install the boot loader again: grub-install")
	}
}

// words splits a line of a stub, with its variables filled in.
func (s *grubStub) words(line string) []string {
	var all []string
	var word strings.Builder
	started := false
	quote := byte(0)
	from := 0
	flush := func(to int) {
		text := line[from:to]
		if quote != '\'' {
			text = s.expand(text)
		}
		word.WriteString(text)
	}
	for i := range len(line) {
		switch c := line[i]; {
		case c == quote, quote == 0 && (c == '\'' || c == '"'):
			flush(i)
			from, started = i+1, true
			if quote == 0 {
				quote = c
			} else {
				quote = 0
			}
		case quote == 0 && (c == ' ' || c == '\t' || c == '#' && !started && from == i):
			flush(i)
			if started || word.Len() > 0 {
				all = append(all, word.String())
			}
			word.Reset()
			from, started = i+1, false
			if c == '#' {
				return all
			}
		}
	}
	flush(len(line))
	if started || word.Len() > 0 {
		all = append(all, word.String())
	}
	return all
}

// expand fills in the variables.
func (s *grubStub) expand(text string) string {
	var out strings.Builder
	for {
		before, after, ok := strings.Cut(text, "$")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		name := strings.TrimPrefix(after, "{")
		end := len(name) - len(strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"))
		out.WriteString(s.vars[name[:end]])
		text = name[end:]
		if name != after {
			text = strings.TrimPrefix(text, "}")
		}
	}
}

// locate finds the file system and the path there of what GRUB calls name.
func (s *grubStub) locate(name string) (medium, string, bool) {
	if !strings.HasPrefix(name, "(") {
		name = "(" + s.vars["root"] + ")" + name
	}
	device, file, ok := strings.Cut(strings.TrimPrefix(name, "("), ")")
	if !ok || !strings.HasPrefix(file, "/") {
		return medium{}, "", false
	}
	at := s.volume(device)
	if at.Volume == nil {
		disk, part, _ := strings.Cut(device, ",")
		n, err := strconv.Atoi(strings.TrimPrefix(disk, "hd"))
		if err != nil || n != 0 || len(s.machine.Disks) != 1 { // which disk is which is the firmware's choice
			return medium{}, "", false
		}
		at = s.volume(s.partition(s.machine.Volumes[0].Volume, part))
	}
	return s.medium(at), file, at.Volume != nil
}

// partition is the name of the partition of a disk that GRUB calls gpt2 or msdos2, or "".
func (s *grubStub) partition(disk *volume.Volume, part string) string {
	for _, v := range s.machine.Volumes {
		if disk != nil && v.Parent == disk && v.Number > 0 && partNumber(v) == strings.TrimLeft(part, "abcdefghijklmnopqrstuvwxyz") {
			return v.Name
		}
	}
	return ""
}
