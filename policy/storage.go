package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

const (
	domainMounts = "mounts"
	domainDisks  = "disks"
)

// mountPoint reads one entry of a list of paths of the guest.
func mountPoint(c *compiler, n *node, list string) (p string, check Check, o options, ok bool) {
	at, o, ok := c.textEntry(n, "path")
	if !ok {
		return p, check, o, false
	}
	p, _ = at.value.(string)
	check = Check{ID: list + ":" + p, Path: p, Needs: facts.Request{Domains: []string{domainMounts}}}
	return p, check, o, c.guestPath(at.at, p, false)
}

// mountOf returns the mount that a path of the guest lies on after a boot.
func mountOf(doc *facts.Document, p string) (*facts.Mount, bool) {
	mounts, ok := facts.Get[facts.Mounts](doc, domainMounts)
	if !ok {
		return nil, false
	}
	var best *facts.Mount
	for i := range *mounts {
		m := &(*mounts)[i]
		if !m.InForce() || m.Target != p && !strings.HasPrefix(p, strings.TrimSuffix(m.Target, "/")+"/") {
			continue
		}
		if best == nil || len(m.Target) > len(best.Target) {
			best = m
		}
	}
	return best, true
}

func mountWhere(m *facts.Mount) []finding.Location {
	if m == nil || m.Source == nil {
		return nil
	}
	return []finding.Location{location(*m.Source, "")}
}

func mountText(m *facts.Mount) string { return strings.TrimSpace(m.FSType + " on " + m.Device) }

// separateMount wants something of its own mounted at a path.
func separateMount(c *compiler, n *node) {
	p, check, o, ok := mountPoint(c, n, "storage.separate")
	if !ok {
		return
	}
	check.Title = p + " is a file system of its own"
	check.Eval = func(doc *facts.Document) Outcome {
		m, ok := mountOf(doc, p)
		if !ok {
			return unknown("the mounts were not collected")
		}
		o := Outcome{Status: finding.Fail, Expected: "a file system of its own", Actual: "part of no mount that is known", Where: mountWhere(m)}
		switch {
		case m == nil:
		case m.Target != p:
			o.Actual = "part of " + m.Target
		case m.Bind:
			o.Actual = "a view of " + m.Device
		default:
			o.Status, o.Actual = finding.Pass, mountText(m)
			if m.Subvolume != "" {
				o.Notes = []string{"it shares the space of its Btrfs: subvolume " + m.Subvolume}
			}
		}
		o.Message = o.Actual
		if o.Status == finding.Fail {
			o.Message = fmt.Sprintf("want %s, is %s", o.Expected, o.Actual)
			o.Fix = "give " + p + " a partition or volume, and a line in /etc/fstab"
		}
		return o
	}
	c.add(n, check, o)
}

// mountOptions reads "/path" = ["nodev", ...], or { options = [...] }.
func mountOptions(c *compiler, n *node) {
	v, o, ok := c.shortOrLong(n, "options")
	if !c.guestPath(n.key, n.name, false) || !ok {
		return
	}
	before := c.failures
	want := textsOf(c.texts(v))
	for _, item := range v.list {
		if s, ok := item.value.(string); ok && strings.ContainsAny(s, ", \t") {
			c.fail(item.at, "%q is several options, want each on its own", s)
		}
	}
	if len(want) == 0 && c.failures == before {
		c.fail(v.at, "%s wants no option at all", n.path)
	}
	if c.failures > before {
		return
	}
	p := n.name
	c.add(n, Check{
		ID: "storage.options:" + p, Path: p, Title: p + " is mounted with " + strings.Join(want, ","),
		Needs: facts.Request{Domains: []string{domainMounts}},
		Eval:  func(doc *facts.Document) Outcome { return judgeMountOptions(doc, p, want) },
	}, o)
}

func judgeMountOptions(doc *facts.Document, p string, want []string) Outcome {
	m, ok := mountOf(doc, p)
	switch {
	case !ok:
		return unknown("the mounts were not collected")
	case m == nil:
		return unknown("no mount is known that " + p + " lies on")
	}
	o := Outcome{Status: finding.Pass, Expected: strings.Join(want, ","), Actual: strings.Join(m.Options, ","), Where: mountWhere(m)}
	var lacks []string
	for _, option := range want {
		if !hasOption(m, option) {
			lacks = append(lacks, option)
		}
	}
	if o.Actual == "" {
		o.Actual = "no options"
	}
	o.Message = o.Actual
	if m.Target != p {
		o.Notes = []string{p + " has no mount of its own, and lies on " + m.Target}
	}
	if len(lacks) > 0 {
		o.Status, o.Message = finding.Fail, "lacks "+strings.Join(lacks, ", ")
		switch {
		case m.Target != p:
			o.Fix = "mount a file system of its own at " + p + " with " + strings.Join(want, ",")
		case m.Source != nil && m.Origin == "fstab":
			o.Fix = fmt.Sprintf("add %s to the options in line %d of %s", strings.Join(lacks, ","), m.Source.Line, m.Source.Path)
		case m.Origin == "unit":
			o.Fix = fmt.Sprintf("systemctl edit %s, and add %s to Options=", shellWord(m.Unit), strings.Join(lacks, ","))
		default:
			o.Fix = fmt.Sprintf("write a line for %s with %s into /etc/fstab", p, strings.Join(want, ","))
		}
	}
	return o
}

