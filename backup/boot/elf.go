package boot

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxLibraries   = 500     // of one closure
	maxInterpreter = 4096    // bytes of a path
	maxSections    = 4096    // of one file, and its segments
	maxDynamic     = 8 << 20 // bytes of a table
)

// tree is where programs and their libraries are: a guest, or an initrd.
type tree interface {
	// open returns the content of the file that name leads to, and its path without links.
	open(name string) (content io.ReaderAt, size int64, path string, err error)
	// libraries are the directories that the dynamic loader searches for all programs.
	libraries(m elf.Machine) []string
}

// program is an ELF file, as far as the dynamic loader cares.
type program struct {
	path        string
	machine     elf.Machine
	class       elf.Class
	interpreter string
	needed      []string
	rpath       []string // DT_RPATH, which counts for what is needed by what is needed, too
	runpath     []string
}

// guarded runs the library's reader of ELF files, which may not stand what an attacker wrote.
func guarded(read func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = binread.Corrupt("%v", r)
		}
	}()
	return read()
}

// readProgram reads a program or library and sees that its parts are inside of the file.
func readProgram(t tree, name string) (*program, error) {
	r, size, full, err := t.open(name)
	if err != nil {
		return nil, err
	}
	p := &program{path: full}
	return p, guarded(func() error { return p.read(r, size) })
}

func (p *program) read(r io.ReaderAt, size int64) error {
	if magic, err := binread.ReadAt(r, 0, min(2, size), 2); err == nil && string(magic) == "#!" {
		return binread.Unsupported("is a script: what it runs is not followed")
	}
	f, err := elf.NewFile(r)
	if err != nil {
		return binread.Corrupt("no ELF file: %w", err)
	}
	p.machine, p.class = f.Machine, f.Class
	if f.Type != elf.ET_DYN && f.Type != elf.ET_EXEC {
		return binread.Corrupt("%s, want a program or library", f.Type)
	}
	if len(f.Progs) == 0 || len(f.Progs) > maxSections || len(f.Sections) > maxSections {
		return binread.Corrupt("%d segments and %d sections", len(f.Progs), len(f.Sections))
	}
	for _, s := range f.Progs {
		if s.Type == elf.PT_NULL || s.Filesz == 0 {
			continue
		}
		if !inside(s.Off, s.Filesz, size) {
			return binread.Corrupt("segment of %d bytes at %d of a file of %d", s.Filesz, s.Off, size)
		}
		if s.Type == elf.PT_INTERP {
			b, err := binread.ReadAt(r, int64(s.Off), int64(s.Filesz), maxInterpreter)
			if err != nil {
				return err
			}
			p.interpreter, _, _ = strings.Cut(string(b), "\x00")
		}
	}
	for _, s := range f.Sections {
		if s.Type != elf.SHT_NOBITS && s.Type != elf.SHT_NULL && !inside(s.Offset, s.FileSize, size) {
			return binread.Corrupt("section %.40q of %d bytes at %d of a file of %d", s.Name, s.FileSize, s.Offset, size)
		}
		if (s.Type == elf.SHT_DYNAMIC || s.Type == elf.SHT_STRTAB) && s.Size > maxDynamic && s.Flags&elf.SHF_ALLOC != 0 {
			return binread.Limit("section %.40q of %d bytes", s.Name, s.Size)
		}
	}
	return p.dynamic(f)
}

func inside(off, n uint64, size int64) bool { return off <= uint64(size) && n <= uint64(size)-off }

