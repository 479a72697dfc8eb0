package boot

import (
	"debug/elf"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxConf    = 1 << 20   // bytes of a file of ld.so
	maxProgram = 256 << 20 // bytes of a program whose digest is taken
)

// packaged are programs that a boot runs where the guest has them: one that a package has must be there.
var packaged = []string{
	"/sbin/agetty", "/bin/login", "/bin/kmod", "/usr/lib/systemd/systemd-executor", "/usr/lib/systemd/systemd-remount-fs",
	"/usr/lib/systemd/systemd-logind", "/usr/lib/systemd/system-generators/systemd-fstab-generator",
	"/usr/lib/systemd/system-generators/systemd-getty-generator",
}

// programs returns the machine that the guest's programs are for, of its init or shell.
func (p *prover) programs() elf.Machine {
	if p.isa != elf.EM_NONE {
		return p.isa
	}
	for _, name := range []string{"/sbin/init", "/bin/sh"} {
		if f, err := readProgram(p, name); err == nil {
			p.isa = f.machine
			break
		}
	}
	return p.isa
}

func (p *prover) open(name string) (content io.ReaderAt, size int64, full string, err error) {
	f, err := p.Open(name)
	if err != nil {
		return nil, 0, "", err
	}
	return f, f.Size(), f.Path, nil
}

// defaultLibraries are the directories that ld.so(8) knows itself, with those of Debian's multiarch.
func defaultLibraries(m elf.Machine) []string {
	dirs := []string{"/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib"}
	if triple := map[elf.Machine]string{elf.EM_X86_64: "x86_64-linux-gnu", elf.EM_386: "i386-linux-gnu", elf.EM_AARCH64: "aarch64-linux-gnu"}[m]; triple != "" {
		dirs = append([]string{"/lib/" + triple, "/usr/lib/" + triple}, dirs...)
	}
	return dirs
}

func (p *prover) libraries(m elf.Machine) []string {
	return slices.Concat(p.ldConf("/etc/ld.so.conf", 0), defaultLibraries(m))
}

// ldConf reads the directories of ldconfig(8), whose cache the dynamic loader searches.
func (p *prover) ldConf(file string, depth int) []string {
	const maxDepth, maxDirs = 4, 200
	b, err := p.ReadFile(file, maxConf)
	if err != nil || depth > maxDepth {
		return nil // without it the loader has its own directories
	}
	var dirs []string
	for line := range strings.SplitSeq(string(b), "\n") {
		line, _, _ = strings.Cut(line, "#")
		w := strings.Fields(line)
		switch {
		case len(w) == 0 || len(dirs) > maxDirs:
		case w[0] == "include" && len(w) > 1:
			for _, name := range p.matching(path.Join(path.Dir(file), w[1]), w[1]) {
				dirs = append(dirs, p.ldConf(name, depth+1)...)
			}
		case strings.HasPrefix(w[0], "/"):
			dirs = append(dirs, w[0])
		}
	}
	return dirs
}

// matching are the files that an include of ld.so.conf names.
func (p *prover) matching(relative, given string) []string {
	pattern := relative
	if strings.HasPrefix(given, "/") {
		pattern = given
	}
	entries, err := p.ReadDir(path.Dir(pattern))
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if ok, err := path.Match(path.Base(pattern), e.Name); ok && err == nil {
			names = append(names, path.Dir(pattern)+"/"+e.Name)
		}
	}
	return names
}

// init looks at the first program and at those without which nobody logs in.
func (p *prover) init(v *verdict) {
	name := "/sbin/init"
	if p.entry != nil {
		if a, ok := p.entry.Arg("init"); ok && a.Value != "" {
			name = a.Value
			v.place(location(p.entry.Source))
		}
	}
	full, err := p.Resolve(name)
	if err != nil {
		v.unread(name, err)
		v.repair("install the package of the init system again")
		return
	}
	p.systemd = path.Base(full) == "systemd"
	c := newClosure(p)
	tell := func(path string, err error) {
		if errors.Is(err, fs.ErrNotExist) || isCorrupt(err) {
			v.fail(path, "%v", err)
		} else {
			v.unknown(path, "%v", err)
		}
	}
	first := c.add(name, tell)
	if first == nil {
		return
	}
	for _, prog := range p.needed() {
		c.add(prog, tell)
	}
	for _, prog := range packaged {
		switch _, err := p.Resolve(prog); {
		case err == nil:
			c.add(prog, tell)
		case p.owned(prog):
			v.unread(prog, err)
		default:
			if !strings.Contains(prog, "/systemd/") {
				v.note("%s is not there, and no package of the guest has it", prog)
			}
		}
	}
	p.runnable(v, c, first)
	p.policed(v)
	v.holds("%s is %s; %d programs and libraries have all they need", name, full, len(c.read))
}

