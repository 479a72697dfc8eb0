package policy

import (
	"fmt"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// disabledModules makes one check of each kernel module that must not get into the kernel.
func disabledModules(c *compiler, n *node) {
	text, o, ok := c.namedEntry(n, `"usb-storage"`)
	if !ok {
		return
	}
	if strings.ContainsAny(text, "*?[/.") {
		c.fail(n.at, "%q is no name of a kernel module", text)
		return
	}
	c.add(n, Check{
		ID: "kernel.modules_disabled/" + text, Key: facts.ModuleName(text), Title: "Kernel module " + text + " cannot be loaded",
		Needs: facts.Request{Domains: []string{domainModprobe, domainKernel}}, Absent: []string{domainModprobe, domainKernel},
		Eval: func(doc *facts.Document) Outcome { return judgeModule(doc, text) },
	}, o)
}

func judgeModule(doc *facts.Document, name string) Outcome {
	o := Outcome{Status: finding.Pass, Expected: "not loadable"}
	presence, module := "", facts.Module{}
	kernels, some := facts.Get[facts.Kernels](doc, domainKernel)
	if some {
		presence = kernels.Presence(name)
	}
	m, _ := facts.Get[facts.Modprobe](doc, domainModprobe)
	if m != nil {
		module = m.Find(name)
	}
	if module.BlockedBy != nil {
		o.Where = append(o.Where, location(*module.BlockedBy, ""))
	}
	for _, s := range module.Blacklist {
		o.Where = append(o.Where, location(s, ""))
	}
	switch {
	case presence == "builtin":
		o.Status, o.Actual = finding.Fail, "built into the kernel, whatever modprobe's files say"
	case m != nil && m.Disabled != nil:
		o.Actual = "the kernel loads no module at all"
		o.Where = append(o.Where, location(*m.Disabled, ""))
	case presence == "absent":
		o.Actual = "not among the modules of the installed kernels"
	case module.Blocked && some && len(kernels.Installed) > 0 && presence == "":
		return unknown("which modules are built into the kernel is not known")
	case module.Blocked:
		o.Actual = "blocked"
	case module.Blacklisted:
		o.Status, o.Actual = finding.Fail, "blacklisted, which does not keep it from being loaded by name"
	default:
		o.Status, o.Actual = finding.Fail, "loadable"
	}
	o.Message = o.Actual
	if o.Status == finding.Fail {
		o.Message = fmt.Sprintf("want %s, is %s", o.Expected, o.Actual)
		if presence != "builtin" && plainName.MatchString(name) {
			o.Fix = fmt.Sprintf("write \"install %s /bin/false\" into /etc/modprobe.d/%s.conf", name, name)
		}
	}
	return o
}
