package policy

import (
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

const selinuxAbsent = "absent"

// selinux judges the mode in effect after a boot. A guest without SELinux is absent, which is a value like the others.
func selinux(c *compiler, n *node) {
	c.setting(n, &setting{
		title: "SELinux", severity: finding.High, domains: []string{"selinux"}, absent: []string{"selinux"},
		values: selinuxModes(),
		read: func(doc *facts.Document) (reading, Outcome) {
			s, ok := facts.Get[facts.SELinux](doc, "selinux")
			if !ok {
				return reading{set: true, value: selinuxAbsent}, Outcome{}
			}
			o := Outcome{Where: selinuxWhere(s)}
			if s.Relabel {
				o.Notes = append(o.Notes, "/.autorelabel asks for a relabel at the next boot")
			}
			if s.Policy == nil && s.Mode.Value != selinuxAbsent && s.Mode.Value != "disabled" {
				o.Notes = append(o.Notes, "no policy that could be loaded was found")
			}
			return reading{set: s.Mode.Value != "", value: s.Mode.Value}, o
		},
		fix: selinuxFix,
	})
}

// selinuxWhere lists every line that has a say in the mode, and marks the one that wins.
func selinuxWhere(s *facts.SELinux) []finding.Location {
	var candidates []facts.Source
	add := func(one *facts.Source) {
		if one == nil || one.Path == "" {
			return
		}
		for _, have := range candidates {
			if have.Path == one.Path && have.Line == one.Line {
				return
			}
		}
		candidates = append(candidates, *one)
	}
	if s.Config != nil {
		for i := range s.Config.Shadowed {
			add(&s.Config.Shadowed[i].Source)
		}
		add(s.Config.Source)
	}
	for i := range s.Kernel {
		add(&s.Kernel[i].Source)
	}
	for i := range s.Mode.Shadowed {
		add(&s.Mode.Shadowed[i].Source)
	}
	add(s.Mode.Source)
	var where []finding.Location
	for _, one := range candidates {
		note := ""
		if decides(s, one) && len(candidates) > 1 {
			note = "wins"
		}
		where = append(where, location(one, note))
	}
	return where
}

func decides(s *facts.SELinux, one facts.Source) bool {
	return s.Mode.Source != nil && s.Mode.Source.Path == one.Path && s.Mode.Source.Line == one.Line
}

// selinuxFix names the smallest change that leads to want, where there is one.
func selinuxFix(doc *facts.Document, want string) string {
	s, ok := facts.Get[facts.SELinux](doc, "selinux")
	redHat := isRedHat(doc, s)
	switch {
	case want == selinuxAbsent:
		return ""
	case !ok || s.Mode.Value == selinuxAbsent:
		if redHat {
			return "dnf install selinux-policy-targeted, then touch /.autorelabel and boot"
		}
		if family(doc) == "debian" {
			return "apt install selinux-basics selinux-policy-default, then selinux-activate and boot"
		}
		return "install SELinux and a policy"
	}
	for _, k := range s.Kernel {
		if !decides(s, k.Source) || (k.Key != "enforcing" && k.Key != "selinux") {
			continue
		}
		if redHat {
			return "grubby --update-kernel=ALL --remove-args=" + k.Key
		}
		return "remove " + k.Key + "=" + k.Value + " from the kernel's arguments (GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub)"
	}
	return "write SELINUX=" + want + " into /etc/selinux/config"
}

// family is the family of distributions the guest belongs to, by what of the document says so.
func family(doc *facts.Document) string {
	if os, ok := facts.Get[facts.OS](doc, domainOS); ok && os.Family != "" {
		return os.Family
	}
	if p, ok := facts.Get[facts.Packages](doc, domainPackages); ok {
		switch p.Manager {
		case "dpkg":
			return "debian"
		case "rpm":
			return "rhel"
		}
	}
	return ""
}

// isRedHat also goes by the boot loader entries that only this family writes, so that a fix can be told without more facts.
func isRedHat(doc *facts.Document, s *facts.SELinux) bool {
	if f := family(doc); f != "" {
		return f == "rhel"
	}
	if s == nil {
		return false
	}
	for _, k := range s.Kernel {
		if len(k.Source.Path) > len(blsEntries) && k.Source.Path[:len(blsEntries)] == blsEntries {
			return true
		}
	}
	return false
}

const blsEntries = "/boot/loader/entries/"

func selinuxModes() []string { return []string{"enforcing", "permissive", "disabled", selinuxAbsent} }
