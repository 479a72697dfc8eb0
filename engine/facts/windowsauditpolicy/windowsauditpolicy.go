// Package windowsauditpolicy collects the domain "windows_audit_policy": what is written to the log of security.
//
// Source: SECURITY\Policy\PolAdtEv, as Windows has it since Vista: a header with the number of categories and where their counts are, a
// number for each subcategory (1 success, 2 failure), then how many each category has. The order of the subcategories is that in which
// auditpol lists them by their GUIDs; later versions of Windows have added to the ends of categories. Nothing but observation documents
// it: dissect and winreg-kb agree.
package windowsauditpolicy

import (
	"context"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	policy = `HKLM\SECURITY\Policy\PolAdtEv`

	headerSize       = 12
	maxSubcategories = 100 // of one category
)

// Collector collects the domain "windows_audit_policy".
var Collector = facts.New("windows_audit_policy", "What Windows writes to the log of security", collect).On(guest.Windows)

func collect(_ context.Context, s *facts.Scope) (*facts.WindowsAuditPolicy, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	k := h.Key(policy)
	v, ok := k.Value("")
	if !ok {
		return nil, fmt.Errorf("%s says nothing", policy)
	}
	audits, err := parse(v.Data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", policy, err)
	}
	return &facts.WindowsAuditPolicy{
		Subcategories: audits, Source: k.Mark(""),
		Force: h.Key(facts.ControlSet + `\Control\Lsa`).Number("SCENoApplyLegacyAuditPolicy"),
	}, nil
}

func parse(b []byte) (map[string]facts.WindowsAudit, error) {
	header := binread.Little(b)
	count, countsAt := int(header.At(4).U16()), int(header.At(8).U16())
	switch {
	case header.Err() != nil || len(b) < headerSize:
		return nil, binread.Corrupt("%d bytes, want a header of %d", len(b), headerSize)
	case count != len(categories):
		return nil, binread.Unsupported("%d categories, want %d", count, len(categories))
	}
	counts, settings := binread.Little(b), binread.Little(b)
	counts.At(countsAt)
	settings.At(headerSize)
	all := map[string]facts.WindowsAudit{}
	for _, c := range categories {
		n := int(counts.U16())
		if n > maxSubcategories || settings.Offset()+2*n > countsAt {
			return nil, binread.Corrupt("%s: %d subcategories, which reach behind the settings", c.name, n)
		}
		for i := range n {
			bits := settings.U16()
			all[c.at(i)] = facts.WindowsAudit{Category: c.name, Success: bits&1 != 0, Failure: bits&2 != 0}
		}
	}
	if counts.Err() != nil || settings.Err() != nil {
		return nil, binread.Corrupt("%d bytes, want counts at %d", len(b), countsAt)
	}
	return all, nil
}

// category is one of auditpol's, with its subcategories in the order of their numbers.
type category struct {
	name          string
	subcategories []string
}

// at is the name of a subcategory, or its number where a later version of Windows added it.
func (c category) at(i int) string {
	if i < len(c.subcategories) {
		return c.subcategories[i]
	}
	return fmt.Sprintf("%s %d", c.name, i)
}

var categories = []category{
	{"System", []string{"Security State Change", "Security System Extension", "System Integrity", "IPsec Driver", "Other System Events"}},
	{"Logon/Logoff", []string{
		"Logon", "Logoff", "Account Lockout", "IPsec Main Mode", "Special Logon", "IPsec Quick Mode", "IPsec Extended Mode",
		"Other Logon/Logoff Events", "Network Policy Server", "User / Device Claims", "Group Membership",
	}},
	{"Object Access", []string{
		"File System", "Registry", "Kernel Object", "SAM", "Other Object Access Events", "Certification Services", "Application Generated",
		"Handle Manipulation", "File Share", "Filtering Platform Packet Drop", "Filtering Platform Connection", "Detailed File Share",
		"Removable Storage", "Central Policy Staging",
	}},
	{"Privilege Use", []string{"Sensitive Privilege Use", "Non Sensitive Privilege Use", "Other Privilege Use Events"}},
	{"Detailed Tracking", []string{
		"Process Creation", "Process Termination", "DPAPI Activity", "RPC Events", "Plug and Play Events", "Token Right Adjusted Events",
	}},
	{"Policy Change", []string{
		"Audit Policy Change", "Authentication Policy Change", "Authorization Policy Change", "MPSSVC Rule-Level Policy Change",
		"Filtering Platform Policy Change", "Other Policy Change Events",
	}},
	{"Account Management", []string{
		"User Account Management", "Computer Account Management", "Security Group Management", "Distribution Group Management",
		"Application Group Management", "Other Account Management Events",
	}},
	{"DS Access", []string{
		"Directory Service Access", "Directory Service Changes", "Directory Service Replication", "Detailed Directory Service Replication",
	}},
	{"Account Logon", []string{
		"Credential Validation", "Kerberos Service Ticket Operations", "Other Account Logon Events", "Kerberos Authentication Service",
	}},
}
