package sysctl

import (
	"slices"

	"github.com/guestctl/guestctl/engine/facts"
)

// kernel is the state of the parameters while they are written.
type kernel struct {
	set     map[string]facts.Value[string] // by dotted key
	derived []facts.SysctlDerived
}

// write sets one parameter. The values of earlier lines with the same key are in v already; those of a pattern are not.
func (k *kernel) write(key string, v facts.Value[string]) {
	key = dotted(key)
	old, ok := k.set[key]
	if ok && old.Source != nil {
		v.Shadowed = append(slices.Clone(v.Shadowed), old.Shadowed...)
		v.Shadowed = append(v.Shadowed, facts.Shadow[string]{Source: *old.Source, Value: old.Value})
	}
	k.set[key] = v
	for _, e := range effects(key, v.Value, old.Value) {
		k.derive(e, key, *v.Source)
	}
}

// effect is what writing one parameter does to another.
type effect struct{ key, value, note string }

const (
	ipForward  = "net.ipv4.ip_forward"
	forwarding = "net.ipv4.conf.all.forwarding"
)

// effects are those of inet_forward_change and addrconf_fixup_forwarding in Linux, which act when the value changes.
func effects(key, value, old string) []effect {
	on := value != "0"
	if was := old != "" && old != "0"; on == was && key != ipForward && key != forwarding {
		return nil
	}
	redirects := "1"
	if on {
		redirects = "0"
	}
	switch key {
	case ipForward, forwarding:
		twin := forwarding
		if key == forwarding {
			twin = ipForward
		}
		all := []effect{{twin, value, "is the same parameter"}}
		if was := old != "" && old != "0"; on != was {
			all = append(all,
				effect{"net.ipv4.conf.default.forwarding", value, "follows forwarding of all interfaces"},
				effect{"net.ipv4.conf.all.accept_redirects", redirects, "is the opposite of forwarding whenever that changes"})
		}
		return all
	case "net.ipv6.conf.all.forwarding":
		return []effect{{"net.ipv6.conf.default.forwarding", value, "follows forwarding of all interfaces"}}
	}
	return nil
}

func (k *kernel) derive(e effect, from string, at facts.Source) {
	k.derived = append(k.derived, facts.SysctlDerived{Key: e.key, Value: e.value, From: from, Note: e.note, Source: at})
	old, ok := k.set[e.key]
	if ok && old.Value == e.value {
		return
	}
	v := facts.Value[string]{Value: e.value, Source: &at}
	if ok && old.Source != nil {
		v.Shadowed = append(slices.Clone(old.Shadowed), facts.Shadow[string]{Source: *old.Source, Value: old.Value})
	}
	k.set[e.key] = v
}
