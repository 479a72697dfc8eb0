package origin

import (
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

const (
	pass, fail, unknown = finding.Pass, finding.Fail, finding.Unknown
	day                 = 24 * time.Hour
)

func at(d time.Duration) time.Time {
	return time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC).Add(d)
}

func TestAges(t *testing.T) {
	now := at(0)
	for name, c := range map[string]struct {
		times   Times
		now     time.Time
		status  finding.Status
		message string
	}{
		"fresh":                   {Times{Content: at(-6*time.Hour - 4*time.Minute)}, now, pass, "the newest content is of 2026-11-22T23:56:00Z, 6 h 4 min ago (limit 26 h)"},
		"exactly as old":          {Times{Content: at(-26 * time.Hour)}, now, pass, "(limit 26 h)"},
		"a second too old":        {Times{Content: at(-26*time.Hour - time.Second)}, now, fail, "26 h ago, want at most 26 h"},
		"years old":               {Times{Content: at(-400 * day)}, now, fail, "400 d ago"},
		"no trace at all":         {Times{}, now, unknown, "a time that is not known"},
		"no clock":                {Times{Content: at(0)}, time.Time{}, unknown, "what time it is now is not known"},
		"a clock that is ahead":   {Times{Content: at(59 * time.Minute)}, now, pass, "0 s ago"},
		"a time that is to come":  {Times{Content: at(61 * time.Minute)}, now, unknown, "later than now: a clock was wrong"},
		"old, with unread traces": {Times{Content: at(-2 * day), Unread: []Unread{{"/var/log/wtmp", "damaged"}}}, now, unknown, "newer traces may be"},
		"new, with unread traces": {Times{Content: at(-time.Hour), Unread: []Unread{{"/var/log/wtmp", "damaged"}}}, now, pass, "1 h ago"},
	} {
		o := c.times.ContentAge(c.now, 26*time.Hour)
		if o.Status != c.status || !strings.Contains(o.Message, c.message) {
			t.Errorf("%s: %s %q, want %s %q", name, o.Status, o.Message, c.status, c.message)
		}
	}
	for name, c := range map[string]struct {
		written time.Time
		status  finding.Status
	}{"file is fresh": {at(-time.Hour), pass}, "file is old": {at(-27 * time.Hour), fail}, "file without a time": {time.Time{}, unknown}} {
		if o := (Times{Written: c.written}).FileAge(now, 26*time.Hour); o.Status != c.status {
			t.Errorf("%s: %s %q, want %s", name, o.Status, o.Message, c.status)
		}
	}
}

// TestTheNewestTraceCounts takes records over times of files, and leaves out what is in local time: it may be hours off.
func TestTheNewestTraceCounts(t *testing.T) {
	record := func(hour string, local bool, path string) *facts.HistoryTime {
		return &facts.HistoryTime{Time: "2026-11-23T" + hour + ":00:00Z", Local: local, Source: facts.Source{Path: path}}
	}
	doc := document(func(d *facts.Document) {
		d.Facts["history"] = &facts.History{
			Packages: record("09", true, "/var/log/dpkg.log"), Journal: record("05", false, "/var/log/journal/x/system.journal"),
			Wtmp: record("04", false, "/var/log/wtmp"), Unread: []string{"/var/lib/pacman/x"},
		}
		d.Collectors["history"] = facts.Status{State: facts.Partial, Problems: []facts.Problem{{Path: "/var/log/dpkg.log.1", Message: "damaged"}}}
	})
	times := Times{}
	times.records(doc)
	if times.Newest != "/var/log/journal/x/system.journal" || !times.Content.Equal(at(-time.Hour)) || len(times.Unread) != 2 {
		t.Errorf("%+v, want the journal, and two traces that were not read", times)
	}
}

func TestAgesInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "0 s", 0: "0 s", 59 * time.Second: "59 s", 61 * time.Second: "1 min 1 s", time.Hour: "1 h", 26 * time.Hour: "26 h",
		71*time.Hour + 59*time.Minute: "71 h 59 min", 3 * day: "3 d", 30*day + 7*time.Hour: "30 d 7 h",
	} {
		if got := Age(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// document has the facts that tell a machine, and what a case changes in them.
func document(change func(*facts.Document)) *facts.Document {
	key := func(kind, sum string) facts.SSHHostKey {
		return facts.SSHHostKey{Key: &facts.SSHKey{Type: kind, Fingerprint: sum, Source: facts.Source{Path: "/etc/ssh/" + kind, Line: 1}}}
	}
	d := &facts.Document{
		Meta: facts.Meta{Root: facts.RootMeta{FSType: "ext4", UUID: "root"}},
		Facts: map[string]any{
			"machine_id": &facts.MachineID{State: "set", Value: "3f2a", Source: &facts.Source{Path: "/etc/machine-id", Line: 1}},
			"ssh_keys":   &facts.SSHKeys{Host: []facts.SSHHostKey{key("ssh-rsa", "SHA256:r"), key("ssh-ed25519", "SHA256:e"), {}}},
			"disks": &facts.Disks{{Device: "disk", Content: "gpt", UUID: "table", Partitions: []facts.Partition{
				{Device: "p1", FSType: "ext4", UUID: "root"}, {Device: "p2", FSType: "swap", UUID: "swap"}, {Device: "p3", FSType: "ext4", UUID: "data"},
			}}},
		},
		Collectors: map[string]facts.Status{},
	}
	for name := range d.Facts {
		d.Collectors[name] = facts.Status{State: facts.OK}
	}
	if change != nil {
		change(d)
	}
	return d
}

func TestIdentity(t *testing.T) {
	without := func(name string, state facts.State) func(*facts.Document) {
		return func(d *facts.Document) {
			delete(d.Facts, name)
			d.Collectors[name] = facts.Status{State: state, Problems: []facts.Problem{{Path: "/x", Message: "damaged"}}}
		}
	}
	unset := func(d *facts.Document) { d.Facts["machine_id"] = &facts.MachineID{State: "empty"} }
	other := func(d *facts.Document) { d.Facts["machine_id"] = &facts.MachineID{State: "set", Value: "9999"} }
	disks := func(all ...facts.Partition) func(*facts.Document) {
		return func(d *facts.Document) {
			d.Meta.Root = facts.RootMeta{}
			d.Facts["disks"] = &facts.Disks{{Device: "disk", Content: "gpt", Partitions: all}}
		}
	}
	const absent = finding.Status("")
	for name, c := range map[string]struct {
		source, backup func(*facts.Document)
		part           string
		status         finding.Status
		message        string
	}{
		"the same":                          {nil, nil, "machine-id", pass, "3f2a, as the source has"},
		"another machine":                   {nil, other, "machine-id", fail, "the source has 3f2a, which the backup does not have; it has 9999"},
		"no machine id in the backup":       {nil, unset, "machine-id", fail, "it has none"},
		"no machine id in the source":       {unset, nil, "machine-id", absent, ""},
		"machine id unread in the backup":   {nil, without("machine_id", facts.Error), "machine-id", unknown, "/x: damaged"},
		"machine id unread in the source":   {without("machine_id", facts.Error), nil, "machine-id", unknown, "the source could not be read: /x: damaged"},
		"facts that were never asked":       {func(d *facts.Document) { delete(d.Facts, "ssh_keys"); delete(d.Collectors, "ssh_keys") }, nil, "ssh-host-keys", unknown, "are not there"},
		"the same host keys":                {nil, nil, "ssh-host-keys", pass, "ssh-ed25519 SHA256:e, ssh-rsa SHA256:r"},
		"host keys made anew":               {nil, func(d *facts.Document) { d.Facts["ssh_keys"] = &facts.SSHKeys{} }, "ssh-host-keys", fail, "the source has ssh-ed25519 SHA256:e, ssh-rsa SHA256:r, which"},
		"no SSH in the source":              {without("ssh_keys", facts.Absent), nil, "ssh-host-keys", absent, ""},
		"the same file systems":             {nil, nil, "file-systems", pass, "data, root"},
		"a partition more":                  {nil, disks(facts.Partition{UUID: "root"}, facts.Partition{UUID: "data"}, facts.Partition{UUID: "new"}), "file-systems", pass, ""},
		"swap made anew":                    {nil, disks(facts.Partition{UUID: "root"}, facts.Partition{UUID: "data"}), "file-systems", pass, ""},
		"a file system made anew":           {nil, disks(facts.Partition{UUID: "root"}, facts.Partition{UUID: "new"}), "file-systems", fail, "the source has data, which"},
		"a file system that cannot be read": {nil, disks(facts.Partition{UUID: "root"}, facts.Partition{Device: "p3", Unread: "encrypted"}), "file-systems", unknown, "p3: encrypted"},
	} {
		for _, p := range Parts() {
			if p.Name != c.part {
				continue
			}
			o, ok := p.Compare(document(c.source), document(c.backup))
			if !ok {
				o.Status = absent
			}
			if o.Status != c.status || !strings.Contains(o.Message, c.message) {
				t.Errorf("%s: %q %q, want %q %q", name, o.Status, o.Message, c.status, c.message)
			}
		}
	}
}
