package boot

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// dead are targets that end in no login.
var dead = []string{
	"poweroff.target", "halt.target", "reboot.target", "kexec.target", "shutdown.target", "exit.target", "suspend.target", "hibernate.target",
	"emergency.target", "rescue.target", "runlevel0.target", "runlevel1.target", "runlevel6.target", "ctrl-alt-del.target",
}

// always are units without which a boot does not end in a login, whatever the target.
var always = []string{"systemd-journald.service", "systemd-udevd.service", "systemd-remount-fs.service", "local-fs.target", "getty.target", "getty@.service", "systemd-user-sessions.service"}

const maxUnits = 100

// target looks at what systemd starts, and at all that this requires.
func (p *prover) target(v *verdict) {
	if !p.systemd {
		v.unknown("/sbin/init", "is not systemd: what it starts is not looked at")
		return
	}
	t := factsOf[facts.DefaultTarget](p, v, "default_target")
	p.unmasked(v)
	p.devices(v)
	if t == nil {
		return
	}
	if slices.Contains(dead, t.Value) {
		v.fail("", "a boot ends in %s", t.Value)
		v.repair("systemctl set-default multi-user.target")
	}
	if t.Source != nil {
		v.place(location(*t.Source))
	}
	seen := p.requires(v, t.Value)
	v.holds("%s, and what it requires: %s", t.Value, strings.Join(seen, ", "))
}

// unmasked fails for a default.target that is masked or leads nowhere, of which the facts only say that there is a problem.
func (p *prover) unmasked(v *verdict) {
	name, state := p.unit("default.target")
	if state == "" {
		return
	}
	v.fail(name, "%s", state)
	v.repair("systemctl set-default multi-user.target")
}

// requires looks at a unit and at the targets and services that it requires, which have to start with it.
func (p *prover) requires(v *verdict, first string) []string {
	queue, seen := slices.Concat([]string{first}, always, p.consoles()), []string{}
	for len(queue) > 0 && len(seen) < maxUnits {
		name := queue[0]
		queue = queue[1:]
		if slices.Contains(seen, name) {
			continue
		}
		seen = append(seen, name)
		file, state := p.unit(name)
		if state != "" {
			v.fail(file, "%s", state)
			v.repair("systemctl unmask %s, or install its package again", name)
			continue
		}
		if file == "" {
			continue // systemd makes it
		}
		own, over, ok := p.settings(v, name, file)
		if !ok {
			continue
		}
		p.required(v, name, file)
		p.commands(v, own, over)
		queue = append(queue, p.pulled(name, append(own, over...))...)
	}
	slices.Sort(seen)
	return seen
}

// unit returns the file of a unit, and what is wrong with it: the first of its name on the unit path counts.
func (p *prover) unit(name string) (file, state string) {
	if strings.ContainsAny(name, "/%") {
		return name, "is no name of a unit"
	}
	for _, dir := range facts.UnitPath() {
		file := dir + "/" + name
		o, err := p.Lstat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return file, err.Error()
		}
		if o.IsSymlink() {
			if target, err := p.ReadLink(file); err == nil && path.Clean(target) == "/dev/null" {
				return file, "is masked"
			}
			resolved, err := p.Stat(file)
			if errors.Is(err, fs.ErrNotExist) {
				return file, "is a link that leads nowhere"
			}
			if err != nil {
				return file, err.Error()
			}
			o = resolved
		}
		if o.Size == 0 {
			return file, "is masked: it is empty"
		}
		return file, ""
	}
	if strings.HasSuffix(name, ".mount") || strings.HasSuffix(name, ".slice") || strings.HasSuffix(name, ".device") {
		return "", "" // systemd makes it
	}
	return "/usr/lib/systemd/system/" + name, "does not exist"
}
