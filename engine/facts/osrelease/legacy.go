package osrelease

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// legacyFiles are tried in order: a derivative's own file before the one it shares with its parent. Ubuntu has a
// debian_version, Oracle a redhat-release that says Red Hat.
var legacyFiles = []struct {
	path  string
	parse func(lines []string) *facts.OS
}{
	{"/etc/lsb-release", lsbRelease},
	{"/etc/oracle-release", redHat("ol")},
	{"/etc/centos-release", redHat("centos")},
	{"/etc/fedora-release", redHat("fedora")},
	{"/etc/redhat-release", redHat("rhel")},
	{"/etc/system-release", redHat("")},
	{"/etc/SuSE-release", suse},
	{"/etc/alpine-release", plain("alpine", "Alpine Linux")},
	{"/etc/arch-release", plain("arch", "Arch Linux")},
	{"/etc/debian_version", plain("debian", "Debian GNU/Linux")},
}

// legacy reads the files of a guest older than os-release.
func legacy(s *facts.Scope) (*facts.OS, error) {
	for _, f := range legacyFiles {
		var lines []string
		err := s.Lines(f.path, func(_ int, text string) { lines = append(lines, strings.TrimSpace(text)) })
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		lines = append(lines, "")
		if o := f.parse(lines); o != nil {
			o.Source = facts.Source{Path: f.path, Line: 1, Text: lines[0]}
			if o.IDLike == nil {
				o.IDLike = []string{}
			}
			return o, nil
		}
	}
	return nil, fmt.Errorf("/etc/os-release and its predecessors: %w", fs.ErrNotExist)
}

// redHatLine is "CentOS release 6.10 (Final)".
var redHatLine = regexp.MustCompile(`^(.+?) release ([0-9][0-9.]*)(?: *\(([^)]*)\))?`)

// redHatNames by how the line starts; the first that fits is taken.
var redHatNames = []struct{ start, id string }{
	{"Red Hat", "rhel"},
	{"CentOS", "centos"},
	{"Fedora", "fedora"},
	{"Oracle", "ol"},
	{"Rocky", "rocky"},
	{"AlmaLinux", "almalinux"},
	{"Amazon Linux", "amzn"},
	{"Scientific", "scientific"},
}

func redHat(id string) func([]string) *facts.OS {
	return func(lines []string) *facts.OS {
		m := redHatLine.FindStringSubmatch(lines[0])
		if m == nil {
			return nil
		}
		o := &facts.OS{ID: id, VersionID: m[2], Codename: m[3], PrettyName: lines[0]}
		for _, n := range redHatNames {
			if strings.HasPrefix(m[1], n.start) {
				o.ID = n.id
				break
			}
		}
		if o.ID != "rhel" && o.ID != "fedora" {
			o.IDLike = []string{"rhel", "fedora"}
		}
		return o
	}
}

// suse reads "SUSE Linux Enterprise Server 11 (x86_64)", with VERSION = and PATCHLEVEL = on lines of their own.
func suse(lines []string) *facts.OS {
	o := &facts.OS{ID: "sles", IDLike: []string{"suse"}, PrettyName: lines[0]}
	if strings.HasPrefix(lines[0], "openSUSE") {
		o.ID = "opensuse"
	}
	for _, line := range lines {
		key, value, ok := strings.Cut(line, "=")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "VERSION":
			o.VersionID = value
		case "PATCHLEVEL":
			if ok && value != "0" {
				o.VersionID += "." + value
			}
		case "CODENAME":
			o.Codename = value
		}
	}
	if o.VersionID == "" {
		return nil
	}
	return o
}

// lsbRelease reads DISTRIB_ID= and its like, which only Ubuntu and its derivatives are sure to have.
func lsbRelease(lines []string) *facts.OS {
	values := map[string]string{}
	for _, line := range lines {
		if key, value, ok := strings.Cut(line, "="); ok {
			values[key] = strings.Trim(value, `"`)
		}
	}
	if values["DISTRIB_ID"] == "" {
		return nil
	}
	return &facts.OS{
		ID: strings.ToLower(values["DISTRIB_ID"]), VersionID: values["DISTRIB_RELEASE"],
		Codename: values["DISTRIB_CODENAME"], PrettyName: values["DISTRIB_DESCRIPTION"],
	}
}

// plain is for files that hold a version and nothing else, or nothing at all. Debian's testing says "wheezy/sid", which
// is no version.
func plain(id, name string) func([]string) *facts.OS {
	return func(lines []string) *facts.OS {
		version := lines[0]
		if version != "" && (version[0] < '0' || version[0] > '9') {
			return &facts.OS{ID: id, Codename: version, PrettyName: name + " " + version}
		}
		return &facts.OS{ID: id, VersionID: version, PrettyName: strings.TrimSpace(name + " " + version)}
	}
}
