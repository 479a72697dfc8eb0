package boot

import (
	"context"
	"debug/elf"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// Parts are the files without which a boot of the guest does not come to a login, by their path without links, with what each is to the
// boot. It is no proof, and looks at damaged guests: what cannot be followed is left out.
func Parts(ctx context.Context, m *engine.Machine, g *guest.Guest, doc *facts.Document) map[string]string {
	p := &prover{ctx: ctx, machine: m, Guest: g, doc: doc, proof: &Proof{}, isa: elf.EM_NONE}
	parts := map[string]string{}
	add := func(name, part string) {
		if full, err := g.Resolve(name); err == nil && parts[full] == "" {
			parts[full] = part
		}
	}
	p.config(&verdict{})
	if p.entry != nil {
		add(p.entry.Kernel, "kernel")
		for _, name := range p.proof.Initrds {
			add(name, "initrd")
		}
		add(p.entry.Source.Path, "boot menu")
		add(path.Join(path.Dir(p.entry.Source.Path), "i386-pc/normal.mod"), "boot loader")
	}
	add("/etc/fstab", "what a boot mounts")
	add("/etc/passwd", "accounts")
	p.running(add)
	return parts
}

// running adds the programs that a boot runs, and the libraries that they need.
func (p *prover) running(add func(name, part string)) {
	add("/sbin/init", "init")
	if full, err := p.Resolve("/sbin/init"); err == nil {
		p.systemd = path.Base(full) == "systemd"
	}
	c := newClosure(p)
	for _, list := range [][]string{{"/sbin/init"}, p.needed(), packaged} {
		for _, name := range list {
			add(name, "program of every boot")
			c.add(name, func(string, error) {})
		}
	}
	for name := range c.read {
		part := "program of every boot"
		if strings.Contains(path.Base(name), ".so") {
			part = "library of every boot"
		}
		add(name, part)
	}
}
