// Package windowsrights collects the domain "windows_rights": who has which right and privilege.
//
// Source: SECURITY\Policy\Accounts\<SID>, whose ActSysAc holds the bits of POLICY_MODE (MS-LSAD 2.2.1.2) and whose Privilgs a set of
// privileges by their numbers (MS-LSAD 3.1.1.2.1).
package windowsrights

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	accounts      = `HKLM\SECURITY\Policy\Accounts`
	maxPrivileges = 1000 // of one account
)

// Collector collects the domain "windows_rights".
var Collector = facts.New("windows_rights", "Who has which right and privilege on a Windows guest", collect, "windows_accounts").On(guest.Windows)

func collect(_ context.Context, s *facts.Scope) (*facts.WindowsRights, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	names := known(s)
	all := facts.WindowsRights{}
	for _, k := range h.Key(accounts).Under() {
		sid := strings.ToUpper(k.Name())
		rights, err := rightsOf(k)
		if err != nil {
			s.Problem(k.Source().Path, 0, fmt.Errorf("%s: %w", k.Path, err))
		}
		for _, right := range rights {
			all[right] = append(all[right], facts.WindowsMember{SID: sid, Name: names(sid)})
		}
	}
	return &all, nil
}

// known returns what gives an identifier its name: that of everybody's, or of the guest's accounts.
func known(s *facts.Scope) func(sid string) string {
	a, ok := facts.Of[facts.WindowsAccounts](s, "windows_accounts")
	return func(sid string) string {
		name := facts.KnownSID(sid)
		if name != "" || !ok {
			return name
		}
		if i := slices.IndexFunc(a.Users, func(u facts.WindowsUser) bool { return u.SID == sid }); i >= 0 {
			return a.Users[i].Name
		}
		if i := slices.IndexFunc(a.Groups, func(g facts.WindowsGroup) bool { return g.SID == sid }); i >= 0 {
			return a.Groups[i].Name
		}
		return ""
	}
}

func rightsOf(k facts.RegistryKey) ([]string, error) {
	var rights []string
	if v, ok := k.Below("ActSysAc").Value(""); ok {
		c := binread.Little(v.Data)
		bits := c.U32()
		if c.Err() != nil {
			return nil, fmt.Errorf("key ActSysAc: %w", c.Err())
		}
		for _, r := range logonRights {
			if bits&r.bit != 0 {
				rights = append(rights, r.name)
			}
		}
	}
	v, ok := k.Below("Privilgs").Value("")
	if !ok {
		return rights, nil
	}
	c := binread.Little(v.Data)
	count := c.U32()
	c.Skip(4)
	if count > maxPrivileges {
		return rights, binread.Limit("Privilgs: %d of them, want at most %d", count, maxPrivileges)
	}
	for range count {
		number := c.U32()
		c.Skip(8)
		if c.Err() != nil {
			return rights, fmt.Errorf("key Privilgs: %w", c.Err())
		}
		rights = append(rights, privilege(number))
	}
	return rights, nil
}

// logonRights are the bits of ActSysAc.
var logonRights = []struct {
	bit  uint32
	name string
}{
	{0x001, "SeInteractiveLogonRight"},
	{0x002, "SeNetworkLogonRight"},
	{0x004, "SeBatchLogonRight"},
	{0x010, "SeServiceLogonRight"},
	{0x040, "SeDenyInteractiveLogonRight"},
	{0x080, "SeDenyNetworkLogonRight"},
	{0x100, "SeDenyBatchLogonRight"},
	{0x200, "SeDenyServiceLogonRight"},
	{0x400, "SeRemoteInteractiveLogonRight"},
	{0x800, "SeDenyRemoteInteractiveLogonRight"},
}

// privileges by their numbers, from firstPrivilege on.
var privileges = []string{
	"SeCreateTokenPrivilege", "SeAssignPrimaryTokenPrivilege", "SeLockMemoryPrivilege", "SeIncreaseQuotaPrivilege",
	"SeMachineAccountPrivilege", "SeTcbPrivilege", "SeSecurityPrivilege", "SeTakeOwnershipPrivilege", "SeLoadDriverPrivilege",
	"SeSystemProfilePrivilege", "SeSystemtimePrivilege", "SeProfileSingleProcessPrivilege", "SeIncreaseBasePriorityPrivilege",
	"SeCreatePagefilePrivilege", "SeCreatePermanentPrivilege", "SeBackupPrivilege", "SeRestorePrivilege", "SeShutdownPrivilege",
	"SeDebugPrivilege", "SeAuditPrivilege", "SeSystemEnvironmentPrivilege", "SeChangeNotifyPrivilege", "SeRemoteShutdownPrivilege",
	"SeUndockPrivilege", "SeSyncAgentPrivilege", "SeEnableDelegationPrivilege", "SeManageVolumePrivilege", "SeImpersonatePrivilege",
	"SeCreateGlobalPrivilege", "SeTrustedCredManAccessPrivilege", "SeRelabelPrivilege", "SeIncreaseWorkingSetPrivilege",
	"SeTimeZonePrivilege", "SeCreateSymbolicLinkPrivilege", "SeDelegateSessionUserImpersonatePrivilege",
}

const firstPrivilege = 2

func privilege(number uint32) string {
	if number < firstPrivilege || number-firstPrivilege >= uint32(len(privileges)) {
		return fmt.Sprintf("privilege %d", number)
	}
	return privileges[number-firstPrivilege]
}
