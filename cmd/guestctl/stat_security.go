package main

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
)

// statSecurity is what a security descriptor says, in what stat prints.
type statSecurity struct {
	Owner     string       `json:"owner"` // a security identifier
	OwnerName string       `json:"owner_name,omitempty"`
	Group     string       `json:"group"`
	GroupName string       `json:"group_name,omitempty"`
	Listed    bool         `json:"listed"` // without a list, everybody may do everything
	Protected bool         `json:"protected"`
	Access    []statAccess `json:"access"`
}

// statAccess is an entry of an access list.
type statAccess struct {
	Type  string `json:"type"`
	Flags string `json:"flags"`
	Mask  string `json:"mask"`
	SID   string `json:"sid"`
	Name  string `json:"name,omitempty"`
}

// secure fills in what the object's security descriptor says.
func (d *statDocument) secure(o guest.Object) error {
	s, err := o.Security()
	if s.Owner == "" && s.Group == "" {
		return err
	}
	d.Security = &statSecurity{
		Owner: s.Owner, OwnerName: wellKnown(s.Owner), Group: s.Group, GroupName: wellKnown(s.Group),
		Listed: s.Listed, Protected: s.Protected, Access: []statAccess{},
	}
	for _, a := range s.Access {
		kind := fmt.Sprintf("type %d", a.Type)
		switch a.Type {
		case 0:
			kind = "allow"
		case 1:
			kind = "deny"
		}
		d.Security.Access = append(d.Security.Access, statAccess{
			Type: kind, Flags: fmt.Sprintf("0x%02x", a.Flags), Mask: fmt.Sprintf("0x%08x", a.Mask), SID: a.SID, Name: wellKnown(a.SID),
		})
	}
	return err
}

// wellKnown is the name of a security identifier that has one on every machine, or "".
func wellKnown(sid string) string {
	if name := filesys.AccountName(sid); name != sid {
		return name
	}
	return ""
}

// owner is to whom the object belongs, on one line.
func (d *statDocument) owner() string {
	if d.Security == nil {
		return fmt.Sprintf("%d:%d", d.UID, d.GID)
	}
	return account(d.Security.Owner) + ", group " + account(d.Security.Group)
}

// account is a security identifier with its name.
func account(sid string) string {
	if name := wellKnown(sid); name != "" {
		return name + " (" + sid + ")"
	}
	return sid
}

// lines are the access list.
func (s *statSecurity) lines() (lines [][2]string) {
	if s == nil {
		return nil
	}
	if !s.Listed {
		return [][2]string{{"access", "no list: everybody may do everything"}}
	}
	for _, a := range s.Access {
		lines = append(lines, [2]string{"access", fmt.Sprintf("%s %s to %s, flags %s", a.Type, a.Mask, account(a.SID), a.Flags)})
	}
	return lines
}
