package engine

import (
	"path"
	"slices"
	"strings"
)

// casperTopFiles are where a boot loader may say which layer is the uppermost, and casperOption is how.
const casperOption = "layerfs-path="

func casperTopFiles() []string {
	return []string{"/boot/grub/grub.cfg", "/boot/grub/loopback.cfg", "/isolinux/txt.cfg", "/isolinux/isolinux.cfg"}
}

// casperRoot makes the root of a live system of Ubuntu, as setup_overlay of casper does (scripts/casper): a layer lies over the one whose
// name it has but for the last part, "minimal.standard" over "minimal". Where no name has parts they lie over each other by name.
func casperRoot(m *medium) layers {
	var l layers
	byName := map[string]*Volume{}
	for _, v := range m.files {
		if path.Dir(v.File) == "/casper" {
			byName[strings.TrimSuffix(path.Base(v.File), path.Ext(v.File))] = v
		}
	}
	if len(byName) == 0 {
		return l
	}
	if top := l.casperTop(m, byName); top == "" {
		l.lower = casperByName(m)
	} else {
		l.casperChain(m, byName, top)
	}
	l.casperPersistence(m)
	return l
}

// casperByName are the layers without parts in their names, the last name above: squashfs after ext2.
func casperByName(m *medium) []*Volume {
	var all []*Volume
	for _, v := range m.files {
		if file := path.Base(v.File); path.Dir(v.File) == "/casper" && file != "ltsp.squashfs" && file != "server.squashfs" {
			all = append(all, v)
		}
	}
	slices.SortFunc(all, func(a, b *Volume) int {
		if ext := strings.Compare(path.Ext(b.File), path.Ext(a.File)); ext != 0 {
			return ext
		}
		return strings.Compare(b.File, a.File)
	})
	return all
}

// casperChain adds the layer called top and those below it.
func (l *layers) casperChain(m *medium, byName map[string]*Volume, top string) {
	for name := top; ; {
		if v := byName[name]; v != nil {
			l.lower = append(l.lower, v)
		} else {
			l.problem(true, "%s: the layer %q is missing", m.Name, name)
		}
		below := strings.TrimSuffix(name, path.Ext(name))
		if below == name {
			return
		}
		name = below
	}
}

// casperTop tells which layer is the uppermost; "" where no name has parts. What decides stands in the initial RAM disk, unless a boot
// loader says it. Without that it is the one that no other lies over; of several the one called live, as on desktops, or generic, as on
// servers.
func (l *layers) casperTop(m *medium, byName map[string]*Volume) string {
	for _, file := range casperTopFiles() {
		text, _, err := readOf(m.Volume, file)
		if err != nil {
			l.problem(false, "%s:%s: %v", m.Name, file, err)
		}
		if _, after, ok := strings.Cut(text, casperOption); ok && len(strings.Fields(after)) > 0 {
			name := path.Base(strings.Fields(after)[0])
			return strings.TrimSuffix(name, path.Ext(name))
		}
	}
	var tops []string
	for name := range byName {
		over := func(v *Volume) bool { return strings.HasPrefix(path.Base(v.File), name+".") && v != byName[name] }
		if strings.Contains(name, ".") && !slices.ContainsFunc(m.files, over) {
			tops = append(tops, name)
		}
	}
	slices.Sort(tops)
	for _, last := range []string{".live", ".generic"} {
		if i := slices.IndexFunc(tops, func(name string) bool { return strings.HasSuffix(name, last) }); i >= 0 {
			return tops[i]
		}
	}
	switch len(tops) {
	case 0:
		return ""
	case 1:
	default:
		l.problem(true, "%s: %d layers can be the uppermost, of which the boot chooses one; took %q", m.Name, len(tops), tops[0])
	}
	return tops[0]
}

// casperPersistence adds what the system wrote: on a file system, or in a file of one, that is called writable, or casper-rw where nothing
// is. What older versions wrote beside the directory "upper" is moved into it by the next boot.
func (l *layers) casperPersistence(m *medium) {
	found := m.labelled("writable")
	if len(found) == 0 {
		found = m.labelled("casper-rw")
	}
	if len(found) > 0 {
		l.persistence(found, "upper")
		if l.upper == nil && found[0].FS != nil && !empty(found[0]) {
			l.problem(true, "%s: written by an older version: what is in it is not laid over", found[0].Name)
		}
	}
	if home := m.labelled("home-rw"); len(home) > 0 {
		l.layHome(home[0])
	}
}

// empty reports whether a volume holds nothing but what every new file system does.
func empty(v *Volume) bool {
	entries, err := v.FS.ReadDir(v.FS.Root())
	for _, e := range entries {
		if e.Name != "lost+found" {
			return false
		}
	}
	return err == nil
}
