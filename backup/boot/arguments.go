package boot

import (
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

const minMemory = 256 << 20 // bytes with which a kernel of a distribution and its initrd start

// stopper is an argument of the kernel with which a boot may not end in a login of this guest.
type stopper struct {
	key string
	why string
	// but are values that do no harm.
	but []string
}

var stoppers = []stopper{
	{"boot", "the initrd looks for the root file system in a way of its own", []string{"local"}}, // initramfs-tools(7)
	{"nfsroot", "the root file system is on the network", nil},
	{"netroot", "the root file system is on the network", nil},
	{"memmap", "memory is taken from the kernel", nil},
	{"initcall_blacklist", "parts of the kernel do not start", nil},
	{"rd.systemd.unit", "the initrd ends in another unit", []string{"initrd.target"}},
	{"systemd.mask", "a unit is masked", nil},
}

// arguments looks at what the kernel is told beside its root file system.
func (p *prover) arguments(v *verdict) {
	for _, a := range p.entry.Args {
		at := location(p.entry.Source)
		if a.Source != nil {
			at = location(*a.Source)
		}
		told := strings.TrimSuffix(a.Key+"="+a.Value, "=")
		for name, key := range denied(&facts.BootEntry{Args: []facts.BootArg{a}}) {
			if isDiskModule(name) {
				v.unknownAt(at, "the argument %s keeps out a driver of disks, %s", key, name)
			}
		}
		for _, s := range stoppers {
			if s.key == a.Key && !slices.Contains(s.but, a.Value) {
				v.unknownAt(at, "the argument %s: %s", told, s.why)
			}
		}
		if n, ok := bytesOf(a.Value); a.Key == "mem" && ok && n < minMemory {
			v.failAt(at, "the argument %s leaves the kernel too little memory, want at least %d bytes", told, minMemory)
		}
	}
}

func isDiskModule(name string) bool {
	return slices.ContainsFunc(anyDisk, func(d driver) bool { return slices.Contains(d.modules, name) })
}

// bytesOf reads a size as the kernel does: 512M.
func bytesOf(s string) (int64, bool) {
	shift := 0
	if i := strings.IndexAny(s, "kKmMgG"); i == len(s)-1 && i > 0 {
		shift = map[byte]int{'k': 10, 'm': 20, 'g': 30}[s[i]|0x20]
		s = s[:i]
	}
	n, err := strconv.ParseInt(s, 0, 32)
	return n << shift, err == nil && n >= 0
}

// denied are the modules that the kernel's arguments keep from being loaded (modprobe(8), kernel-parameters.txt).
func denied(e *facts.BootEntry) map[string]string {
	names := map[string]string{}
	for _, a := range e.Args {
		switch a.Key {
		case "modprobe.blacklist", "module_blacklist", "rd.driver.blacklist":
			for name := range strings.SplitSeq(a.Value, ",") {
				names[strings.ReplaceAll(name, "-", "_")] = a.Key
			}
		}
	}
	return names
}
