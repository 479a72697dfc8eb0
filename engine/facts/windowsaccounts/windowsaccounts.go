// Package windowsaccounts collects the domain "windows_accounts": the accounts and local groups of a Windows guest.
//
// Source: the hive SAM, whose values F, V and C are laid out as winreg-kb describes them ("Security Accounts Manager keys"), with the
// flags of MS-SAMR 2.2.1.12. Of the hashes only the lengths are looked at. Of a domain controller these are the accounts of its recovery
// mode; the accounts of a domain are in none of its hives.
package windowsaccounts

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	domains = `HKLM\SAM\SAM\Domains`
	builtin = "S-1-5-32"

	maxMembers = 100_000 // of a group
)

// Collector collects the domain "windows_accounts".
var Collector = facts.New("windows_accounts", "The accounts and local groups of a Windows guest, without hashes", collect).On(guest.Windows)

func collect(_ context.Context, s *facts.Scope) (*facts.WindowsAccounts, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	account := h.Key(domains + `\Account`)
	if !account.Exists {
		return nil, fmt.Errorf("%s: %w", account.Path, fs.ErrNotExist)
	}
	a := &facts.WindowsAccounts{SID: machineSID(s, account), Users: []facts.WindowsUser{}, Groups: []facts.WindowsGroup{}}
	threshold := lockoutThreshold(account)
	profiles := profiles(h)
	for _, k := range account.Below("Users").Under() {
		if rid, ok := ridOf(k); ok {
			u, err := user(k, rid, threshold)
			if err != nil {
				s.Problem(k.Source().Path, 0, fmt.Errorf("%s: %w", k.Path, err))
				continue
			}
			u.SID = a.SID + "-" + strconv.FormatUint(uint64(rid), 10)
			u.Profile = profiles[u.SID]
			a.Users = append(a.Users, u)
		}
	}
	a.Groups = append(groups(s, h.Key(domains+`\Builtin`), builtin), groups(s, account, a.SID)...)
	join(a)
	return a, nil
}

// ridOf is the number of an account, which its key is called by.
func ridOf(k facts.RegistryKey) (uint32, bool) {
	const digits = 8
	if len(k.Name()) != digits {
		return 0, false
	}
	rid, err := strconv.ParseUint(k.Name(), 16, 32)
	return uint32(rid), err == nil
}

// machineSID is at the end of the value V of the domain of accounts.
func machineSID(s *facts.Scope, account facts.RegistryKey) string {
	v, ok := account.Value("V")
	const sidSize = 24 // with four numbers
	if ok && len(v.Data) >= sidSize {
		c := binread.Little(v.Data[len(v.Data)-sidSize:])
		if sid, err := facts.SID(&c); err == nil && strings.HasPrefix(sid, "S-1-5-21-") {
			return sid
		}
	}
	s.Problem(account.Source().Path, 0, binread.Corrupt("%s!V ends with no SID", account.Path))
	return ""
}

// profiles are the directories of users by their SIDs.
func profiles(h *facts.Hives) map[string]string {
	all := map[string]string{}
	for _, u := range h.Users() {
		all[u.SID] = u.Profile
	}
	return all
}

// groups reads the aliases of a domain of SAM.
func groups(s *facts.Scope, domain facts.RegistryKey, sid string) []facts.WindowsGroup {
	all := []facts.WindowsGroup{}
	for _, k := range domain.Below("Aliases").Under() {
		rid, ok := ridOf(k)
		if !ok {
			continue
		}
		g, err := group(k, rid)
		if err != nil {
			s.Problem(k.Source().Path, 0, fmt.Errorf("%s: %w", k.Path, err))
			continue
		}
		g.SID = sid + "-" + strconv.FormatUint(uint64(rid), 10)
		all = append(all, g)
	}
	return all
}

// join gives members their names, and users their groups.
func join(a *facts.WindowsAccounts) {
	users := map[string]int{}
	for i, u := range a.Users {
		users[u.SID] = i
	}
	for _, g := range a.Groups {
		for i, m := range g.Members {
			g.Members[i].Name = facts.KnownSID(m.SID)
			if at, ok := users[m.SID]; ok {
				g.Members[i].Name = a.Users[at].Name
				a.Users[at].Groups = append(a.Users[at].Groups, g.Name)
			}
		}
	}
	for _, u := range a.Users {
		slices.Sort(u.Groups)
	}
}
