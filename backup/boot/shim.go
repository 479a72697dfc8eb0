package boot

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

const (
	maxCSV  = 64 << 10 // bytes of a list of boot options
	maxDirs = 100      // in \EFI
)

// secondStage is what shim starts (shim.c, init_grub): the fallback beside it where it was itself started from the removable path and
// there is one, and else the boot loader beside it.
func secondStage(e *efiProgram, suffix string) string {
	dir := path.Dir(e.name)
	if fallback := dir + "/fb" + suffix + ".efi"; strings.EqualFold(dir, removable) && e.on.exists(fallback) {
		return fallback
	}
	return dir + "/grub" + suffix + ".efi"
}

// fallback is what shim's fallback starts (fallback.c): the first boot option in the lists of the vendors' directories.
func (p *prover) fallback(v *verdict, e *efiProgram, suffix string) string {
	dirs, err := e.on.list("/EFI")
	if err != nil {
		v.unknown(e.on.path("/EFI"), "not read: %v", err)
		return ""
	}
	var found []string
	for i, dir := range dirs {
		if i == maxDirs {
			v.unknown(e.on.path("/EFI"), "has more than %d directories", maxDirs)
			return ""
		}
		if strings.EqualFold(dir, path.Base(removable)) {
			continue
		}
		for _, list := range []string{"BOOT" + strings.ToUpper(suffix) + ".CSV", "BOOT.CSV"} {
			name := path.Join("/EFI", dir, list)
			b, err := e.on.read(name, maxCSV)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				v.unknown(e.on.path(name), "not read: %v", err)
				return ""
			}
			if first := firstOption(b); first != "" {
				found = append(found, path.Join("/EFI", dir, first))
			}
			break
		}
	}
	switch {
	case len(found) == 0:
		v.fail(e.path(), "finds no list of boot options: want BOOT%s.CSV in a directory of %s", strings.ToUpper(suffix), e.on.path("/EFI"))
		v.repair("install the boot loader again: grub-install --force-extra-removable")
		return ""
	case len(found) > 1:
		v.unknown(e.path(), "finds %d lists of boot options: which it starts is not known", len(found))
		return ""
	}
	return found[0]
}

// firstOption is the file of the first line of a list: UTF-16, with commas between file, title, arguments and comment.
func firstOption(b []byte) string {
	var text strings.Builder
	for i := 0; i+1 < len(b); i += 2 {
		r := rune(b[i]) | rune(b[i+1])<<8
		if r != 0xfeff {
			text.WriteRune(r)
		}
	}
	for line := range strings.Lines(text.String()) {
		file, _, ok := strings.Cut(line, ",")
		if ok && file != "" && !strings.ContainsAny(file, "/\\\x00") {
			return file
		}
	}
	return ""
}
