// Package windows collects the domain "windows": which Windows the guest is, what it belongs to, its hives and its drives.
//
// Sources: SOFTWARE\Microsoft\Windows NT\CurrentVersion, the control set for the names and the kind of product, SECURITY\Policy for the
// domain (MS-LSAD calls it the primary domain), and SYSTEM\MountedDevices for the letters.
package windows

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// Collector collects the domain "windows".
var Collector = facts.New("windows", "Which Windows the guest is, its domain, its hives and its drives", collect).On(guest.Windows)

func collect(_ context.Context, s *facts.Scope) (*facts.Windows, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	v, k := h.WindowsVersion(), h.Key(facts.CurrentVersion)
	w := &facts.Windows{
		Name: v.Name, ProductName: v.Product, Version: v.Version, Build: v.Build, UBR: v.UBR, Arch: v.Arch, Source: v.Source,
		DisplayVersion: k.Plain("DisplayVersion"), Edition: k.Plain("EditionID"), InstallationType: k.Plain("InstallationType"),
		ProductType: productType(h.Key(facts.ControlSet + `\Control\ProductOptions`).Plain("ProductType")),
		SystemRoot:  s.Guest.SystemRoot,
	}
	if seconds, ok := k.Count("InstallDate"); ok {
		w.InstallTime = facts.TimeText(time.Unix(int64(seconds), 0))
	}
	w.ComputerName = h.Key(facts.ControlSet + `\Control\ComputerName\ComputerName`).Text("ComputerName")
	tcpip := h.Key(facts.ControlSet + `\Services\Tcpip\Parameters`)
	w.DNSName, w.DNSDomain = tcpip.Text("NV Hostname"), tcpip.Text("NV Domain")
	domain(s, h, w)
	w.Hives, w.Drives = hives(s, h), drives(s)
	return w, nil
}

// productType names the products of ProductOptions.
func productType(name string) string {
	switch strings.ToLower(name) {
	case "winnt":
		return "workstation"
	case "servernt":
		return "server"
	case "lanmannt":
		return "domain-controller"
	}
	return ""
}

// domain reads what the guest belongs to: the name of its primary domain, and the SID of that, which a workgroup has none of.
func domain(s *facts.Scope, h *facts.Hives, w *facts.Windows) {
	name, sid := h.Key(`HKLM\SECURITY\Policy\PolPrDmN`), h.Key(`HKLM\SECURITY\Policy\PolPrDmS`)
	v, ok := name.Value("")
	if !ok {
		return
	}
	text, err := counted(v.Data)
	if err != nil {
		s.Problem(name.Mark("").Path, 0, fmt.Errorf("%s: %w", name.Path, err))
		return
	}
	source := name.Mark("")
	source.Text += " = " + text
	w.Domain = &facts.Value[string]{Value: text, Explicit: true, Source: &source}
	id, _ := sid.Value("")
	const sidHeader = 8
	w.Joined = new(len(id.Data) > sidHeader)
}

// counted reads a text behind a UNICODE_STRING whose pointer is an offset: length, capacity and where it begins.
func counted(b []byte) (string, error) {
	c := binread.Little(b)
	length := int(c.U16())
	c.Skip(2)
	begin := c.U32()
	if begin > uint32(len(b)) {
		return "", binread.Corrupt("text at %d, want at most %d", begin, len(b))
	}
	text := binread.Little(c.At(int(begin)).Bytes(length))
	if c.Err() != nil {
		return "", c.Err()
	}
	return text.UTF16(), nil
}

func hives(s *facts.Scope, h *facts.Hives) []facts.WindowsHive {
	list := []facts.WindowsHive{}
	for _, one := range h.All() {
		v := facts.WindowsHive{Name: one.Name, Path: one.Path, Condition: "unread"}
		switch err := one.Err(); {
		case errors.Is(err, fs.ErrNotExist):
			v.Condition = "absent"
		case err != nil:
			s.Problem(one.Path, 0, err)
		default:
			v.Condition, v.Written = string(one.State.Condition), facts.TimeText(one.State.Written)
			for _, p := range one.Problems {
				s.Problem(one.Path, 0, p)
			}
		}
		list = append(list, v)
	}
	return list
}

func drives(s *facts.Scope) []facts.WindowsDrive {
	list := []facts.WindowsDrive{}
	path := s.Guest.SystemRoot + "/System32/config/SYSTEM"
	for _, d := range s.Guest.Drives {
		list = append(list, facts.WindowsDrive{
			Letter: d.Letter, Path: d.Path, Device: d.Device,
			Source: facts.Source{Path: path, Text: `HKLM\SYSTEM\MountedDevices!\DosDevices\` + d.Letter},
		})
	}
	return list
}
