package engine_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
)

// compareUnits compares every unit with systemctl is-enabled and systemctl list-unit-files.
func compareUnits(t *testing.T, g *truth) {
	units := *get[facts.Units](t, g, "units")
	asked := map[string]bool{}
	for _, line := range g.recorded(t, "units") {
		f := strings.Fields(line)
		asked[f[0]] = true
		u := units[f[0]]
		if u == nil {
			g.same(t, f[0], line, "nothing")
			continue
		}
		state, preset := u.State, "-"
		if state == "not-found" {
			state = "-"
		}
		if u.Preset != nil {
			preset = map[string]string{"enable": "enabled", "disable": "disabled", "ignore": "ignored"}[*u.Preset]
		}
		here := state + " " + state + " " + preset
		switch {
		case u.SysV && len(u.WantedBy) > 0: // of scripts systemd-sysv-install says whether a run level starts them
			here = "enabled - -"
		case u.SysV:
			here = "disabled - -"
		case f[2] == "-": // no unit file of its own: an instance or a link to nothing
			here = state + " - -"
		}
		g.same(t, f[0], strings.Join(f[1:], " "), here)
	}
	for name, u := range units {
		if !asked[name] && u.State != "not-found" {
			g.same(t, name, "nothing", u.State)
		}
	}
}

// compareMounts compares with findmnt, which reads fstab, and with the units that systemd-fstab-generator makes of it.
func compareMounts(t *testing.T, g *truth) {
	answers := g.answers(t, "mounts.txtar")
	unescape := strings.NewReplacer(`\x20`, " ", `\x09`, "\t", `\x5c`, `\`)
	var found, lines, generated, made []string
	for _, line := range answers["findmnt"] {
		f := strings.Fields(line)
		for i := range f {
			f[i] = unescape.Replace(f[i])
		}
		if f[2] != "swap" {
			f[1] = clean(f[1])
			found = append(found, strings.Join(f, "|"))
		}
	}
	for _, line := range answers["generator"] {
		f := strings.Split(line, " ")
		made = append(made, f[0]+" "+f[len(f)-1])
	}
	for _, m := range *get[facts.Mounts](t, g, "mounts") {
		if m.Origin != "fstab" {
			continue
		}
		lines = append(lines, strings.Join([]string{m.Device, clean(m.Target), m.FSType, strings.Join(m.Options, ",")}, "|"))
		if m.Hidden == "" {
			options := strings.Join(m.Options, ",")
			if options == "defaults" {
				options = "" // the generator leaves out what says nothing
			}
			generated = append(generated, m.Unit+" "+options)
		}
	}
	slices.Sort(made)
	slices.Sort(generated)
	g.sameLists(t, "line", found, lines)
	g.sameLists(t, "unit", made, generated)
}

func clean(target string) string {
	if target == "/" {
		return target
	}
	return strings.TrimSuffix(target, "/")
}

// compareSysctl compares with what systemd-sysctl, and sysctl --system, wrote into a /proc/sys of plain files.
func compareSysctl(t *testing.T, g *truth) {
	got := get[facts.Sysctl](t, g, "sysctl")
	swap := strings.NewReplacer("/", ".", ".", "/")
	for _, line := range g.recorded(t, "sysctl") {
		key, want, _ := strings.Cut(line, "\t")
		have := ""
		if v := got.Find(swap.Replace(key)); v != nil {
			have = v.Value
		}
		g.same(t, key, want, have)
	}
	for _, line := range g.recorded(t, "sysctl.procps") {
		key, want, _ := strings.Cut(line, "\t")
		have := ""
		if v, ok := got.Procps[swap.Replace(key)]; ok {
			have = v.Value
		} else if v := got.Find(swap.Replace(key)); v != nil {
			have = v.Value
		}
		g.same(t, "procps "+key, want, have)
	}
}

// compareModprobe compares with what modprobe -n -v would do for the module itself, behind those it depends on.
func compareModprobe(t *testing.T, g *truth) {
	got, kernels := get[facts.Modprobe](t, g, "modprobe"), get[facts.Kernels](t, g, "kernel")
	for _, line := range g.recorded(t, "modprobe") {
		name, want, _ := strings.Cut(line, "\t")
		steps := strings.Split(strings.TrimSpace(want), "  ")
		want = strings.Join(strings.Fields(steps[len(steps)-1]), " ")
		if strings.HasPrefix(want, "insmod ") {
			want = "loads"
		}
		m, here := got.Find(name), ""
		switch {
		case m.Install != nil:
			here = "install " + strings.Join(strings.Fields(m.Install.Value), " ")
		case !m.Blocked && kernels.Presence(name) == "module":
			here = "loads"
		}
		g.same(t, name, strings.TrimSpace(want), here)
	}
}

// compareSystemdConfig compares with the last value of each setting in the order of systemd-analyze cat-config.
func compareSystemdConfig(t *testing.T, g *truth) {
	lists := []string{"Time.NTP", "Time.FallbackNTP", "Login.KillExcludeUsers", "Login.KillOnlyUsers"}
	for domain, lines := range g.answers(t, "systemd.txtar") {
		if len(lines) == 0 || strings.HasPrefix(lines[0], "exit ") {
			continue // no file at all
		}
		want, section := map[string]string{}, ""
		for _, line := range lines {
			line = strings.TrimSpace(line)
			key, value, assigns := strings.Cut(line, "=")
			key, value = section+"."+strings.TrimSpace(key), strings.TrimSpace(value)
			switch {
			case line == "" || line[0] == '#' || line[0] == ';':
			case line[0] == '[':
				section = strings.Trim(line, "[]")
			case assigns && slices.Contains(lists, key) && value != "":
				want[key] = strings.TrimSpace(want[key] + " " + value)
			case assigns:
				want[key] = value
			}
		}
		if len(want) == 0 && g.doc.Collectors[domain].State == facts.Absent {
			continue // the program is not installed
		}
		here := *get[facts.SystemdConfig](t, g, domain)
		for key, value := range want {
			v, have := here[key], ""
			if v != nil && v.Explicit {
				have = v.Value
			}
			if on, ok := facts.ParseBool(value); ok && (have == "yes" || have == "no") {
				value = map[bool]string{true: "yes", false: "no"}[on]
			}
			g.same(t, domain+" "+key, value, have)
		}
		for key, v := range here {
			// what follows from the settings and the rest of the guest is in the section Effective
			if _, ok := want[key]; v.Explicit && !ok && !strings.HasPrefix(key, "Effective.") {
				g.same(t, domain+" "+key, "nothing", v.Value)
			}
		}
	}
}

// compareAudit compares with the rules that augenrules makes, and with what augenrules --check says.
func compareAudit(t *testing.T, g *truth) {
	if g.name == "debian12" {
		if st := g.doc.Collectors["audit"].State; st != facts.Absent {
			t.Errorf("audit is %s, want absent", st)
		}
		return
	}
	got := get[facts.Audit](t, g, "audit")
	drift, want, here := "", []string{}, []string{}
	for _, line := range g.recorded(t, "audit.rules") {
		switch {
		case strings.HasPrefix(line, "# "):
			drift = line
		case line != "" && line[0] != '#':
			want = append(want, strings.Join(strings.Fields(line), " "))
		}
	}
	for _, r := range got.Rules {
		here = append(here, strings.Join(strings.Fields(r.Source.Text), " "))
	}
	g.sameLists(t, "rule", want, here)
	g.same(t, "drift", drift, map[bool]string{
		true: "# /usr/sbin/augenrules: Rules have changed and should be updated", false: "# /usr/sbin/augenrules: No change",
	}[got.Drift])
}
