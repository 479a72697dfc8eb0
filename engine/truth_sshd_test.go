package engine_test

import (
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
)

// compareSSHD compares with sshd -T, and with sshd -T -C for some users and addresses: the Match blocks that hold for
// them are laid over the settings for all.
func compareSSHD(t *testing.T, g *truth) {
	got := get[facts.SSHD](t, g, "sshd")
	answers := g.answers(t, "sshd.txtar")
	all := byKeyword(answers["all"])
	g.sameSettings(t, "", all, spelled(got.Effective))
	for spec, changes := range answers {
		if spec == "all" {
			continue
		}
		want := maps.Clone(all)
		for keyword := range byKeyword(changes) {
			delete(want, strings.TrimLeft(keyword, "<> "))
		}
		maps.Copy(want, byKeyword(changed(answers["all"], changes)))
		settings := maps.Clone(got.Effective)
		who := g.connection(t, spec)
		set := map[string]bool{}
		for _, m := range got.Match {
			if !who.matches(m.Conditions) {
				continue
			}
			for key, v := range m.Settings {
				if !set[key] {
					settings[key], set[key] = v, true
				}
			}
		}
		g.sameSettings(t, spec+" ", want, spelled(settings))
	}
}

func (g *truth) sameSettings(t *testing.T, prefix string, tool, here map[string]string) {
	t.Helper()
	keywords := maps.Clone(tool)
	maps.Copy(keywords, here)
	for keyword := range keywords {
		g.same(t, prefix+keyword, tool[keyword], here[keyword])
	}
}

// changed applies a difference: lines that begin with < are gone, those with > are new.
func changed(lines, changes []string) []string {
	lines = slices.Clone(lines)
	for _, c := range changes {
		if gone, ok := strings.CutPrefix(c, "< "); ok {
			i := slices.Index(lines, gone)
			lines = slices.Delete(lines, i, i+1)
		}
		if come, ok := strings.CutPrefix(c, "> "); ok {
			lines = append(lines, come)
		}
	}
	return lines
}

// byKeyword joins the values of each keyword: sshd -T prints some lists in lines, some with commas, some with blanks.
func byKeyword(lines []string) map[string]string {
	all := map[string]string{}
	for _, line := range lines {
		keyword, value, _ := strings.Cut(line, " ")
		all[keyword] = strings.TrimSpace(all[keyword] + " " + strings.ReplaceAll(value, ",", " "))
	}
	return all
}

func spelled(settings map[string]*facts.Value[any]) map[string]string {
	all := map[string]string{}
	for keyword, v := range settings {
		list, many := v.Value.([]any)
		if !many {
			list = []any{v.Value}
		}
		var texts []string
		for _, e := range list {
			texts = append(texts, strings.ReplaceAll(fmt.Sprint(e), ",", " "))
		}
		all[keyword] = strings.TrimSpace(strings.Join(texts, " "))
	}
	return all
}

// connection is who logs in from where.
type connection struct {
	user, host string
	groups     []string
	address    netip.Addr
}

func (g *truth) connection(t *testing.T, spec string) connection {
	t.Helper()
	fields := map[string]string{}
	for f := range strings.SplitSeq(spec, ",") {
		key, value, _ := strings.Cut(f, "=")
		fields[key] = value
	}
	c := connection{user: fields["user"], host: fields["host"], address: netip.MustParseAddr(fields["addr"])}
	for _, u := range *get[facts.Users](t, g, "users", facts.Partial) {
		if u.Name == c.user {
			c.groups = append(u.Groups, u.PrimaryGroup)
			break
		}
	}
	return c
}

func (c connection) matches(conditions []facts.SSHDCondition) bool {
	for _, cond := range conditions {
		var candidates []string
		switch cond.Type {
		case "user":
			candidates = []string{c.user}
		case "group":
			candidates = c.groups
		case "host":
			candidates = []string{c.host}
		case "address":
			if !addressMatches(c.address, cond.Patterns) {
				return false
			}
			continue
		default:
			return false
		}
		if !slices.ContainsFunc(candidates, func(s string) bool { return listMatches(s, cond.Patterns) }) {
			return false
		}
	}
	return true
}

// listMatches follows PATTERNS of ssh_config(5): a negated pattern that matches rules all others out.
func listMatches(s string, patterns []string) bool {
	found := false
	for _, p := range patterns {
		bare, negated := strings.CutPrefix(p, "!")
		if ok, _ := path.Match(bare, s); ok {
			if negated {
				return false
			}
			found = true
		}
	}
	return found
}

func addressMatches(a netip.Addr, patterns []string) bool {
	found := false
	for _, p := range patterns {
		bare, negated := strings.CutPrefix(p, "!")
		network, err := netip.ParsePrefix(bare)
		if err != nil {
			continue
		}
		if network.Contains(a) {
			if negated {
				return false
			}
			found = true
		}
	}
	return found
}
