// Package firewall collects the domain "firewall": what each firewall's files would load, and whether boot starts it.
//
// Sources: the file that nftables.service loads (nft(8)), with what it includes; ufw.conf, /etc/default/ufw and ufw's rules;
// the files of iptables-persistent, of iptables-services and of OpenRC (iptables-restore(8)); the zones of firewalld. Rules
// that a program makes at run time, such as those of container engines, are not known.
package firewall

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxFile     = 4 << 20 // bytes of one file of rules
	maxRules    = 50_000  // of one firewall
	maxLines    = 200     // rules of one chain that are told
	maxProblems = 1000
)

// Collector collects the domain "firewall".
var Collector = facts.New("firewall", "What the firewalls would load, and which of them start", collect, "units")

func collect(ctx context.Context, s *facts.Scope) (*facts.Firewall, error) {
	out := &facts.Firewall{Active: []string{}}
	nft, err := nftables(ctx, s)
	if err != nil {
		return nil, err
	}
	out.NFTables, out.UFW, out.IPTables, out.FirewallD = nft, ufw(s), iptables(s), firewalld(s)
	if out.NFTables == nil && out.UFW == nil && out.IPTables == nil && out.FirewallD == nil {
		return nil, fmt.Errorf("no firewall is installed: %w", fs.ErrNotExist)
	}
	return finish(out), nil
}

func finish(out *facts.Firewall) *facts.Firewall {
	for _, f := range []struct {
		name    string
		there   bool
		enabled func() *bool
	}{
		{"nftables", out.NFTables != nil, func() *bool { return out.NFTables.Enabled }},
		{"ufw", out.UFW != nil, func() *bool { return out.UFW.Enabled }},
		{"iptables", out.IPTables != nil, func() *bool { return out.IPTables.Enabled }},
		{"firewalld", out.FirewallD != nil, func() *bool { return out.FirewallD.Enabled }},
	} {
		if f.there {
			if on := f.enabled(); on != nil && *on {
				out.Active = append(out.Active, f.name)
			}
		}
	}
	return out
}

// text reads a file of rules; "" and false when it is absent or could not be read, which is a problem.
func text(s *facts.Scope, path string) (string, bool) {
	b, err := s.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false
	}
	if err == nil && len(b) > maxFile {
		err = binread.Limit("%d bytes, want at most %d", len(b), maxFile)
	}
	if err != nil {
		s.Problem(path, 0, err)
		return "", false
	}
	return string(b), true
}