// hasOption reports whether an option is in force. Those that exclude each other are told by the facts.
func hasOption(m *facts.Mount, option string) bool {
	switch option {
	case "nodev":
		return m.NoDev
	case "nosuid":
		return m.NoSUID
	case "noexec":
		return m.NoExec
	case "ro":
		return m.ReadOnly
	case "dev":
		return !m.NoDev
	case "suid":
		return !m.NoSUID
	case "exec":
		return !m.NoExec
	case "rw":
		return !m.ReadOnly
	}
	key, _, valued := strings.Cut(option, "=")
	for _, have := range slices.Backward(m.Options) {
		switch k, _, _ := strings.Cut(have, "="); {
		case have == option:
			return true
		case valued && k == key:
			return false // a later one of the same key wins
		case have == "no"+option || option == "no"+have:
			return false
		}
	}
	return false
}

// encrypted wants the file system that a path lies on to be on an encrypted volume.
func encrypted(c *compiler, n *node) {
	p, check, o, ok := mountPoint(c, n, "storage.encryption")
	if !ok {
		return
	}
	check.Title, check.Severity = p+" is encrypted", finding.High
	check.Needs.Domains = append(check.Needs.Domains, domainDisks)
	check.Eval = func(doc *facts.Document) Outcome { return judgeEncryption(doc, p) }
	c.add(n, check, o)
}

// judgeEncryption can tell that a file system lies plainly on a volume, and of an encrypted one that was opened that it does not. One
// that is closed is not known to be the one.
func judgeEncryption(doc *facts.Document, p string) Outcome {
	m, _ := mountOf(doc, p)
	disks, ok := facts.Get[facts.Disks](doc, domainDisks)
	if m == nil || !ok {
		return unknown("what " + p + " lies on is not known")
	}
	sealed := ""
	for _, d := range *disks {
		if d.UUID != "" && d.Content != "gpt" && d.Content != "mbr" && names(m.Device, d.UUID, "", d.Label) {
			return plainly(p, m, d.Content, d.Device)
		}
		for _, part := range d.Partitions {
			if part.FSType == "" || part.Unread != "" || part.FSType == "LUKS" {
				continue
			}
			if !names(m.Device, part.UUID, part.PartUUID, part.Label) && !slices.Contains(part.Devices, m.Device) {
				continue
			}
			if part.Encrypted == "" { // which counts where several are called so
				return plainly(p, m, part.FSType, part.Device)
			}
			sealed = part.Encrypted + " on " + part.Device
		}
	}
	if sealed != "" {
		return Outcome{Status: finding.Pass, Expected: "encrypted", Actual: sealed, Message: "encrypted, " + sealed, Where: mountWhere(m)}
	}
	o := unknown(fmt.Sprintf("whether %s is encrypted cannot be told from the disks", mountText(m)))
	o.Where = mountWhere(m)
	return o
}

func plainly(p string, m *facts.Mount, fstype, device string) Outcome {
	actual := fmt.Sprintf("plain %s on %s", fstype, device)
	o := Outcome{
		Status: finding.Fail, Expected: "encrypted", Actual: actual, Message: "want encrypted, is " + actual, Where: mountWhere(m),
		Fix: "move " + p + " to a file system inside LUKS, and name it in /etc/crypttab and /etc/fstab",
	}
	if m.Target != p {
		o.Notes = []string{p + " lies on " + m.Target}
	}
	return o
}

// names reports whether a device of fstab is the volume.
func names(device, uuid, partUUID, label string) bool {
	for prefix, id := range map[string]string{
		"UUID=": uuid, "/dev/disk/by-uuid/": uuid, "PARTUUID=": partUUID, "/dev/disk/by-partuuid/": partUUID, "LABEL=": label, "/dev/disk/by-label/": label,
	} {
		if rest, ok := strings.CutPrefix(device, prefix); ok && id != "" && strings.EqualFold(strings.Trim(rest, `"`), id) {
			return true
		}
	}
	return false
}
