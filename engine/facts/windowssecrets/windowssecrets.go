// Package windowssecrets collects the domain "windows_secrets": where secrets lie open on a Windows guest. Only that they are there is told.
//
// Sources: Winlogon and the LSA secret DefaultPassword for a logon without a question; the answer files of setup and sysprep, in the places
// where setup looks for them (Microsoft, "Windows Setup automation overview"); preferences of group policy with a cpassword (MS-GPPREF);
// communities of SNMP and passwords of VNC and PuTTY in the registry.
package windowssecrets

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	winlogon = facts.CurrentVersion + `\Winlogon`

	maxAnswers  = 4 << 20 // bytes of an answer file
	maxElements = 1 << 20 // of it
	maxPolicies = 10_000  // files of preferences
)

// answerFiles are where setup looks for answers, and where it leaves them.
var answerFiles = []string{
	"/Windows/Panther/unattend.xml", "/Windows/Panther/autounattend.xml", "/Windows/Panther/Unattend/unattend.xml",
	"/Windows/Panther/Unattend/autounattend.xml", "/Windows/System32/Sysprep/unattend.xml", "/Windows/System32/Sysprep/sysprep.xml",
	"/Windows/System32/Sysprep/Panther/unattend.xml", "/unattend.xml", "/autounattend.xml", "/sysprep/sysprep.xml",
	"/Windows/Setup/Scripts/unattend.xml",
}

// policyFolders hold what group policy was applied, and on a domain controller what it hands out.
var policyFolders = []string{"/ProgramData/Microsoft/Group Policy/History", "/Windows/SYSVOL/sysvol", "/Windows/SYSVOL/domain"}

// Collector collects the domain "windows_secrets".
var Collector = facts.New("windows_secrets", "Where passwords lie open on a Windows guest, without them", collect).On(guest.Windows)

func collect(ctx context.Context, s *facts.Scope) (*facts.WindowsSecrets, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	c := &collection{scope: s, out: &facts.WindowsSecrets{Found: []facts.WindowsSecret{}}}
	c.registry(h)
	for _, path := range answerFiles {
		c.answers(path)
	}
	for _, folder := range policyFolders {
		if err := c.preferences(ctx, folder); err != nil {
			return nil, err
		}
	}
	return c.out, nil
}

type collection struct {
	scope *facts.Scope
	out   *facts.WindowsSecrets
	seen  int
}

func (c *collection) add(kind, name, user string, at facts.Source) {
	c.out.Found = append(c.out.Found, facts.WindowsSecret{Kind: kind, Name: name, User: user, Source: at})
}

func (c *collection) registry(h *facts.Hives) {
	k := h.Key(winlogon)
	if v := k.Digits("AutoAdminLogon"); v != nil {
		c.out.AutoLogon = v.Value == 1
	}
	for _, name := range []string{"DefaultPassword", "AltDefaultPassword"} {
		if k.Shown(name) != "" {
			c.add("default-password", name, k.Shown("DefaultUserName"), k.Mark(name))
		}
	}
	if k := h.Key(`HKLM\SECURITY\Policy\Secrets\DefaultPassword\CurrVal`); k.Exists {
		if v, ok := k.Value(""); ok && len(v.Data) > 0 {
			c.add("default-password", "LSA secret", "", k.Mark(""))
		}
	}
	snmp := h.Key(facts.ControlSet + `\Services\SNMP\Parameters\ValidCommunities`)
	for i := range snmp.Values() { // the names are the secrets
		c.add("snmp-community", fmt.Sprintf("community %d", i+1), "", snmp.Mark("***"))
	}
	for _, path := range []string{`TightVNC\Server`, `ORL\WinVNC3`, `RealVNC\vncserver`, `RealVNC\WinVNC4`, `UltraVNC`} {
		for _, name := range []string{"Password", "PasswordViewOnly", "ControlPassword"} {
			if k := h.Key(`HKLM\SOFTWARE\` + path); k.Has(name) {
				c.add("vnc", name, "", k.Mark(name))
			}
		}
	}
	for _, u := range h.Users() {
		for _, k := range h.Key(`HKU\` + u.SID + `\Software\SimonTatham\PuTTY\Sessions`).Under() {
			if k.Shown("ProxyPassword") != "" {
				c.add("putty-proxy", "ProxyPassword", u.SID, k.Mark("ProxyPassword"))
			}
		}
	}
}

// answers looks for passwords in an answer file. Setup puts a mark in the place of those it has used.
func (c *collection) answers(path string) {
	b, err := c.scope.Guest.ReadFile(path, maxAnswers)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		c.scope.Problem(path, 0, err)
	}
	if len(b) == 0 {
		return
	}
	c.scope.Uses(path)
	names, err := passwords(b)
	for _, name := range names {
		c.add("answer-file", name, "", facts.Source{Path: path})
	}
	if err != nil {
		c.scope.Problem(path, 0, err)
	}
}

// passwords returns the elements of an answer file that hold a password: AdministratorPassword/Value, Credentials/Password and others have in
// common that the element, or the one around its value, is called so.
func passwords(b []byte) ([]string, error) {
	d := facts.XMLDecoder(b)
	var names, around []string
	for range maxElements {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return names, binread.Corrupt("answer file: %v", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			around = append(around, t.Name.Local)
		case xml.EndElement:
			around = around[:max(0, len(around)-1)]
		case xml.CharData:
			text := strings.TrimSpace(string(t))
			if text != "" && !strings.HasPrefix(text, "*SENSITIVE*") && isPassword(around) {
				names = append(names, strings.Join(around[max(0, len(around)-3):], "/"))
			}
		}
	}
	return names, binread.Limit("more than %d elements", maxElements)
}

func isPassword(around []string) bool {
	n := len(around)
	if n == 0 {
		return false
	}
	last := strings.ToLower(around[n-1])
	if last == "value" && n > 1 {
		last = strings.ToLower(around[n-2])
	}
	return strings.HasSuffix(last, "password")
}

// preferences looks for passwords that group policy hands out, which everybody can decrypt.
func (c *collection) preferences(ctx context.Context, folder string) error {
	err := c.scope.Guest.Walk(ctx, folder, func(o guest.Object, err error) error {
		if err != nil {
			c.scope.Problem(o.Path, 0, err)
		}
		if !o.IsRegular() || !strings.HasSuffix(strings.ToLower(o.Path), ".xml") {
			return nil
		}
		if c.seen++; c.seen > maxPolicies {
			return binread.Limit("more than %d files of preferences", maxPolicies)
		}
		b, err := o.ReadAll(maxAnswers)
		if err != nil {
			c.scope.Problem(o.Path, 0, err)
		}
		found, err := cpassword(b)
		if err != nil {
			c.scope.Problem(o.Path, 0, err)
		}
		if found {
			c.scope.Uses(o.Path)
			c.add("group-policy", "cpassword", "", facts.Source{Path: o.Path})
		}
		return nil
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.scope.Problem(folder, 0, err)
	}
	return nil
}

// cpassword reports whether an attribute of that name holds something.
func cpassword(b []byte) (bool, error) {
	d := facts.XMLDecoder(b)
	for range maxElements {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, binread.Corrupt("preferences: %v", err)
		}
		t, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range t.Attr {
			if strings.EqualFold(a.Name.Local, "cpassword") && a.Value != "" {
				return true, nil
			}
		}
	}
	return false, binread.Limit("more than %d elements", maxElements)
}
