// Package osrelease collects the domain "os": what the guest says it is.
//
// Sources: /etc/os-release, else /usr/lib/os-release (os-release(5)), else the files of distributions older than that; the
// ELF header of the init program for the architecture; what /sbin/init leads to for the init system. It does not guess a
// distribution from its packages. Of Windows: what SOFTWARE\Microsoft\Windows NT\CurrentVersion says.
package osrelease

import (
	"context"
	"errors"
	"io/fs"
	"regexp"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// Collector collects the domain "os".
var Collector = facts.New("os", "What the guest says it is: distribution, version, architecture, init system", collect).On(guest.Unix, guest.Windows)

func collect(_ context.Context, s *facts.Scope) (*facts.OS, error) {
	if s.Guest.System == guest.Windows {
		return windows(s)
	}
	o, err := release(s)
	if errors.Is(err, fs.ErrNotExist) {
		o, err = legacy(s)
	}
	if err != nil {
		return nil, err
	}
	o.Family = family(append([]string{o.ID}, o.IDLike...))
	o.Arch = arch(s)
	o.Init = initSystem(s)
	return o, nil
}

// release reads os-release. The copy below /usr/lib counts only where /etc has none; an unreadable one in /etc hides it.
func release(s *facts.Scope) (*facts.OS, error) {
	path := "/etc/os-release"
	all, err := s.Assignments(path)
	if errors.Is(err, fs.ErrNotExist) {
		path = "/usr/lib/os-release"
		all, err = s.Assignments(path)
	}
	if err != nil {
		return nil, err
	}
	get := func(name string) string {
		if v := facts.LastAssignment(all, name); v != nil {
			return v.Value
		}
		return ""
	}
	o := &facts.OS{
		ID: get("ID"), IDLike: append([]string{}, strings.Fields(get("ID_LIKE"))...), VersionID: get("VERSION_ID"),
		Codename: codename(get), PrettyName: get("PRETTY_NAME"), SupportEnd: get("SUPPORT_END"),
		Source: facts.Source{Path: path},
	}
	if id := facts.LastAssignment(all, "ID"); id != nil {
		o.Source = *id.Source
	} else {
		s.Problem(path, 0, errors.New("no ID= line"))
	}
	return o, nil
}

var inVersion = regexp.MustCompile(`\(([A-Za-z]+)\)`)

func codename(get func(string) string) string {
	for _, name := range []string{"VERSION_CODENAME", "UBUNTU_CODENAME"} {
		if v := get(name); v != "" {
			return v
		}
	}
	// Debian 9 and older have it only in VERSION="9 (stretch)".
	if m := inVersion.FindStringSubmatch(get("VERSION")); m != nil && get("ID") == "debian" {
		return m[1]
	}
	return ""
}

// families by the IDs that os-release files use.
var families = map[string]string{
	"debian": "debian", "ubuntu": "debian", "kali": "debian", "raspbian": "debian", "linuxmint": "debian", "devuan": "debian",
	"rhel": "rhel", "fedora": "rhel", "centos": "rhel", "rocky": "rhel", "almalinux": "rhel", "ol": "rhel", "amzn": "rhel",
	"suse": "suse", "opensuse": "suse", "sles": "suse", "sled": "suse", "sle-micro": "suse", "sl-micro": "suse",
	"alpine": "alpine", "postmarketos": "alpine",
	"arch": "arch", "archlinux": "arch", "manjaro": "arch",
}

// family returns the family of the first id that has one: the guest's own before those it is like.
func family(ids []string) string {
	for _, id := range ids {
		if strings.HasPrefix(id, "opensuse-") {
			return "suse"
		}
		if f, ok := families[id]; ok {
			return f
		}
	}
	return ""
}
