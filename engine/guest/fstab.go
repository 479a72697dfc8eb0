package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	fstabPath = "/etc/fstab"
	maxFstab  = 1 << 20 // bytes
	maxMounts = 256
)

// fstabEntry is one line of fstab(5) that names something to mount.
type fstabEntry struct {
	source, target, fstype string
	options                []string
	line                   int
}

func (e fstabEntry) bind() bool {
	return slices.Contains(e.options, "bind") || slices.Contains(e.options, "rbind")
}

// onDemand reports whether the entry waits for a person to mount it. An automount does not: the first access mounts it.
func (e fstabEntry) onDemand() bool {
	return slices.Contains(e.options, "noauto") && !slices.Contains(e.options, "x-systemd.automount")
}

// pseudo are file systems without bytes on a disk: what stands under their mount point stays visible.
var pseudo = []string{
	"proc", "sysfs", "tmpfs", "devtmpfs", "devpts", "swap", "cgroup", "cgroup2", "securityfs", "debugfs", "tracefs",
	"configfs", "efivarfs", "bpf", "mqueue", "hugetlbfs", "ramfs", "autofs", "binfmt_misc", "rpc_pipefs", "fusectl", "none", "ignore",
}

// readFstab returns the entries an ordinary boot mounts from a disk, the root left out.
func (g *Guest) readFstab() ([]fstabEntry, []Problem) {
	b, err := g.ReadFile(fstabPath, maxFstab)
	var problems []Problem
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		problems = append(problems, Problem{fstabPath, 0, err.Error()})
		g.doubt = &unread{err}
	}
	entries, bad, err := parseFstab(string(b))
	if err != nil {
		bad = append(bad, Problem{fstabPath, 0, err.Error()})
		g.doubt = &unread{err}
	}
	return entries, append(problems, bad...)
}

// parseFstab returns the entries with problems of single lines. The error says that there are more entries.
func parseFstab(text string) ([]fstabEntry, []Problem, error) {
	var entries []fstabEntry
	var problems []Problem
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		e, ok, problem := parseFstabLine(line)
		if problem != "" && len(problems) < maxMounts {
			problems = append(problems, Problem{fstabPath, n, problem})
		}
		if !ok || e.target == "/" {
			continue
		}
		if len(entries) == maxMounts {
			return entries, problems, binread.Limit("line %d: more than %d mounts", n, maxMounts)
		}
		e.line = n
		entries = append(entries, e)
	}
	return entries, problems, nil
}

// parseFstabLine returns the entry of a line, if an ordinary boot mounts it from a disk.
func parseFstabLine(line string) (e fstabEntry, ok bool, problem string) {
	fields := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' })
	if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
		return e, false, ""
	}
	if len(fields) < 2 {
		return e, false, "line has one field, want a source and a mount point"
	}
	e = fstabEntry{source: unescape(unquote(fields[0])), target: unescape(fields[1]), fstype: "auto"}
	if len(fields) > 2 {
		e.fstype = fields[2]
	}
	if len(fields) > 3 {
		e.options = strings.Split(unescape(fields[3]), ",")
	}
	if slices.Contains(pseudo, e.fstype) && !e.bind() || e.onDemand() || !strings.HasPrefix(e.target, "/") {
		return e, false, ""
	}
	e.target = path.Clean(e.target)
	return e, true, ""
}

// rootEntry returns the line of fstab for the root, if there is one.
func rootEntry(text string) (fstabEntry, bool) {
	for line := range strings.SplitSeq(text, "\n") {
		if e, ok, _ := parseFstabLine(line); ok && e.target == "/" {
			return e, true
		}
	}
	return fstabEntry{}, false
}

var octal = regexp.MustCompile(`\\[0-7]{3}`)

// unescape decodes the octal escapes of fstab(5), such as \040 for a space.
func unescape(s string) string {
	return octal.ReplaceAllStringFunc(s, func(e string) string {
		n, err := strconv.ParseUint(e[1:], 8, 8)
		if err != nil {
			return e
		}
		return string([]byte{byte(n)})
	})
}

// unquote takes the quotes off a tag's value: UUID="…" is allowed (fstab(5)).
func unquote(s string) string {
	tag, value, ok := strings.Cut(s, "=")
	if !ok {
		return s
	}
	return tag + "=" + strings.Trim(value, `"'`)
}

// match finds the volume that source names. Where none or several fit it says why, and returns the first of several.
func match(source string, volumes []Volume) (*Volume, string) {
	fits := matcher(source)
	if fits == nil {
		return nil, "not a local disk"
	}
	var found []*Volume
	for i := range volumes {
		if fits(volumes[i]) {
			found = append(found, &volumes[i])
		}
	}
	switch len(found) {
	case 0:
		return nil, "no readable file system on these disks is called so"
	case 1:
		return found[0], ""
	}
	return found[0], fmt.Sprintf("%d file systems are called so; took %s", len(found), found[0].Device)
}

// diskName are the kernel's names for partitions: sdb2, vda1, nvme0n1p2, mmcblk0p1.
var diskName = regexp.MustCompile(`^/dev/(?:(?:[shv]|xv)d([a-z])|nvme(\d+)n1|mmcblk(\d+))p?(\d*)$`)

// matcher returns the test for a source of fstab(5), or nil when the source is no local block device.
func matcher(source string) func(Volume) bool {
	if by, name, ok := strings.Cut(strings.TrimPrefix(source, "/dev/disk/by-"), "/"); ok && strings.HasPrefix(source, "/dev/disk/by-") {
		source = strings.ToUpper(by) + "=" + unescapeUdev(name)
	}
	tag, value, tagged := strings.Cut(source, "=")
	switch {
	case tagged && value == "":
		return func(Volume) bool { return false }
	case tagged && tag == "UUID":
		return func(v Volume) bool { return strings.EqualFold(v.FS.Description().UUID, value) }
	case tagged && tag == "LABEL":
		return func(v Volume) bool { return v.FS.Description().Label == value }
	case tagged && tag == "PARTUUID":
		return func(v Volume) bool { return v.PartUUID != "" && strings.EqualFold(v.PartUUID, value) }
	case tagged && tag == "PARTLABEL":
		return func(v Volume) bool { return v.PartLabel == value }
	}
	if m := diskName.FindStringSubmatch(source); m != nil {
		disk := diskIndex(m[1], m[2]+m[3])
		number := 0
		if m[4] != "" {
			number, _ = strconv.Atoi(m[4]) // digits only; one that overflows fits no partition
		}
		return func(v Volume) bool { return disk >= 0 && v.Disk == disk && v.Number == number }
	}
	if strings.HasPrefix(source, "/dev/") {
		return func(v Volume) bool { return source == "/dev/"+v.Device || slices.Contains(v.Devices, source) }
	}
	return nil
}

var hexadecimal = regexp.MustCompile(`\\x[0-9a-fA-F]{2}`)

// unescapeUdev decodes \x20 and its like in the names of links below /dev/disk (udev(7), ENV{ID_FS_LABEL_ENC}).
func unescapeUdev(s string) string {
	return hexadecimal.ReplaceAllStringFunc(s, func(e string) string {
		n, err := strconv.ParseUint(e[2:], 16, 8)
		if err != nil {
			return e
		}
		return string([]byte{byte(n)})
	})
}

// parseNumber reads a number as the kernel does (kstrtou64 with base 0).
func parseNumber(s string) (uint64, bool) {
	n, err := strconv.ParseUint(s, 0, 64)
	return n, err == nil && !strings.Contains(s, "_")
}

func diskIndex(letter, digits string) int {
	if letter != "" {
		return int(letter[0] - 'a')
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return n
}
