package modprobe

import (
	"errors"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// words are the arguments of the kernel that have a say.
var words = []string{"module_blacklist", "modprobe.blacklist", "modules_load", "modules-load", "nomodule"}

// commandLine reads the arguments of the default boot entry (kernel-parameters.txt of Linux, modprobe(8),
// systemd-modules-load.service(8)).
func (c *collector) commandLine() {
	boot, ok := facts.Of[facts.Boot](c.s, "boot")
	if !ok {
		return // the status of boot says why
	}
	e, ok := boot.DefaultEntry()
	if !ok {
		if slices.ContainsFunc(boot.Entries, speaks) {
			c.s.Problem("/boot", 0, errors.New("which arguments about modules count is not known: "+boot.Why))
		}
		return
	}
	for _, a := range e.Args {
		at := e.Source
		if a.Source != nil {
			at = *a.Source
		}
		if slices.Contains(words, a.Key) {
			c.argument(a, at)
		}
	}
}

func speaks(e facts.BootEntry) bool {
	return slices.ContainsFunc(e.Args, func(a facts.BootArg) bool { return slices.Contains(words, a.Key) })
}

func (c *collector) argument(a facts.BootArg, at facts.Source) {
	if a.Key == "nomodule" {
		c.out.Disabled = &at
		return
	}
	for name := range strings.SplitSeq(a.Value, ",") {
		if name == "" {
			continue
		}
		switch a.Key {
		case "modules_load", "modules-load":
			c.addLoad(name, at)
			continue
		}
		m := c.module(facts.ModuleName(name), at)
		if m == nil {
			return
		}
		if a.Key == "module_blacklist" { // the kernel itself refuses it
			m.Blocked, m.BlockedBy = true, &at
			continue
		}
		m.Blacklisted = true
		m.Blacklist = append(m.Blacklist, at)
	}
}
