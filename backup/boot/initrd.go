package boot

import (
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/scanner/archive"
)

const (
	maxInitrd   = 1 << 30   // bytes
	maxKept     = 512 << 20 // bytes of programs and libraries that are kept while an initrd is looked at
	maxOneKept  = 64 << 20  // of one of them
	maxLinks    = 40        // on the way to a file
	keptOfOther = 4 << 10   // bytes of scripts and modules
)

// initrd is what the kernel unpacks into its first root file system.
type initrd struct {
	files map[string][]byte // content of programs and libraries, and the beginning of others, by path without a leading slash
	sizes map[string]int64
	links map[string]string
	kept  int64
}

func newInitrd() *initrd {
	return &initrd{files: map[string][]byte{}, sizes: map[string]int64{}, links: map[string]string{}}
}

// initrd looks at the initrds of the default entry, which the kernel unpacks one after the other into the same tree.
func (p *prover) initrd(v *verdict) {
	if len(p.proof.Initrds) == 0 {
		v.unknown("", "the default entry has no initrd: what the kernel has built in is not enough to tell that it mounts the root")
		v.place(location(p.entry.Source))
		return
	}
	all := newInitrd()
	for _, name := range p.proof.Initrds {
		p.unpackInitrd(v, name, all)
	}
	if !v.ok() {
		return
	}
	p.early(v, all)
	p.drivers(v, all)
	v.holds("%s: %d files, each archive up to its end", strings.Join(p.proof.Initrds, ", "), len(all.files))
}

// unpackInitrd adds the files of one initrd. Every archive in it has to unpack to its end.
func (p *prover) unpackInitrd(v *verdict, name string, all *initrd) {
	full, b, ok := p.initrdFile(v, name)
	if !ok {
		return
	}
	if !archive.Is(b) {
		v.fail(full, "is no archive: %d bytes that begin with %x", len(b), b[:min(8, len(b))])
		v.repair("make the initrd again: update-initramfs -u -k %s, or dracut --force", p.release)
		return
	}
	before := len(all.files)
	err := archive.Walk(b, budget(p.ctx, b), archive.Visitor{
		Member: all.member,
		Link:   func(name, target string) { all.links[clean(name)] = target },
		Problem: func(member string, err error) {
			if isCorrupt(err) {
				v.fail(full, "%v", err)
				v.repair("make the initrd again: update-initramfs -u -k %s, or dracut --force", p.release)
				return
			}
			v.unknown(full, "%s: %v", member, err)
		},
	})
	if err != nil {
		v.unknown(full, "%v", err)
	}
	if len(all.files) == before && v.ok() {
		v.fail(full, "holds no files")
	}
}

// initrdFile reads an initrd, which may be in a unified kernel image.
func (p *prover) initrdFile(v *verdict, name string) (full string, b []byte, ok bool) {
	if p.unifiedImage != nil {
		return name, p.unifiedImage.section(".initrd"), true
	}
	o, err := p.Stat(name)
	if err != nil {
		v.unread(name, err)
		v.place(location(p.entry.Source))
		v.repair("make the initrd again: update-initramfs -u -k %s, or dracut --force", p.release)
		return name, nil, false
	}
	b, err = o.ReadAll(maxInitrd)
	if err != nil {
		v.unread(o.Path, err)
		return o.Path, nil, false
	}
	return o.Path, b, true
}

func isCorrupt(err error) bool { return errors.Is(err, binread.ErrCorrupt) }

func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// member keeps what is looked at later.
func (i *initrd) member(m archive.Member) error {
	name := clean(m.Name)
	limit := int64(keptOfOther)
	if isProgram(name) {
		limit = maxOneKept
	}
	if i.kept += min(limit, m.Size); i.kept > maxKept {
		return binread.Limit("programs and libraries of more than %d bytes", maxKept)
	}
	b := make([]byte, min(limit, max(m.Size, 0)))
	if _, err := io.ReadFull(m, b); err != nil {
		return nil //nolint:nilerr // the walk tells what is wrong with the archive
	}
	i.files[name], i.sizes[name] = b, m.Size
	delete(i.links, name)
	return nil
}

// isProgram tells by the path what may be a program, library or script that a boot needs.
func isProgram(name string) bool {
	dir := path.Base(path.Dir(name))
	return dir == "bin" || dir == "sbin" || name == "init" || strings.Contains(path.Base(name), ".so") || strings.Contains(name, "lib/systemd/") || strings.HasPrefix(name, "scripts/")
}

