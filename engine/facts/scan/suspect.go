package scan

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// maxSniffed is of how many files the first bytes are read.
const maxSniffed = 50_000

// mountedOver are the directories that a running system mounts a file system of the kernel or of memory over. What lies there on the
// disks is out of sight then.
var mountedOver = []string{"/dev", "/run", "/proc", "/sys"}

// covered looks at what lies on the disks below them.
func (w *walker) covered(ctx context.Context) error {
	for _, dir := range mountedOver {
		err := w.s.Guest.Walk(ctx, dir, func(o guest.Object, err error) error {
			if err != nil {
				w.problem(o.Path, err)
			}
			if o.Mode != 0 {
				w.suspect(o)
			}
			return nil
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			w.problem(dir, err)
		}
	}
	return nil
}

// suspect takes in what somebody who hides something leaves.
func (w *walker) suspect(o guest.Object) {
	w.program(o)
	w.name(o)
	if flags := fixed(o.Flags); len(flags) > 0 && w.counts("flagged") {
		w.out.Flagged = append(w.out.Flagged, facts.ScanFlags{ScanEntry: entry(o), Flags: flags})
	}
	if o.IsRegular() && isModule(o.Path) {
		w.modules = append(w.modules, entry(o))
	}
}

// fixed are the flags that keep even root from changing something.
func fixed(flags []string) []string {
	var kept []string
	for _, f := range flags {
		if f == "immutable" || f == "append" {
			kept = append(kept, f)
		}
	}
	return kept
}

// isModule reports whether a file is a kernel module where modprobe(8) looks for one.
func isModule(file string) bool {
	if !strings.HasPrefix(file, "/usr/lib/modules/") && !strings.HasPrefix(file, "/lib/modules/") {
		return false
	}
	name := path.Base(file)
	for _, suffix := range []string{".gz", ".xz", ".zst"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return strings.HasSuffix(name, ".ko")
}

// temporary reports whether a path is below a directory for what goes away.
func temporary(file string) bool {
	return slices.ContainsFunc([]string{"/tmp/", "/var/tmp/", "/dev/", "/run/", "/proc/", "/sys/"}, func(dir string) bool {
		return strings.HasPrefix(file, dir)
	})
}

// program takes in what could be run in such a directory: an executable, or what a shell or a loader is given by name.
func (w *walker) program(o guest.Object) {
	if !o.IsRegular() || !temporary(o.Path) {
		return
	}
	content := w.sniff(o)
	if content == "" && o.Mode&0o111 == 0 {
		return
	}
	if w.counts("temporary_programs") {
		w.out.TemporaryPrograms = append(w.out.TemporaryPrograms, facts.ScanProgram{ScanEntry: entry(o), Content: content, Modified: modified(o)})
	}
}

// sniff says what a file is by its first bytes.
func (w *walker) sniff(o guest.Object) string {
	if o.Size == 0 {
		return ""
	}
	if w.sniffed++; w.sniffed > maxSniffed {
		if w.sniffed == maxSniffed+1 {
			w.problem(o.Path, binread.Limit("more than %d temporary files; the rest is not looked into", maxSniffed))
		}
		return ""
	}
	var first [4]byte
	f, err := o.Open()
	if err != nil {
		w.problem(o.Path, err)
	}
	if f == nil {
		return ""
	}
	n, err := f.ReadAt(first[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		w.problem(o.Path, err)
	}
	switch head := string(first[:n]); {
	case head == "\x7fELF":
		return "elf"
	case strings.HasPrefix(head, "#!"):
		return "script"
	}
	return ""
}

func modified(o guest.Object) string {
	if o.Modify.IsZero() {
		return ""
	}
	return o.Modify.UTC().Format(time.RFC3339)
}

// name takes in an object whose name deceives.
func (w *walker) name(o guest.Object) {
	reason := deceives(o)
	if reason == "" || !w.counts("deceptive_names") {
		return
	}
	w.out.DeceptiveNames = append(w.out.DeceptiveNames, facts.ScanName{ScanEntry: entry(o), Reason: reason, Modified: modified(o)})
}

// deceives says what is wrong with a name. Of files that are no programs people choose the names themselves, some of them with strange
// characters: only those of dots and blanks count.
func deceives(o guest.Object) string {
	dir, name := path.Split(o.Path)
	if plain(name) {
		if o.IsDir() && name != "" && name[0] == '.' && noHidden(dir) {
			return "hidden"
		}
		return ""
	}
	runs := o.IsDir() || o.IsRegular() && o.Mode&0o111 != 0
	switch {
	case strings.TrimFunc(name, func(r rune) bool { return r == '.' || unicode.IsSpace(r) || invisible(r) }) == "":
		return "dots"
	case runs && strings.ContainsFunc(name, unicode.IsControl):
		return "control"
	case runs && strings.ContainsFunc(name, invisible):
		return "invisible"
	case runs && strings.TrimSpace(name) != name && ofSystem(dir):
		return "blank"
	}
	return ""
}

// plain reports whether a name is of printable ASCII, without blanks at its ends, and not of dots alone: nearly all are.
func plain(name string) bool {
	dots := true
	for i := range len(name) {
		c := name[i]
		if c < 0x20 || c >= 0x7f || c == ' ' && (i == 0 || i == len(name)-1) {
			return false
		}
		dots = dots && c == '.'
	}
	return !dots || name == ""
}

// invisible are characters that take no place on a terminal, or turn the direction of the text around.
func invisible(r rune) bool {
	return r != utf8.RuneError && (unicode.Is(unicode.Cf, r) || r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0')
}

// noHidden are the directories in which nothing of the system hides a directory: those for programs and libraries, and for what goes
// away.
func noHidden(dir string) bool {
	if strings.HasPrefix(dir, "/dev/") {
		return true
	}
	return slices.Contains([]string{
		"/", "/bin/", "/boot/", "/etc/", "/lib/", "/lib64/", "/sbin/", "/tmp/", "/usr/", "/usr/bin/", "/usr/games/", "/usr/include/",
		"/usr/lib/", "/usr/lib64/", "/usr/libexec/", "/usr/local/", "/usr/local/bin/", "/usr/local/lib/", "/usr/local/sbin/", "/usr/sbin/",
		"/usr/share/", "/var/", "/var/cache/", "/var/lib/", "/var/log/", "/var/spool/", "/var/tmp/", "/run/",
	}, dir)
}

func ofSystem(dir string) bool {
	return slices.ContainsFunc([]string{
		"/bin/", "/boot/", "/dev/", "/etc/", "/lib/", "/lib64/", "/run/", "/sbin/", "/tmp/", "/usr/", "/var/spool/", "/var/tmp/",
	}, func(top string) bool { return strings.HasPrefix(dir, top) })
}
