package engine_test

import (
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

// compareSudoers compares with cvtsudoers, which reads every file whose name fits, and with sudo -l, which is sudo itself
// and passes over files of others.
func compareSudoers(t *testing.T, g *truth) {
	got := get[facts.Sudoers](t, g, "sudoers")
	want := factstest.Cvtsudoers(t, []byte(strings.Join(g.recorded(t, "sudoers.json"), "\n")))
	here := factstest.PlainSudoers(got)
	g.sameLists(t, "rule", want.Rules, here.Rules)
	g.sameLists(t, "scoped", want.Scoped, here.Scoped)
	g.sameSettings(t, "default ", want.Defaults, here.Defaults)
	users, groups := *get[facts.Users](t, g, "users", facts.Partial), *get[facts.Groups](t, g, "groups", facts.Partial)
	for name, lines := range g.answers(t, "sudo.txtar") {
		i := slices.IndexFunc(users, func(u facts.User) bool { return u.Name == name })
		g.sameLists(t, name+" may", mayRun(lines), allowed(got.Rules, users[i], groupsOf(users[i], groups)))
		if name == "root" {
			g.sameSettings(t, "for root ", flags(lines, got.Defaults), flags(nil, got.Defaults))
		}
	}
}

// mayRun takes sudo -l apart: one entry for each command, with its target users and the tags in force.
func mayRun(lines []string) []string {
	var all []string
	for _, line := range lines {
		m := regexp.MustCompile(`^    \((.*?)\) (.*)$`).FindStringSubmatch(line)
		if m == nil {
			continue
		}
		tags := map[string]bool{}
		for command := range strings.SplitSeq(m[2], ", ") {
			for {
				tag := regexp.MustCompile(`^([A-Z]+): `).FindStringSubmatch(command)
				if tag == nil {
					break
				}
				delete(tags, "NO"+tag[1])
				delete(tags, strings.TrimPrefix(tag[1], "NO"))
				tags[tag[1]] = true
				command = strings.TrimPrefix(command, tag[0])
			}
			var names []string
			for tag := range tags {
				names = append(names, tag)
			}
			sort.Strings(names)
			all = append(all, m[1]+" "+strings.Join(names, ",")+" "+command)
		}
	}
	return all
}

// allowed has the same of the rules for a user on the host debian12.
func allowed(rules []facts.SudoRule, u facts.User, groups []string) []string {
	var all []string
	for _, r := range rules {
		if !named(r.Users, append([]string{"ALL", u.Name}, groups...)) || !named(r.Hosts, []string{"ALL", "debian12"}) {
			continue
		}
		runas := strings.Join(r.Runas, ", ")
		if r.Runas == nil {
			runas = "root"
		}
		if len(r.RunasGroups) > 0 {
			runas += " : " + strings.Join(r.RunasGroups, ", ")
		}
		tags := slices.Clone(r.Tags)
		sort.Strings(tags)
		for _, command := range r.Commands {
			all = append(all, runas+" "+strings.Join(tags, ",")+" "+command)
		}
	}
	return all
}

// named reports whether the last of the list's names that fits is not a negated one.
func named(list, names []string) bool {
	found := false
	for _, entry := range list {
		bare, negated := strings.CutPrefix(entry, "!")
		if slices.Contains(names, bare) {
			found = !negated
		}
	}
	return found
}

// groupsOf names a user's groups as sudo finds them: by number, and each number is its first group.
func groupsOf(u facts.User, groups []facts.Group) []string {
	var all []string
	for _, g := range groups {
		if g.GID != u.GID && !slices.Contains(g.Members, u.Name) {
			continue
		}
		first := slices.IndexFunc(groups, func(o facts.Group) bool { return o.GID == g.GID })
		all = append(all, "%"+groups[first].Name)
	}
	return all
}

// flags has the options that are on or off, after sudo -l, or of the facts without its lines.
func flags(lines []string, defaults map[string]*facts.Value[string]) map[string]string {
	all := map[string]string{}
	for key, v := range defaults {
		if v.Explicit && lines == nil && (v.Value == "true" || v.Value == "false") {
			all[key] = v.Value
		}
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, "Matching Defaults") {
			continue
		}
		for option := range strings.SplitSeq(strings.TrimSpace(lines[i+1]), ", ") {
			name, off := strings.CutPrefix(option, "!")
			if v := defaults[name]; v != nil && v.Explicit {
				all[name] = map[bool]string{true: "false", false: "true"}[off]
			}
		}
	}
	return all
}
