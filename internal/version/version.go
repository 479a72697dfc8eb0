// Package version compares the versions of packages as each package manager does.
//
// dpkg follows deb-version(7), rpm the rules of rpm-version(7), apk those of apk-package(5) and pacman those of vercmp(8).
// The first and the third are libraries; the libraries at hand for the second do not know its ^, which Fedora uses, so it
// is written here beside the fourth, which descends from it. Versions of programs of Windows are numbers with dots. A version that has no place in an order is an error and never equal to anything: a check on it is unknown.
package version

import (
	"cmp"
	"fmt"
	"regexp"

	apkversion "github.com/knqyf263/go-apk-version"
	debversion "github.com/knqyf263/go-deb-version"
)

// Order compares the version a guest has with one that is wanted, and returns -1, 0 or 1.
type Order func(got, want string) (int, error)

// OrderOf returns the order of a package manager ("dpkg", "rpm", "apk", "pacman", "windows"), or false when it is not known here.
func OrderOf(manager string) (Order, bool) {
	switch manager {
	case "dpkg":
		return Dpkg, true
	case "rpm":
		return RPM, true
	case "apk":
		return Apk, true
	case "pacman":
		return Pacman, true
	case "windows":
		return Dotted, true
	}
	return nil, false
}

const (
	maxDigits = 18   // of one number in a version: more do not fit the libraries' integers, which they do not say
	maxLength = 1024 // bytes of a version
)

// Dpkg compares as dpkg --compare-versions does.
func Dpkg(got, want string) (int, error) {
	a, err := dpkgVersion(got)
	if err != nil {
		return 0, err
	}
	b, err := dpkgVersion(want)
	if err != nil {
		return 0, err
	}
	return cmp.Compare(a.Compare(*b), 0), nil
}

func dpkgVersion(s string) (*debversion.Version, error) {
	if err := check(s, maxDigits); err != nil {
		return nil, err
	}
	v, err := debversion.NewVersion(s)
	if err != nil {
		return nil, fmt.Errorf("version %q: %w", s, err)
	}
	return &v, nil
}

// apkVersion is the form that apk-package(5) gives, without the commit's hash, which has no order.
var apkVersion = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*[a-z]?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*(-r[0-9]+)?$`)

// Apk compares as apk version -t does. A version without a revision is older than its first one.
func Apk(got, want string) (int, error) {
	a, bareA, err := apkParts(got)
	if err != nil {
		return 0, err
	}
	b, bareB, err := apkParts(want)
	if err != nil {
		return 0, err
	}
	c := a.Compare(b)
	switch {
	case c == 0 && bareA && !bareB:
		return -1, nil
	case c == 0 && bareB && !bareA:
		return 1, nil
	}
	return c, nil
}

// apkParts returns the version with a revision: the library puts 1.0_rc1 behind 1.0 where that is at its end.
func apkParts(s string) (v apkversion.Version, bare bool, err error) {
	if err := check(s, maxDigits); err != nil {
		return "", false, err
	}
	m := apkVersion.FindStringSubmatch(s)
	if m == nil {
		return "", false, fmt.Errorf("version %q: want the form 1.2.3a_rc4-r5", s)
	}
	if bare = m[len(m)-1] == ""; bare {
		s += "-r0"
	}
	return apkversion.Version(s), bare, nil
}

// check refuses what no package manager writes, before a library sees it.
func check(s string, digits int) error {
	if s == "" || len(s) > maxLength {
		return fmt.Errorf("version of %d bytes, want 1 to %d", len(s), maxLength)
	}
	run := 0
	for _, c := range []byte(s) {
		switch {
		case c <= ' ' || c > '~':
			return fmt.Errorf("version %q: want ASCII without spaces", s)
		case isDigit(c):
			run++
		default:
			run = 0
		}
		if run > digits {
			return fmt.Errorf("version %q: a number of more than %d digits", s, digits)
		}
	}
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
