package boot

import (
	"debug/elf"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxLoader = 256 << 20 // bytes of a program that firmware starts: a unified kernel image has the initrd, too
	removable = "/EFI/BOOT"
)

// suffixes are what UEFI calls the machines that it starts programs of, in names of files (UEFI 2.10, section 3.5.1.1).
var suffixes = map[elf.Machine]string{elf.EM_X86_64: "x64", elf.EM_AARCH64: "aa64"}

// medium is a file system as firmware and boot loaders read it: by path, without links, whatever the guest has mounted.
type medium struct {
	engine.Volume

	mount string // where the guest has it; "" where it is not mounted
}

// medium returns the file system on a volume.
func (p *prover) medium(v engine.Volume) medium {
	m := medium{Volume: v}
	for _, mount := range p.Mounts {
		if mount.Device != v.Name || mount.Unread != "" {
			continue
		}
		if o, err := p.Stat(mount.Target); err == nil && o.Device == v.Name && (m.mount == "" || len(mount.Target) < len(m.mount)) {
			m.mount = mount.Target
		}
	}
	return m
}

// path is how the file at name is called in a report: as the guest calls it, or after its volume.
func (m medium) path(name string) string {
	if m.mount == "" {
		return m.Name + ":" + name
	}
	return path.Join(m.mount, name)
}

// find returns the node of name. FAT knows no case.
func (m medium) find(name string) (filesys.Node, error) {
	if m.FS == nil {
		return 0, binread.Unsupported("%s is not read", m.Name)
	}
	n := m.FS.Root()
	for part := range strings.SplitSeq(strings.Trim(name, "/"), "/") {
		if part == "" {
			continue
		}
		next, err := m.FS.Lookup(n, part)
		if errors.Is(err, fs.ErrNotExist) && m.FS.Description().Type == "vfat" {
			next, err = m.anyCase(n, part)
		}
		if err != nil {
			return 0, err
		}
		n = next
	}
	return n, nil
}

func (m medium) anyCase(dir filesys.Node, name string) (filesys.Node, error) {
	entries, err := m.FS.ReadDir(dir)
	for _, e := range entries {
		if strings.EqualFold(e.Name, name) {
			return e.Node, err
		}
	}
	if err == nil {
		err = fs.ErrNotExist
	}
	return 0, err
}

// exists reports whether there is something at name; what cannot be read may be.
func (m medium) exists(name string) bool {
	_, err := m.find(name)
	return !errors.Is(err, fs.ErrNotExist)
}

// read returns the content of the file at name.
func (m medium) read(name string, limit int64) ([]byte, error) {
	n, err := m.find(name)
	if err != nil {
		return nil, err
	}
	st, err := m.FS.Stat(n)
	if err != nil {
		return nil, err
	}
	if !st.IsRegular() {
		return nil, binread.Corrupt("is a %s, want a file", filesys.TypeName(st.Mode))
	}
	f, err := m.FS.Open(n)
	if err != nil {
		return nil, err
	}
	return binread.ReadAt(f, 0, f.Size(), limit)
}

// list are the names in the directory dir, sorted.
func (m medium) list(dir string) ([]string, error) {
	n, err := m.find(dir)
	if err != nil {
		return nil, err
	}
	entries, err := m.FS.ReadDir(n)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name
	}
	slices.Sort(names)
	return names, err
}

// sameDisk reports whether two partitions are on one disk.
func sameDisk(a, b engine.Volume) bool { return a.Parent != nil && a.Parent == b.Parent }

// isESP tells an EFI system partition by its type, in a GPT and an MBR.
func isESP(v engine.Volume) bool { return strings.HasPrefix(v.Kind, "EFI") }

// isBootPartition tells the partition that systemd-boot reads beside it (UAPI.1, XBOOTLDR).
func isBootPartition(v engine.Volume) bool { return v.Kind == "Linux extended boot" }

// looksLikeESP tells one whose type says something else.
func looksLikeESP(v engine.Volume) bool {
	if v.FS == nil || v.FS.Description().Type != "vfat" || v.Number == 0 {
		return false
	}
	return medium{Volume: v}.exists(removable)
}

// systemPartitions are the volumes that firmware looks for programs on: those of the type, or else what looks so.
func (p *prover) systemPartitions() []engine.Volume {
	for _, is := range []func(engine.Volume) bool{isESP, looksLikeESP} {
		found := slices.DeleteFunc(slices.Clone(p.machine.Volumes), func(v engine.Volume) bool { return !is(v) })
		if len(found) > 0 {
			return found
		}
	}
	return nil
}
