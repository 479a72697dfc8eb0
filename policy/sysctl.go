package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// sysctlSetting judges what a parameter of the kernel is set to at boot. One that no file sets has the kernel's default,
// which is not on the disk.
func sysctlSetting(c *compiler, n *node) {
	key := sysctlKey(n.name)
	if !strings.Contains(key, ".") || strings.ContainsAny(key, " \t\n=*?[") || strings.Contains(key, "..") {
		c.fail(n.key, "%s is no parameter of the kernel, want one such as \"net.ipv4.ip_forward\"", n.path)
		return
	}
	c.setting(n, &setting{
		id: "config.sysctl." + key, title: "Kernel parameter " + key, kind: openSetting, domains: []string{"sysctl"}, absent: []string{"sysctl"},
		same: sameParameter,
		read: func(doc *facts.Document) (reading, Outcome) {
			const fallback = "no file sets it at boot, the kernel's default holds"
			s, ok := facts.Get[facts.Sysctl](doc, "sysctl")
			if !ok {
				return reading{fallback: fallback}, Outcome{Notes: []string{fallback}}
			}
			r, o := reading{fallback: fallback}, Outcome{}
			if v := s.Find(key); v != nil {
				r = reading{set: true, value: v.Value}
				o.Where = valueWhere(v)
				if !v.Explicit && v.Source != nil {
					o.Notes = append(o.Notes, "follows from another parameter")
				}
			} else {
				o.Notes = append(o.Notes, fallback)
			}
			if other, ok := s.Procps[key]; ok {
				o.Notes = append(o.Notes, fmt.Sprintf("sysctl --system, run by hand, would set it to %s", other.Value))
			}
			return r, o
		},
		fix: func(doc *facts.Document, want string) string {
			v := (*facts.Value[string])(nil)
			if s, ok := facts.Get[facts.Sysctl](doc, "sysctl"); ok {
				v = s.Find(key)
			}
			if v != nil && !v.Explicit {
				v = nil
			}
			return fixLine(v, key+" = "+want, "/etc/sysctl.d/99-zz-baseline.conf")
		},
	})
}

// sysctlKey writes a parameter with dots between its parts: as sysctl(8) has it, the first separator decides.
func sysctlKey(name string) string {
	if i := strings.IndexAny(name, "./"); i >= 0 && name[i] == '/' {
		return strings.NewReplacer("/", ".", ".", "/").Replace(name)
	}
	return name
}

// sameParameter compares as the kernel reads: numbers as numbers, whatever the blanks between them.
func sameParameter(want, got string) bool {
	return slices.EqualFunc(strings.Fields(want), strings.Fields(got), func(a, b string) bool {
		x, errX := strconv.ParseInt(a, 0, 64)
		y, errY := strconv.ParseInt(b, 0, 64)
		return a == b || errX == nil && errY == nil && x == y
	})
}
