package policy

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// proposing is a learner that proposes what it sees in some domains.
func proposing(domains []string, propose func(l *lesson) []learnedLine) learner {
	return learner{
		needs: facts.Request{Domains: domains},
		learn: func(_ context.Context, l *lesson) ([]learnedLine, error) { return propose(l), nil },
	}
}

// entriesOfAll makes the entries of a list of what every guest has.
func (l *lesson) entriesOfAll(table, key string, names func(doc *facts.Document) []string) []learnedLine {
	var lines []learnedLine
	for _, name := range l.common(names) {
		if learnable(name) {
			lines = append(lines, learnedLine{table: table, key: key, value: tomlString(name), entry: true})
		}
	}
	return lines
}

// servicesLearner learns the units that are enabled and started, and those that are masked.
func servicesLearner() learner {
	return proposing([]string{domainUnits}, func(l *lesson) []learnedLine {
		started := l.entriesOfAll("services", "enabled", unitsWith(func(u *facts.Unit) bool {
			return (u.State == "enabled" || u.State == "generated") && u.Starts != ""
		}))
		masked := l.entriesOfAll("services", "masked", unitsWith(func(u *facts.Unit) bool {
			return u.State == "masked" && u.Source != nil && strings.HasPrefix(u.Source.Path, "/etc/") // and not by its package
		}))
		return slices.Concat(started, masked)
	})
}

func unitsWith(is func(u *facts.Unit) bool) func(doc *facts.Document) []string {
	return func(doc *facts.Document) []string {
		units, ok := facts.Get[facts.Units](doc, domainUnits)
		if !ok {
			return nil
		}
		var names []string
		for name, u := range *units {
			service := slices.ContainsFunc([]string{".service", ".socket", ".timer", ".path"}, func(s string) bool { return strings.HasSuffix(name, s) })
			if u != nil && is(u) && plainUnit.MatchString(name) && (service || u.Init != "systemd") {
				names = append(names, name)
			}
		}
		return names
	}
}

// usersLearner learns the accounts: any that one of the guests has is allowed.
func usersLearner() learner {
	return proposing([]string{domainUsers, domainNIS}, func(l *lesson) []learnedLine {
		places := map[string]string{}
		for _, doc := range l.docs {
			if users, ok := facts.Get[facts.Users](doc, domainUsers); ok {
				for _, u := range *users {
					places[u.Name] = fmt.Sprintf("uid %d, %s", u.UID, placeOf(u.Source))
				}
			}
		}
		return append(entryLines("users", "allowed", places),
			learnedLine{table: "users", key: "uid0_only_root", value: "true"},
			learnedLine{table: "users", key: "no_empty_passwords", value: "true"},
			learnedLine{table: "users", key: "root_locked", value: "true"})
	})
}

func placeOf(s facts.Source) string {
	if s.Line == 0 {
		return s.Path
	}
	return fmt.Sprintf("%s:%d", s.Path, s.Line)
}

// groupsLearner learns the members of the groups that give rights.
func groupsLearner() learner {
	return learner{
		needs: facts.Request{Domains: []string{domainGroups, domainUsers, domainNIS}},
		learn: func(ctx context.Context, l *lesson) ([]learnedLine, error) {
			privileged := []string{"root", "wheel", "sudo", "admin", "adm", "shadow", "disk", "kmem", "docker", "lxd", "libvirt", "systemd-journal"}
			var probes []probe
			for _, name := range l.common(groupNames) {
				if slices.Contains(privileged, name) {
					probes = append(probes, probe{table: "groups." + name, key: "members", kind: listSetting, empty: true})
				}
			}
			return l.probe(ctx, probes)
		},
	}
}

func groupNames(doc *facts.Document) []string {
	groups, ok := facts.Get[facts.Groups](doc, domainGroups)
	if !ok {
		return nil
	}
	var names []string
	for _, g := range *groups {
		names = append(names, g.Name)
	}
	return names
}

// ownArguments are the kernel's arguments that name the disks and the kernel of one machine, and those that only change what is seen
// of a boot.
var ownArguments = regexp.MustCompile(`^(quiet|splash|ro|rw|root|resume|resume_offset|BOOT_IMAGE|initrd|rootflags|swap|ip|hostname|systemd\.machine_id|rd\.(lvm|luks|md)\..*)(=|$)|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-`)

// kernelLearner learns the arguments that every boot gets, and the modules that cannot be loaded.
func kernelLearner() learner {
	return proposing([]string{"boot", "modprobe", "kernel"}, func(l *lesson) []learnedLine {
		arguments := l.entriesOfAll("kernel", "cmdline_required", func(doc *facts.Document) []string {
			boot, ok := facts.Get[facts.Boot](doc, "boot")
			if !ok {
				return nil
			}
			entry, ok := boot.DefaultEntry()
			if !ok {
				return nil
			}
			var args []string
			for _, a := range entry.Args {
				text := strings.TrimSuffix(a.Key+"="+a.Value, "=")
				if !ownArguments.MatchString(text) {
					args = append(args, text)
				}
			}
			return args
		})
		modules := l.entriesOfAll("kernel", "modules_disabled", func(doc *facts.Document) []string {
			m, ok := facts.Get[facts.Modprobe](doc, "modprobe")
			if !ok {
				return nil
			}
			var names []string
			for name, one := range m.Modules {
				if one.Blocked {
					names = append(names, name)
				}
			}
			return names
		})
		return slices.Concat(arguments, modules)
	})
}

// ofTheKernel are what is no place for files, or there in every guest.
var ofTheKernel = regexp.MustCompile(`^(/|/(proc|sys|run)(/.*)?|/dev(/(hugepages|mqueue|pts))?|[^/].*|)$`)

// storageLearner learns what is mounted on its own, and the options that keep programs and devices out of it.
func storageLearner() learner {
	return proposing([]string{domainMounts, domainDisks}, func(l *lesson) []learnedLine {
		targets := l.common(func(doc *facts.Document) []string {
			var targets []string
			if mounts, ok := facts.Get[facts.Mounts](doc, domainMounts); ok {
				for _, m := range *mounts {
					if m.InForce() && !m.Bind && !ofTheKernel.MatchString(m.Target) {
						targets = append(targets, m.Target)
					}
				}
			}
			return targets
		})
		var separate, options []learnedLine
		for _, target := range targets {
			if !learnable(target) {
				continue
			}
			separate = append(separate, learnedLine{table: "storage", key: "separate", value: tomlString(target), entry: true})
			if common := l.common(func(doc *facts.Document) []string { return guards(doc, target) }); len(common) > 0 {
				options = append(options, learnedLine{table: "storage.options", key: tomlString(target), value: tomlList(common)})
			}
		}
		return slices.Concat(separate, options)
	})
}

// guards are the options in force on a mount that take something away.
func guards(doc *facts.Document, target string) []string {
	m, ok := mountOf(doc, target)
	if !ok || m == nil || m.Target != target {
		return nil
	}
	var all []string
	for _, o := range []struct {
		name string
		on   bool
	}{{"nodev", m.NoDev}, {"noexec", m.NoExec}, {"nosuid", m.NoSUID}, {"ro", m.ReadOnly}} {
		if o.on {
			all = append(all, o.name)
		}
	}
	return all
}
