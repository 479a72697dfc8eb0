// Package kernel collects the domain "kernel": the Linux kernels that are installed.
//
// Sources: the images /boot/vmlinuz-* and /usr/lib/modules/*/vmlinuz, and the module directories /lib/modules/*. Where a
// name of an image says no release, as on Alpine and Arch, its own header does (Linux/x86 boot protocol, "kernel_version").
// The build configuration is /boot/config-* or config beside the modules, and the modules are those of modules.dep and
// modules.builtin (depmod(8)). Which of the kernels starts is package boot.
package kernel

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxKernels = 1000
	maxVersion = 256 // bytes of the version in an image
)

// Collector collects the domain "kernel".
var Collector = facts.New("kernel", "The kernels that are installed", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.Kernels, error) {
	found := map[string]*facts.Kernel{}
	get := func(release string) *facts.Kernel {
		if found[release] == nil {
			found[release] = &facts.Kernel{Release: release}
		}
		return found[release]
	}
	for _, e := range s.ReadDir("/lib/modules") {
		dir := "/lib/modules/" + e.Name
		if !hasModules(s, dir) {
			continue
		}
		if len(found) == maxKernels {
			return nil, &fs.PathError{Op: "readdir", Path: "/lib/modules", Err: binread.Limit("more than %d kernels", maxKernels)}
		}
		get(e.Name).Modules = dir
	}
	for _, image := range append(s.Glob("/usr/lib/modules/*/vmlinuz"), s.Glob("/boot/vmlinuz-*")...) {
		if strings.Contains(image, "/vmlinuz-0-rescue") {
			continue // a copy of one of the others
		}
		get(releaseOf(s, image, found)).Image = image
	}
	k := &facts.Kernels{Installed: []facts.Kernel{}}
	for _, one := range found {
		readBuild(s, one)
		readModules(s, one)
		k.Installed = append(k.Installed, *one)
	}
	slices.SortFunc(k.Installed, func(a, b facts.Kernel) int { return cmp.Compare(a.Release, b.Release) })
	return k, nil
}

// hasModules tells a kernel's directory from what other packages leave behind there.
func hasModules(s *facts.Scope, dir string) bool {
	for _, name := range []string{"/modules.dep", "/modules.order", "/kernel", "/vmlinuz"} {
		if s.Exists(dir + name) {
			return true
		}
	}
	return false
}

// releaseOf returns the release of an image: its name when there are modules for it, else what its header says.
func releaseOf(s *facts.Scope, image string, found map[string]*facts.Kernel) string {
	release := strings.TrimPrefix(path.Base(image), "vmlinuz-")
	if release == "vmlinuz" {
		release = path.Base(path.Dir(image))
	}
	if found[release] != nil {
		return release
	}
	version, err := imageVersion(s, image)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(image, 0, err)
	}
	return cmp.Or(version, release)
}

// imageVersion reads the release out of a bzImage; "" when the image is of another kind.
func imageVersion(s *facts.Scope, image string) (string, error) {
	const magicAt, versionAt, base = 0x202, 0x20e, 0x200
	f, err := s.Guest.Open(image)
	if err != nil {
		return "", err
	}
	if f.Size() < versionAt+2 {
		return "", nil
	}
	head, err := binread.ReadAt(f, 0, versionAt+2, versionAt+2)
	if err != nil {
		return "", err
	}
	c := binread.Little(head)
	at := int64(c.At(versionAt).U16()) + base
	if string(head[magicAt:magicAt+4]) != "HdrS" || at == base || at >= f.Size() {
		return "", nil
	}
	text, err := binread.ReadAt(f, at, min(maxVersion, f.Size()-at), maxVersion)
	if err != nil {
		return "", err
	}
	version, _, _ := strings.Cut(string(text), "\x00")
	version, _, _ = strings.Cut(version, " ")
	return version, nil
}
