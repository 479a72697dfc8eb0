package sshd

import (
	"cmp"
	"regexp"
	"strconv"

	"github.com/guestctl/guestctl/engine/facts"
)

// version is one of OpenSSH.
type version [2]int

func (v version) String() string { return strconv.Itoa(v[0]) + "." + strconv.Itoa(v[1]) }

// before reports whether v is older than w.
func (v version) before(w version) bool {
	return cmp.Or(cmp.Compare(v[0], w[0]), cmp.Compare(v[1], w[1])) < 0
}

// versionText finds OpenSSH's version in a package's: "1:9.2p1-2+deb12u3", "8.7p1-38.el9", "9.9_p1-r2".
var versionText = regexp.MustCompile(`^(?:\d+:)?(\d{1,3})\.(\d{1,3})(?:\D|$)`)

// serverVersion takes the version from the package database.
func serverVersion(s *facts.Scope) (version, bool) {
	p, ok := facts.Of[facts.Packages](s, "packages")
	if !ok {
		return version{}, false
	}
	for _, name := range []string{"openssh-server", "openssh-server-common", "openssh-server-pam", "openssh"} {
		for _, pkg := range p.Installed[name] {
			if m := versionText.FindStringSubmatch(pkg.Version); m != nil {
				major, errMajor := strconv.Atoi(m[1])
				minor, errMinor := strconv.Atoi(m[2])
				if errMajor == nil && errMinor == nil {
					return version{major, minor}, true
				}
			}
		}
	}
	return version{}, false
}
