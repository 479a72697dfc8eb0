package origin

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// Domains are the facts that tell a backup's time and machine.
func Domains() []string { return []string{"history", "machine_id", "ssh_keys", "disks"} }

// Part is one thing that tells machines apart.
type Part struct {
	Name  string // "machine-id", for the id of a check
	Title string
	of    func(*facts.Document) known
}

// known is what a document tells of a part.
type known struct {
	values map[string]facts.Source // where each stands; the zero value where that is no file
	unread string                  // why there may be more; "" when that is all
}

// Parts lists what tells machines apart.
func Parts() []Part {
	return []Part{
		{"machine-id", "The backup has the machine id of its source", machineID},
		{"ssh-host-keys", "The backup has the SSH host keys of its source", hostKeys},
		{"file-systems", "The backup has the file systems of its source", fileSystems},
	}
}

// Compare holds a backup against its source. False says that the source has nothing to compare with. What the backup has besides is no
// difference.
func (p Part) Compare(source, backup *facts.Document) (finding.Outcome, bool) {
	want, have := p.of(source), p.of(backup)
	if len(want.values) == 0 {
		return finding.Outcome{Status: finding.Unknown, Message: "the source could not be read: " + want.unread}, want.unread != ""
	}
	wanted, found := slices.Sorted(maps.Keys(want.values)), slices.Sorted(maps.Keys(have.values))
	missing := slices.DeleteFunc(slices.Clone(wanted), func(v string) bool { _, ok := have.values[v]; return ok })
	o := finding.Outcome{Status: finding.Pass, Expected: strings.Join(wanted, ", "), Actual: cmp.Or(strings.Join(found, ", "), "none")}
	o.Message = o.Expected + ", as the source has"
	if want.unread != "" {
		o.Notes = append(o.Notes, "the source may have more: "+want.unread)
	}
	for _, v := range found {
		o.Where = append(o.Where, finding.Location{Path: have.values[v].Path, Line: have.values[v].Line})
	}
	switch {
	case len(missing) == 0:
	case have.unread != "":
		o.Status = finding.Unknown
		o.Message = "whether the backup has " + strings.Join(missing, ", ") + " is not known: " + have.unread
	default:
		o.Status, o.Fix = finding.Fail, "find out which machine this is a backup of"
		o.Message = "the source has " + strings.Join(missing, ", ") + ", which the backup does not have; it has " + o.Actual
	}
	return o, true
}

// problems is why a domain may tell less than there is.
func problems(doc *facts.Document, domain string) string {
	st, ok := doc.Collectors[domain]
	switch {
	case !ok:
		return "the facts about " + domain + " are not there"
	case st.State == facts.OK, st.State == facts.Absent:
		return ""
	}
	for _, p := range st.Problems {
		return strings.TrimPrefix(p.Path+": "+p.Message, ": ")
	}
	return "the facts about " + domain + " are " + string(st.State)
}

func machineID(doc *facts.Document) known {
	k := known{map[string]facts.Source{}, problems(doc, "machine_id")}
	if id, ok := facts.Get[facts.MachineID](doc, "machine_id"); ok && id.State == "set" {
		k.values[id.Value] = facts.Source{}
		if id.Source != nil {
			k.values[id.Value] = *id.Source
		}
	}
	return k
}

// hostKeys are the public keys of the SSH server.
func hostKeys(doc *facts.Document) known {
	k := known{map[string]facts.Source{}, problems(doc, "ssh_keys")}
	keys, ok := facts.Get[facts.SSHKeys](doc, "ssh_keys")
	if !ok {
		return k
	}
	for _, one := range keys.Host {
		if one.Key != nil {
			k.values[one.Key.Type+" "+one.Key.Fingerprint] = one.Key.Source
		}
	}
	return k
}

// fileSystems are the UUIDs of all file systems. Swap space is none: what is in it need not be in a backup.
func fileSystems(doc *facts.Document) known {
	k := known{map[string]facts.Source{}, problems(doc, "disks")}
	see := func(kind, uuid string) {
		if uuid != "" && kind != "gpt" && kind != "mbr" && kind != "swap" {
			k.values[uuid] = facts.Source{}
		}
	}
	see(doc.Meta.Root.FSType, doc.Meta.Root.UUID)
	disks, ok := facts.Get[facts.Disks](doc, "disks")
	if !ok {
		return k
	}
	for _, d := range *disks {
		see(d.Content, d.UUID)
		for _, p := range d.Partitions {
			see(p.FSType, p.UUID)
			if p.Unread != "" {
				k.unread = cmp.Or(k.unread, p.Device+": "+p.Unread)
			}
		}
	}
	return k
}