// policed tells whether SELinux lets the init start: systemd stops where it is to enforce a policy that is not there.
func (p *prover) policed(v *verdict) {
	se, ok := facts.Get[facts.SELinux](p.doc, "selinux")
	if ok && se.Config != nil && se.Config.Value == "enforcing" && se.Policy == nil {
		v.unknown("/etc/selinux/config", "SELinux is to enforce a policy, and there is none")
		v.repair("install the policy again, or set SELINUX=permissive")
	}
}

// needed are the programs that a boot runs.
func (p *prover) needed() []string {
	list := []string{"/bin/sh", "/bin/mount"}
	if p.systemd {
		list = append(list, "/usr/lib/systemd/systemd", "/usr/lib/systemd/systemd-journald", "/bin/udevadm")
	}
	return list
}

// owned reports whether a package has the file, under its path or that of a merged /usr.
func (p *prover) owned(name string) bool {
	owner := p.opts.Packages.Owner
	return owner(name) != "" || owner("/usr"+name) != "" || owner(strings.TrimPrefix(name, "/usr")) != ""
}

// runnable tells whether the files may be run, are for one machine, and are as their packages have them.
func (p *prover) runnable(v *verdict, c *closure, first *program) {
	var paths []string
	for name := range c.read {
		paths = append(paths, name)
	}
	slices.Sort(paths)
	for _, name := range paths {
		f := c.read[name]
		if f.machine != first.machine {
			v.fail(name, "is for %s, and the init for %s", f.machine, first.machine)
		}
		o, err := p.Stat(name)
		if err != nil {
			v.unread(name, err)
			continue
		}
		if f.interpreter != "" && !strings.Contains(path.Base(name), ".so") && o.Mode&0o111 == 0 {
			v.fail(name, "may not be run: its mode is %04o", o.Mode&^filesys.ModeType)
		}
		b, err := o.ReadAll(maxProgram)
		if err != nil {
			v.unread(name, err)
			continue
		}
		p.packaged(v, name, b)
	}
}

// modules looks at the modules that the running system loads.
func (p *prover) modules(v *verdict) {
	dir := "/lib/modules/" + p.release
	if p.release == "" {
		v.unknown(p.entry.Kernel, "the release of the kernel is not known")
		return
	}
	for _, name := range []string{"modules.builtin", "modules.dep"} {
		o, err := p.Stat(dir + "/" + name)
		switch {
		case err != nil:
			v.unread(dir+"/"+name, err)
			v.repair("install the package of the kernel again, and run depmod %s", p.release)
		case o.Size == 0:
			v.fail(dir+"/"+name, "is empty")
			v.repair("run depmod %s", p.release)
		}
	}
	v.holds("%s", dir)
}

// accounts looks for root in the file that everything asks first.
func (p *prover) accounts(v *verdict) {
	const passwd, shadow, group = "/etc/passwd", "/etc/shadow", "/etc/group"
	if _, err := p.Stat(group); err != nil {
		v.unread(group, err) // udev, D-Bus and every unit with a group of its own ask it
	}
	b, err := p.ReadFile(passwd, maxConf)
	if err != nil {
		v.unread(passwd, err)
		return
	}
	n := 0
	for line := range strings.SplitSeq(string(b), "\n") {
		n++
		f := strings.Split(line, ":")
		if f[0] != "root" {
			continue
		}
		if len(f) != 7 || f[2] != "0" {
			v.fail(passwd, "line %d: root has %d fields, want 7, with the id 0", n, len(f))
			return
		}
		if f[1] == "x" {
			if _, err := p.Stat(shadow); err != nil {
				v.unread(shadow, err)
			}
		}
		shell := f[6]
		if shell == "" {
			shell = "/bin/sh"
		}
		if _, err := p.Stat(shell); err != nil {
			v.unread(shell, err)
		}
		v.holds("%s:%d: root, with the shell %s", passwd, n, shell)
		return
	}
	v.fail(passwd, "has no root")
}
