package mounts

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

const (
	fstab    = "/etc/fstab"
	maxLines = 10_000    // mounts of fstab
	maxLine  = 256 << 10 // bytes of one line
)

// parseLine reads one line of fstab. Comments, blank lines and swap are not ok. A line with an error may be ok: what is
// there of it is what getmntent(3) takes.
func parseLine(text string) (m facts.Mount, ok bool, err error) {
	if len(text) > maxLine {
		return m, false, fmt.Errorf("line has %d bytes, want at most %d", len(text), maxLine)
	}
	fields := strings.FieldsFunc(text, func(c rune) bool { return c == ' ' || c == '\t' })
	if len(fields) == 0 || fields[0][0] == '#' {
		return m, false, nil
	}
	if len(fields) < 2 {
		return m, false, errors.New("line has one field, want a device and a mount point")
	}
	m = facts.Mount{Origin: "fstab", Device: unescape(unquote(fields[0])), Target: unescape(fields[1]), Options: []string{}}
	if len(fields) > 2 {
		m.FSType = unescape(fields[2])
	}
	if m.FSType == "swap" || m.FSType == "ignore" || m.Target == "none" {
		return m, false, nil
	}
	if !strings.HasPrefix(m.Target, "/") {
		return m, false, fmt.Errorf("mount point %q is no path", m.Target)
	}
	m.Target = path.Clean(m.Target)
	if len(fields) > 3 {
		m.Options = split(unescape(fields[3]))
	}
	if len(fields) < 3 || len(fields) > 4 && !number(fields[4]) || len(fields) > 5 && !number(fields[5]) {
		err = errors.New("line is not as mount(8) wants it, which ignores it; systemd takes it")
	}
	apply(&m)
	return m, true, err
}

func number(text string) bool { return strings.Trim(text, "0123456789") == "" }

// split cuts options at commas outside of quotes; credentials are blanked.
func split(text string) []string {
	options := []string{}
	quoted, start := false, 0
	add := func(o string) {
		if o = strings.TrimSpace(o); o != "" {
			options = append(options, facts.Redact(o))
		}
	}
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == ',' && !quoted:
			add(text[start:i])
			start = i + 1
		}
	}
	add(text[start:])
	return options
}

// unescape decodes the octal escapes of fstab(5), such as \040 for a space.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] <= '3' && octal(s[i+1]) && octal(s[i+2]) && octal(s[i+3]) {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func octal(c byte) bool { return '0' <= c && c <= '7' }

// unquote takes the quotes off a tag's value: UUID="…" is allowed.
func unquote(s string) string {
	tag, value, ok := strings.Cut(s, "=")
	if !ok || strings.HasPrefix(s, "/") {
		return s
	}
	return tag + "=" + strings.Trim(value, `"'`)
}

// flags are the per-mount flags that are looked at.
type flags struct{ nodev, nosuid, noexec, ro bool }

// flagOptions are the options that change them. "defaults" is none: it sets nothing and clears nothing (mount(8),
// verified with mount of util-linux 2.38).
var flagOptions = map[string]func(f *flags){
	"nodev":  func(f *flags) { f.nodev = true },
	"dev":    func(f *flags) { f.nodev = false },
	"nosuid": func(f *flags) { f.nosuid = true },
	"suid":   func(f *flags) { f.nosuid = false },
	"noexec": func(f *flags) { f.noexec = true },
	"exec":   func(f *flags) { f.noexec = false },
	"ro":     func(f *flags) { f.ro = true },
	"rw":     func(f *flags) { f.ro = false },
	"user":   secure, "users": secure,
	"owner": ownerSecure, "group": ownerSecure,
}

func secure(f *flags) { f.nodev, f.nosuid, f.noexec = true, true, true }

func ownerSecure(f *flags) { f.nodev, f.nosuid = true, true }

// apply works out the flags from the options: later ones win.
func apply(m *facts.Mount) {
	var f flags
	m.Auto, m.Automount, m.Bind, m.Subvolume = true, false, false, ""
	for _, o := range m.Options {
		if set, ok := flagOptions[o]; ok {
			set(&f)
		}
		switch name, value, _ := strings.Cut(o, "="); name {
		case "noauto":
			m.Auto = false
		case "auto":
			m.Auto = true
		case "x-systemd.automount":
			m.Automount = true
		case "bind", "rbind":
			m.Bind = true
		case "subvol":
			m.Subvolume = value
		}
	}
	m.Auto = m.Auto || m.Automount
	m.NoDev, m.NoSUID, m.NoExec, m.ReadOnly = f.nodev, f.nosuid, f.noexec, f.ro
}

// builtin are the file systems that systemd mounts before any unit (mount_table in systemd's mount-setup.c).
var builtin = []struct{ target, device, fstype, options string }{
	{"/proc", "proc", "proc", "nosuid,nodev,noexec"},
	{"/sys", "sysfs", "sysfs", "nosuid,nodev,noexec"},
	{"/dev", "devtmpfs", "devtmpfs", "nosuid"},
	{"/dev/shm", "tmpfs", "tmpfs", "nosuid,nodev"},
	{"/dev/pts", "devpts", "devpts", "nosuid,noexec"},
	{"/run", "tmpfs", "tmpfs", "nosuid,nodev"},
}

// builtins adds what is mounted although no file says so. A line of fstab for one of them replaces its options
// (systemd-remount-fs.service(8)).
func builtins(s *facts.Scope, all facts.Mounts, systemd bool) facts.Mounts {
	has := func(target string) bool {
		return slices.ContainsFunc(all, func(m facts.Mount) bool { return m.Target == target && m.InForce() })
	}
	if !has("/") {
		m := facts.Mount{Target: "/", Device: s.Guest.Root.Device, FSType: s.Guest.Root.FS.Description().Type, Options: []string{}, Origin: "builtin", Auto: true}
		all = append(all, m)
	}
	for _, b := range builtin {
		if !systemd || has(b.target) {
			continue
		}
		m := facts.Mount{Target: b.target, Device: b.device, FSType: b.fstype, Options: split(b.options), Origin: "builtin"}
		apply(&m)
		all = append(all, m)
	}
	return all
}