// resolve follows the links of the tree.
func (i *initrd) resolve(name string) (string, error) {
	rest, at := strings.Split(name, "/"), ""
	for hops := 0; len(rest) > 0; {
		next := rest[0]
		rest = rest[1:]
		switch next {
		case "", ".":
			continue
		case "..":
			at = clean(path.Dir("/" + at))
			continue
		}
		full := clean(at + "/" + next)
		target, ok := i.links[full]
		if !ok {
			at = full
			continue
		}
		if hops++; hops > maxLinks {
			return "", binread.Limit("more than %d links on the way", maxLinks)
		}
		if strings.HasPrefix(target, "/") {
			at = ""
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return at, nil
}

func (i *initrd) open(name string) (content io.ReaderAt, size int64, full string, err error) {
	full, err = i.resolve(name)
	if err != nil {
		return nil, 0, "", err
	}
	b, ok := i.files[full]
	if !ok {
		return nil, 0, "", fs.ErrNotExist
	}
	return bytes.NewReader(b), i.sizes[full], "/" + full, nil
}

func (i *initrd) libraries(m elf.Machine) []string { return defaultLibraries(m) }

// early looks at what runs before the root file system is there.
func (p *prover) early(v *verdict, i *initrd) {
	name := "init"
	if a, ok := p.entry.Arg("rdinit"); ok {
		name = clean(a.Value)
	}
	_, _, at, err := i.open(name)
	where := strings.Join(p.proof.Initrds, ", ")
	if err != nil {
		v.fail(where, "has no /%s", name)
		v.repair("make the initrd again: update-initramfs -u -k %s, or dracut --force", p.release)
		return
	}
	c := newClosure(i)
	tell := func(path string, err error) { v.fail(where, "%s: %v", path, err) }
	p.script(v, i, c, clean(at), tell)
	p.assembled(v, i, c, bytes.Contains(i.files[clean(at)], []byte("/scripts/functions")), tell)
	for _, name := range []string{"/bin/sh", "/sbin/modprobe", "/bin/kmod", "/bin/udevadm", "/bin/mount"} {
		if _, _, _, err := i.open(name); err == nil {
			c.add(name, tell)
		}
	}
	for path, f := range c.read {
		if p.programs() != elf.EM_NONE && f.machine != p.programs() {
			v.fail(where, "%s is for %s, want %s", path, f.machine, p.programs())
		}
	}
}

// script follows what init is: a program, or a script with its interpreter.
func (p *prover) script(v *verdict, i *initrd, c *closure, init string, tell func(string, error)) {
	head := i.files[init]
	line, isScript := bytes.CutPrefix(head, []byte("#!"))
	if !isScript {
		c.add(init, tell)
		return
	}
	if bytes.Contains(head, []byte("/scripts/functions")) { // of initramfs-tools
		for _, name := range []string{"scripts/functions", "scripts/local", "conf/initramfs.conf"} {
			if i.sizes[name] == 0 {
				v.fail(strings.Join(p.proof.Initrds, ", "), "has no %s, which its init runs", name)
			}
		}
		p.asTools(v, i, c, tell)
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	words := strings.Fields(string(line))
	if len(words) == 0 {
		v.fail(init, "is a script without an interpreter")
		return
	}
	c.add(words[0], tell)
}

// modules are the names of the modules for a release, with _ for -.
func (i *initrd) modules(release string) (names map[string]string, others []string) {
	names = map[string]string{}
	for file := range i.files {
		name, ok := strings.CutPrefix(strings.TrimPrefix(file, "usr/"), "lib/modules/")
		module, isModule := moduleOf(file)
		if !ok || !isModule {
			continue
		}
		of, _, _ := strings.Cut(name, "/")
		if of == release {
			names[module] = file
		} else if !slices.Contains(others, of) {
			others = append(others, of)
		}
	}
	slices.Sort(others)
	return names, others
}

// moduleOf is the name of the module in a file, as the kernel has it.
func moduleOf(file string) (string, bool) {
	base := path.Base(file)
	for _, ext := range []string{".xz", ".zst", ".gz"} {
		base = strings.TrimSuffix(base, ext)
	}
	name, ok := strings.CutSuffix(base, ".ko")
	return strings.ReplaceAll(name, "-", "_"), ok
}
