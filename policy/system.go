package policy

import (
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

func timezone(c *compiler, n *node) {
	c.setting(n, &setting{
		title: "The time zone", domains: []string{"timezone"},
		same: sameZone,
		check: func(c *compiler, n *node, want string) {
			if _, ok := facts.CanonicalZone(want); !ok {
				c.warn(n.at, "%s %q is no name of the time zone database; it can only fail", n.path, want)
			}
		},
		read: func(doc *facts.Document) (reading, Outcome) {
			tz, ok := facts.Get[facts.Timezone](doc, "timezone")
			if !ok {
				return reading{}, unknown("the time zone was not collected")
			}
			o := Outcome{Where: valueWhere(&tz.Zone)}
			if tz.How == "default" {
				o.Notes = append(o.Notes, "no /etc/localtime, which means UTC")
			}
			if tz.Text != nil && !sameZone(tz.Text.Value, tz.Zone.Value) && tz.Text.Source != nil {
				o.Where = append(o.Where, location(*tz.Text.Source, "disagrees, and some programs read it"))
			}
			return reading{set: tz.Zone.Value != "", value: tz.Zone.Value, also: tz.Names}, o
		},
		fix: func(_ *facts.Document, want string) string {
			return "ln -sf /usr/share/zoneinfo/" + want + " /etc/localtime"
		},
	})
}

func sameZone(a, b string) bool {
	a, _ = facts.CanonicalZone(a)
	b, _ = facts.CanonicalZone(b)
	return a == b
}

func hostname(c *compiler, n *node) {
	c.setting(n, &setting{
		title: "The host name", domains: []string{"hostname"}, absent: []string{"hostname"},
		read: func(doc *facts.Document) (reading, Outcome) { return valueReading(doc, "hostname") },
	})
}

func locale(c *compiler, n *node) {
	c.setting(n, &setting{
		title: "The locale", domains: []string{"locale"}, absent: []string{"locale"},
		same: func(a, b string) bool { return codeset(a) == codeset(b) },
		read: func(doc *facts.Document) (reading, Outcome) { return valueReading(doc, "locale") },
	})
}

// codeset writes a locale as the C library compares it: en_US.UTF-8 is en_US.utf8.
func codeset(locale string) string {
	name, set, ok := strings.Cut(locale, ".")
	if !ok {
		return name
	}
	set, modifier, _ := strings.Cut(set, "@")
	return name + "." + strings.ToLower(strings.ReplaceAll(set, "-", "")) + "@" + modifier
}

func defaultTarget(c *compiler, n *node) {
	full := func(s string) string { return strings.TrimSuffix(s, ".target") + ".target" }
	c.setting(n, &setting{
		title: "The default target", domains: []string{"default_target"}, absent: []string{"default_target"},
		same: func(a, b string) bool { return full(a) == full(b) },
		read: func(doc *facts.Document) (reading, Outcome) { return valueReading(doc, "default_target") },
		fix:  func(_ *facts.Document, want string) string { return "systemctl set-default " + full(want) },
	})
}

func machineID(c *compiler, n *node) {
	c.setting(n, &setting{
		title: "The machine id", domains: []string{"machine_id"}, absent: []string{"machine_id"},
		values: machineIDStates(),
		read: func(doc *facts.Document) (reading, Outcome) {
			id, ok := facts.Get[facts.MachineID](doc, "machine_id")
			if !ok {
				return reading{set: true, value: "missing"}, Outcome{}
			}
			r, o := reading{set: true, value: id.State}, Outcome{}
			if id.State == "uninitialized" { // systemd makes a new one, as for an empty file
				r.also = []string{"empty"}
			}
			if id.Source != nil {
				o.Where = []finding.Location{location(*id.Source, "")}
			}
			return r, o
		},
		fix: func(_ *facts.Document, want string) string {
			if want == "empty" {
				return "truncate -s 0 /etc/machine-id"
			}
			return ""
		},
	})
}

func osID(c *compiler, n *node) {
	c.setting(n, osSetting("The operating system", textSetting, func(os *facts.OS) string { return os.ID }))
}

func osVersion(c *compiler, n *node) {
	c.setting(n, osSetting("The version of the operating system", versionSetting, func(os *facts.OS) string { return os.VersionID }))
}

func osSetting(title string, kind settingKind, field func(*facts.OS) string) *setting {
	return &setting{
		title: title, kind: kind, domains: []string{domainOS}, absent: []string{domainOS},
		read: func(doc *facts.Document) (reading, Outcome) {
			os, ok := facts.Get[facts.OS](doc, domainOS)
			if !ok {
				return reading{}, unknown("the guest does not say which operating system it is")
			}
			value := field(os)
			return reading{set: value != "", value: value}, Outcome{Where: []finding.Location{location(os.Source, "")}}
		},
	}
}

// kernelRelease judges the kernel that an unattended boot starts. Where that cannot be told all installed ones count.
func kernelRelease(c *compiler, n *node) {
	s := &setting{
		title: "The kernel", kind: versionSetting, domains: []string{"kernel", "boot"}, absent: []string{"boot"},
	}
	tests, want, o, ok := c.matcher(n, s)
	if !ok {
		return
	}
	c.add(n, Check{
		ID: n.path, Title: "The kernel is " + want,
		Needs: facts.Request{Domains: s.domains}, Absent: s.absent,
		Eval: func(doc *facts.Document) Outcome { return judgeKernels(doc, tests, want) },
	}, o)
}

func judgeKernels(doc *facts.Document, tests []test, want string) Outcome {
	installed, _ := facts.Get[facts.Kernels](doc, "kernel")
	boot, _ := facts.Get[facts.Boot](doc, "boot")
	var all []Outcome
	for _, k := range installed.Installed {
		o := reading{set: true, value: k.Release}.judge(tests, want, Outcome{Where: []finding.Location{{Path: k.Image}}})
		if boot != nil {
			if e, ok := boot.DefaultEntry(); ok && k.Image != "" && e.Kernel == k.Image {
				o.Where = append(o.Where, location(e.Source, "boots by default"))
				return o
			}
		}
		if k.Image != "" {
			all = append(all, o)
		}
	}
	if len(all) == 0 {
		return unknown("no kernel that could boot was found")
	}
	for _, o := range all {
		if o.Status != all[0].Status {
			return unknown("which of the installed kernels boots cannot be told, and they differ: " + all[0].Actual + ", " + o.Actual)
		}
	}
	return all[0]
}

func fips(c *compiler, n *node) {
	c.setting(n, &setting{
		title: "FIPS mode", severity: finding.High, kind: boolSetting, domains: []string{"boot"}, absent: []string{"boot"},
		read: func(doc *facts.Document) (reading, Outcome) {
			boot, ok := facts.Get[facts.Boot](doc, "boot")
			if !ok {
				return reading{}, unknown("the guest has no boot loader: the kernel's arguments are not on its disks")
			}
			entry, ok := boot.DefaultEntry()
			if !ok {
				return reading{}, unknown("which boot entry is the default could not be told")
			}
			arg, _ := entry.Arg("fips")
			o := Outcome{Where: []finding.Location{location(entry.Source, "")}}
			if arg.Source != nil {
				o.Where = append(o.Where, location(*arg.Source, ""))
			}
			on := "false"
			if !slices.Contains([]string{"", "0"}, arg.Value) {
				on = "true"
			}
			return reading{set: true, value: on}, o
		},
	})
}

func apparmor(c *compiler, n *node) {
	c.setting(n, &setting{
		title: "AppArmor", severity: finding.High, domains: []string{"apparmor"}, values: apparmorModes(),
		read: func(doc *facts.Document) (reading, Outcome) {
			a, ok := facts.Get[facts.AppArmor](doc, "apparmor")
			if !ok {
				return reading{}, unknown("AppArmor was not collected")
			}
			o := Outcome{Where: valueWhere(&a.Mode), Notes: []string{a.Why}}
			return reading{set: true, value: a.Mode.Value}, o
		},
		fix: func(doc *facts.Document, want string) string {
			a, ok := facts.Get[facts.AppArmor](doc, "apparmor")
			if !ok || want != "enabled" {
				return ""
			}
			if !a.Installed {
				return "install apparmor"
			}
			if a.Started != nil && !*a.Started {
				return "systemctl enable apparmor.service"
			}
			return ""
		},
	})
}

// ntpServers judges the servers and pools of the program that keeps the clock.
func ntpServers(c *compiler, n *node) {
	c.setting(n, &setting{
		title: "The list of time servers", kind: listSetting, domains: []string{"timesync"}, absent: []string{"timesync"},
		read: func(doc *facts.Document) (reading, Outcome) {
			t, ok := facts.Get[facts.Timesync](doc, "timesync")
			if !ok {
				return reading{}, Outcome{Notes: []string{"the guest has no program that keeps the clock"}}
			}
			r, o := reading{}, Outcome{}
			for _, s := range slices.Concat(t.Servers, t.Pools) {
				r.list = append(r.list, s.Name)
				o.Where = append(o.Where, location(s.Source, ""))
			}
			r.set = len(r.list) > 0
			if t.Enabled != nil && !*t.Enabled {
				o.Notes = append(o.Notes, "boot starts no program that keeps the clock")
			}
			return r, o
		},
	})
}

// cryptoPolicy judges the policy that was applied; one that is only configured is not in force.
func cryptoPolicy(c *compiler, n *node) {
	c.setting(n, &setting{
		title: "The crypto policy", domains: []string{"crypto_policy"}, absent: []string{"crypto_policy"},
		read: func(doc *facts.Document) (reading, Outcome) {
			p, ok := facts.Get[facts.CryptoPolicy](doc, "crypto_policy")
			if !ok {
				return reading{}, Outcome{}
			}
			in := p.State
			if in == nil {
				in = p.Configured
			}
			if in == nil {
				return reading{}, unknown("neither the applied nor the configured crypto policy could be read")
			}
			o := Outcome{Where: valueWhere(in)}
			if p.Drift && p.Configured != nil && p.Configured.Source != nil {
				o.Where = append(o.Where, location(*p.Configured.Source, "configured and not applied"))
			}
			return reading{set: in.Value != "", value: in.Value}, o
		},
		fix: func(_ *facts.Document, want string) string { return "update-crypto-policies --set " + want },
	})
}

func machineIDStates() []string { return []string{"set", "empty", "uninitialized", "missing"} }

func apparmorModes() []string { return []string{"enabled", "disabled", "absent"} }
