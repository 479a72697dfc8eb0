package boot

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxDropIns = 100
	deviceRule = "udev/rules.d/99-systemd.rules" // tells systemd which devices are there
)

// pulls are the settings of [Unit] that make a unit start with another, or not at all.
var pulls = []string{"Requires", "BindsTo", "Requisite"}

// settings reads the file of a unit and what is laid over it. It returns false where the file is no unit.
func (p *prover) settings(v *verdict, name, file string) (own, over []facts.Setting, ok bool) {
	b, err := p.ReadFile(file, maxConf)
	if err != nil {
		v.unread(file, err)
		return nil, nil, false
	}
	own = facts.ParseSettings(file, b, func(int, error) {})
	if bytes.IndexByte(b, 0) >= 0 || len(own) == 0 {
		v.fail(file, "is no unit: it has no settings")
		v.repair("install its package again")
		return nil, nil, false
	}
	if full, err := p.Resolve(file); err == nil {
		p.packaged(v, full, b)
	}
	for _, dropIn := range p.dropIns(name) {
		b, err := p.ReadFile(dropIn, maxConf)
		if err != nil {
			v.unread(dropIn, err)
			continue
		}
		over = append(over, facts.ParseSettings(dropIn, b, func(int, error) {})...)
	}
	return own, over, true
}

// dropIns are the files that are laid over a unit (systemd.unit(5)).
func (p *prover) dropIns(name string) []string {
	dirs := []string{name + ".d"}
	if at := strings.IndexByte(name, '@'); at >= 0 && path.Ext(name) != "" {
		dirs = append(dirs, name[:at+1]+path.Ext(name)+".d")
	}
	var files []string
	for _, unitDir := range facts.UnitPath() {
		for _, dir := range dirs {
			for _, file := range p.names(unitDir+"/"+dir, ".conf") {
				if len(files) < maxDropIns && !slices.Contains(files, file) {
					files = append(files, file)
				}
			}
		}
	}
	return files
}

// names are the files of a directory that end in suffix; none where it is not there.
func (p *prover) names(dir, suffix string) []string {
	entries, err := p.ReadDir(dir)
	if err != nil {
		return nil
	}
	var files []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name, suffix) {
			files = append(files, dir+"/"+e.Name)
		}
	}
	return files
}

// pulled are the units that have to start with one: by its settings, and by links in directories beside it.
func (p *prover) pulled(name string, settings []facts.Setting) []string {
	var all []string
	for _, s := range settings {
		if s.Section == "Unit" && slices.Contains(pulls, s.Key) {
			for name := range strings.FieldsSeq(s.Value) {
				if !strings.Contains(name, "%") { // of an instance, such as the device of a serial line
					all = append(all, name)
				}
			}
		}
	}
	for _, dir := range facts.UnitPath() {
		for _, file := range p.names(dir+"/"+name+".requires", "") {
			all = append(all, path.Base(file))
		}
	}
	return all
}

// commands tells whether what is laid over a unit has it run another program, or one that is not there.
func (p *prover) commands(v *verdict, own, over []facts.Setting) {
	usual := map[string]bool{}
	for _, s := range own {
		if s.Key == "ExecStart" {
			usual[path.Base(command(s.Value))] = true
		}
	}
	for _, s := range over {
		run := command(s.Value)
		if s.Key != "ExecStart" || run == "" {
			continue
		}
		if _, err := p.Stat(run); strings.HasPrefix(run, "/") && err != nil {
			v.unread(run, err)
			v.place(location(s.Source))
		} else if !usual[path.Base(run)] {
			v.unknownAt(location(s.Source), "has a boot run %s", run)
		}
	}
}

// command is the program of a line of ExecStart= (systemd.service(5)).
func command(line string) string {
	w := strings.Fields(strings.TrimLeft(line, "@-:+!"))
	if len(w) == 0 {
		return ""
	}
	return w[0]
}

// required tells of a unit that others require whether a package has it: of what is made by hand nothing says that it starts.
func (p *prover) required(v *verdict, name, file string) {
	if full, err := p.Resolve(file); err == nil && !p.owned(full) && p.opts.Packages.Len() > 0 {
		v.unknown(file, "has to start before a login (%s), and no package has it: whether it does is not known", name)
	}
}

// consoles are the units that make a login on what the kernel is told to write to: serial lines, beside the screen.
func (p *prover) consoles() []string {
	if p.entry == nil {
		return nil
	}
	for _, a := range p.entry.Args {
		name, _, _ := strings.Cut(a.Value, ",")
		if a.Key == "console" && name != "tty0" && strings.HasPrefix(name, "tty") {
			return []string{"serial-getty@.service"}
		}
	}
	return nil
}

// devices tells whether udev tells systemd of devices, for which mounts and logins on serial lines wait.
func (p *prover) devices(v *verdict) {
	for _, dir := range []string{"/etc/", "/usr/lib/", "/lib/"} {
		b, err := p.ReadFile(dir+deviceRule, maxConf)
		if err != nil {
			continue
		}
		if !bytes.Contains(b, []byte(`TAG+="systemd"`)) {
			v.fail(dir+deviceRule, "tells systemd of no device")
		}
		if full, err := p.Resolve(dir + deviceRule); err == nil {
			p.packaged(v, full, b)
		}
		return
	}
	v.fail("/usr/lib/"+deviceRule, "does not exist: systemd waits in vain for disks and serial lines")
	v.repair("install the package of udev again")
}
