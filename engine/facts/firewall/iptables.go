package firewall

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

// iptablesFiles are those of Debian's iptables-persistent, Red Hat's iptables-services, and OpenRC; then the units that load
// them.
var iptablesFiles = []struct {
	path, family string
	units        []string
}{
	{"/etc/iptables/rules.v4", "ip", []string{"netfilter-persistent.service", "iptables.service"}},
	{"/etc/iptables/rules.v6", "ip6", []string{"netfilter-persistent.service", "ip6tables.service"}},
	{"/etc/sysconfig/iptables", "ip", []string{"iptables.service"}},
	{"/etc/sysconfig/ip6tables", "ip6", []string{"ip6tables.service"}},
	{"/etc/iptables/rules-save", "ip", []string{"iptables"}},
	{"/etc/iptables/rules6-save", "ip6", []string{"ip6tables"}},
}

func iptables(s *facts.Scope) *facts.IPTables {
	var out *facts.IPTables
	for _, f := range iptablesFiles {
		tables, err := restore(s, f.path, f.family)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			s.Problem(f.path, 0, err)
		}
		if out == nil {
			out = &facts.IPTables{Tables: []facts.IPTablesTable{}}
		}
		out.Tables = append(out.Tables, tables...)
		if on := facts.Started(s, f.units...); out.Enabled == nil || on != nil && *on {
			out.Enabled = on
		}
	}
	return out
}

// restore reads the format of iptables-save(8). Without its COMMIT a table is not loaded.
func restore(s *facts.Scope, path, family string) ([]facts.IPTablesTable, error) {
	var done []facts.IPTablesTable
	var table *facts.IPTablesTable
	rules, problems := 0, 0
	problem := func(n int, message string) {
		if problems++; problems <= maxProblems {
			s.Problem(path, n, errors.New(message))
		}
	}
	err := s.Lines(path, func(n int, text string) {
		text = strings.TrimSpace(text)
		switch {
		case text == "" || text[0] == '#':
		case text[0] == '*':
			table = &facts.IPTablesTable{Family: family, Name: text[1:], Chains: []facts.IPTablesChain{}, Path: path}
		case table == nil:
			problem(n, "line is in no table")
		case text == "COMMIT":
			done = append(done, *table)
			table = nil
		case rules == maxRules:
			problem(n, binread.Limit("more than %d rules", maxRules).Error())
		case text[0] == ':':
			rules++
			addChain(table, facts.At(path, n, text))
		default:
			rules++
			if !addRule(table, facts.At(path, n, text), text) {
				problem(n, "line is no rule for a chain that is there")
			}
		}
	})
	if table != nil {
		problem(0, "table "+table.Name+" has no COMMIT: it is not loaded")
	}
	return done, err
}

// addChain reads ":INPUT DROP [0:0]".
func addChain(t *facts.IPTablesTable, at facts.Source) {
	f := strings.Fields(at.Text[1:])
	if len(f) == 0 {
		return
	}
	c := facts.IPTablesChain{Name: f[0], Lines: []facts.NFTRule{}, Source: &at}
	if len(f) > 1 && f[1] != "-" {
		c.Policy = f[1]
	}
	t.Chains = append(t.Chains, c)
}

// addRule reads "-A INPUT …", with counters before it, "-I", and "-P INPUT DROP".
func addRule(t *facts.IPTablesTable, at facts.Source, text string) bool {
	f := strings.Fields(text)
	if strings.HasPrefix(f[0], "[") {
		f = f[1:]
	}
	if len(f) < 2 {
		return false
	}
	for i := range t.Chains {
		c := &t.Chains[i]
		if c.Name != f[1] {
			continue
		}
		switch f[0] {
		case "-P", "--policy":
			if len(f) > 2 {
				c.Policy, c.Source = f[2], &at
			}
		case "-A", "--append", "-I", "--insert":
			c.Rules++
			if len(c.Lines) < maxLines {
				c.Lines = append(c.Lines, facts.NFTRule{Text: at.Text, Source: facts.Source{Path: at.Path, Line: at.Line}})
			}
		default:
			return false
		}
		return true
	}
	return false
}