func (p *program) dynamic(f *elf.File) error {
	var err error
	list := func(tag elf.DynTag) []string {
		l, e := f.DynString(tag)
		err = errors.Join(err, e)
		return l
	}
	if f.SectionByType(elf.SHT_DYNAMIC) == nil {
		if slices.ContainsFunc(f.Progs, func(s *elf.Prog) bool { return s.Type == elf.PT_DYNAMIC }) {
			return binread.Unsupported("what it needs is not known: it has no section for that")
		}
		return nil
	}
	p.needed = list(elf.DT_NEEDED)
	origin := strings.NewReplacer("$ORIGIN", path.Dir(p.path), "${ORIGIN}", path.Dir(p.path))
	split := func(l []string) (dirs []string) {
		for _, s := range l {
			dirs = append(dirs, strings.Split(origin.Replace(s), ":")...)
		}
		return dirs
	}
	p.rpath, p.runpath = split(list(elf.DT_RPATH)), split(list(elf.DT_RUNPATH))
	if err != nil {
		return binread.Corrupt("%w", err)
	}
	return nil
}

// closure is what programs of one tree need, each file read once.
type closure struct {
	tree
	read   map[string]*program // by path without links
	named  map[string]*program // by the path that was asked for
	search map[elf.Machine][]string
}

func newClosure(t tree) *closure {
	return &closure{tree: t, read: map[string]*program{}, named: map[string]*program{}, search: map[elf.Machine][]string{}}
}

// add reads the program at name and everything that it needs. tell is called for each file that is not as it has to be.
func (c *closure) add(name string, tell func(path string, err error)) *program {
	p, err := c.once(name)
	if err != nil {
		tell(name, err)
		return nil
	}
	if old, ok := c.read[p.path]; ok {
		return old
	}
	c.read[p.path] = p
	if p.interpreter != "" {
		c.add(p.interpreter, tell)
	}
	if _, ok := c.search[p.machine]; !ok {
		c.search[p.machine] = c.libraries(p.machine)
	}
	c.load(p, tell)
	return p
}

// wanted is a library that from needs, in a program whose libraries so far had rpath.
type wanted struct {
	name  string
	from  *program
	rpath []string
}

// load reads the libraries of a program breadth first, as the dynamic loader does: one that is loaded serves all that ask for its name.
func (c *closure) load(p *program, tell func(path string, err error)) {
	var queue []wanted
	push := func(from *program, rpath []string) {
		for _, name := range from.needed {
			queue = append(queue, wanted{name, from, rpath})
		}
	}
	push(p, p.rpath)
	loaded := map[string]bool{}
	for len(queue) > 0 {
		w := queue[0]
		queue = queue[1:]
		if loaded[w.name] {
			continue
		}
		loaded[w.name] = true
		if len(loaded) > maxLibraries {
			tell(p.path, binread.Limit("more than %d libraries", maxLibraries))
			return
		}
		lib, err := c.find(w)
		if err != nil {
			tell(w.from.path, fmt.Errorf("needs %s: %w", w.name, err))
			continue
		}
		c.read[lib.path] = lib
		push(lib, slices.Concat(w.rpath, lib.rpath))
	}
}

// find is ld.so(8)'s search. A library of another machine is passed over.
func (c *closure) find(w wanted) (*program, error) {
	p, name := w.from, w.name
	dirs := slices.Concat(p.runpath, c.search[p.machine])
	if len(p.runpath) == 0 {
		dirs = slices.Concat(w.rpath, dirs)
	}
	if strings.Contains(name, "/") {
		dirs = []string{""}
	}
	var broken error
	for _, dir := range dirs {
		lib, err := c.once(path.Join(dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("%s: %w", path.Join(dir, name), err)
		case lib.machine == p.machine && lib.class == p.class:
			return lib, nil
		default:
			broken = binread.Corrupt("%s is for %s, want %s", lib.path, lib.machine, p.machine)
		}
	}
	if broken != nil {
		return nil, broken
	}
	return nil, fs.ErrNotExist
}

// once reads a program or library that was not read yet.
func (c *closure) once(name string) (*program, error) {
	if p, ok := c.named[name]; ok {
		return p, nil
	}
	p, err := readProgram(c.tree, name)
	if err == nil {
		c.named[name] = p
	}
	return p, err
}
