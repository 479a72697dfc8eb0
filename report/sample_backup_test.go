package report

import (
	"time"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/backup/boot"
	"github.com/guestctl/guestctl/backup/compare"
	"github.com/guestctl/guestctl/backup/cycle"
	"github.com/guestctl/guestctl/backup/origin"
	"github.com/guestctl/guestctl/backup/place"
	"github.com/guestctl/guestctl/backup/seal"
	"github.com/guestctl/guestctl/drift"
	"github.com/guestctl/guestctl/drift/ransom"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// samples are results that have everything a report can show, by name: what a baseline judges, and what verify-backup and drift tell
// without one.
func samples() map[string]func(hostile string) *audit.Result {
	return map[string]func(string) *audit.Result{"result": sampleWith, "backup": sampleBackups}
}

// sampleBackups are guests with all that is told beside their checks: proven to boot, compared, sealed, drifted.
func sampleBackups(hostile string) *audit.Result {
	return &audit.Result{
		Schema: audit.Schema, Tool: audit.Tool{Name: "guestctl", Version: "v1"},
		Policy:  audit.Policy{Files: []string{}, FailOn: "medium", Disabled: []audit.Remark{}, Warnings: []audit.Warning{}, Rules: []audit.Rule{}},
		Targets: []audit.Target{sampleProven(hostile), sampleCompared(hostile), sampleSealed(hostile), sampleDrifted(hostile)},
		Waivers: []audit.Waiver{}, Checks: []finding.Finding{}, Summary: audit.Summary{Failed: 4},
	}
}

func sampleTime(hour int) time.Time { return time.Date(2026, 11, 22, hour, 0, 0, 0, time.UTC) }

// sampleTarget is a target with some checks that no policy asks for.
func sampleTarget(image string, checks ...finding.Finding) audit.Target {
	t := audit.Target{
		Image: image, Result: finding.Fail, Coverage: 100, Counts: audit.Counts{Passed: 1, Failed: 1, Unknown: 1},
		Disk: &audit.Disk{Format: "qcow2", Size: 2 << 30, Used: 1 << 30, Backing: []string{"base.qcow2"}}, Checks: checks,
		Root: &facts.RootMeta{Device: "p2", FSType: "ext4", UUID: "u"}, Problems: []audit.Problem{}, Frameworks: []audit.Framework{},
	}
	return t
}

func sampleProven(hostile string) audit.Target {
	proof := &boot.Proof{
		Status: finding.Fail, Firmware: "bios", Target: "kvm", Entry: hostile, Kernel: "/boot/" + hostile, Root: "UUID=" + hostile,
		Initrds: []string{hostile}, Drivers: []string{"virtio_blk"}, Links: []boot.Link{
			{ID: "backup.boot/firmware", Title: "The firmware finds a boot loader", Status: finding.Pass, Actual: "GRUB", Message: "GRUB"},
			{
				ID: "backup.boot/kernel", Title: "The kernel is whole", Status: finding.Fail, Actual: hostile, Message: hostile,
				Where: []finding.Location{{Path: "/boot/" + hostile, Line: 1}}, Notes: []string{hostile}, Fix: hostile,
			},
			{ID: "backup.boot/initrd", Title: "The initrd is whole", Status: finding.Unknown, Message: "not looked at because it depends on backup.boot/kernel"},
		},
	}
	checks := []finding.Finding{{
		ID: "backup.filesystem/p2", Title: "The file system is sound", Status: finding.Pass, Severity: finding.High, Message: "ext4",
		Where: []finding.Location{}, Fingerprint: "2200000000000001",
	}}
	t := sampleTarget("backup.qcow2", append(checks, proof.Findings()...)...)
	finding.Sort(t.Checks)
	t.Boot = proof
	t.Times = &origin.Times{
		Written: sampleTime(6), Content: sampleTime(0), Newest: "/var/log/" + hostile, Unread: []origin.Unread{{Path: hostile, Cause: hostile}},
	}
	return t
}

func sampleCompared(hostile string) audit.Target {
	change := func(name string, kind compare.Kind, class compare.Class, reason string) compare.Change {
		return compare.Change{Path: "/" + name + hostile, Kind: kind, Class: class, What: []string{"content"}, Reason: reason}
	}
	place := place.Place{Length: 512, Volume: "p2", Region: place.Content, Path: "/a" + hostile}
	c := &compare.Comparison{
		Bytes:  &compare.Bytes{Sizes: [2]int64{2 << 30, 2 << 30}, Compared: 2 << 30, Different: 3 << 20, Extents: []compare.Extent{{Length: 512}}, Unread: []compare.UnreadExtent{}},
		Source: "source" + hostile, Same: 4321, Strangers: []string{}, Notes: []string{hostile}, Changing: []string{},
		Extents: []compare.ChangedExtent{{Place: place, Was: &place}}, Lost: []string{}, Odd: []compare.Oddity{},
		Files: []compare.Change{
			change("a", compare.Changed, compare.Corruption, "neither its size nor its times changed"), change("b", compare.Changed, compare.Packaged, "openssl 1 → 2"+hostile),
			change("c", compare.Added, compare.Log, ""), change("d", compare.Added, compare.Log, ""), change("e", compare.Removed, compare.Edit, ""),
			change("f", compare.Moved, compare.Edit, ""), change("g", compare.Changed, compare.Ignored, "the policy ignores it"),
		},
	}
	c.Files[5].From = "/from" + hostile
	for s := range c.Identities {
		c.Identities[s] = compare.Identity{MachineIDs: []string{hostile}, FileSystems: map[string]string{"p2": hostile}}
	}
	t := sampleTarget("compared.qcow2", c.Findings()...)
	t.Comparison = c
	return t
}

func sampleSealed(hostile string) audit.Target {
	r := &seal.Report{
		Size: 2 << 30, Sealed: 2 << 30, To: 1 << 30, Read: 1 << 29, Unread: []seal.Damage{}, Problems: []place.Missed{},
		Damaged: []seal.Damage{{Offset: 1 << 20, Length: 64 << 10}, {Offset: 1 << 21, Length: 64 << 10, Cause: hostile}},
		Cycle: &cycle.Run{
			Size: 2 << 30, To: 1 << 30, Share: 0.5, Progress: 0.5, Started: sampleTime(0), Left: 1, Expected: sampleTime(12), Kept: true,
		},
		Places: []place.Place{{Offset: 1 << 20, Length: 64 << 10, Volume: "p2", Region: place.Content, Path: "/" + hostile}},
	}
	t := sampleTarget("sealed.qcow2", r.Finding())
	t.Sealed = r
	return t
}

func sampleDrifted(hostile string) audit.Target {
	t := sampleTarget("drifted.qcow2", finding.Finding{
		ID: "drift.users/" + hostile, Title: "it is as it was", Status: finding.Fail, Severity: finding.High, Message: hostile,
		Where: []finding.Location{{Path: "/etc/passwd", Line: 2, Text: hostile, Note: "now"}}, Fingerprint: "2200000000000002",
	})
	t.Drift = &audit.Drifted{
		From: "golden" + hostile, Summary: "3 files changed" + hostile, Domains: 40, Unread: []audit.DriftUnread{}, Notes: []string{hostile},
		Changes: []drift.Change{{Domain: "users", Key: hostile, Kind: drift.Added, New: hostile, NewSource: &facts.Source{Path: "/etc/passwd", Line: 2}}},
		Files:   &audit.DriftedFiles{Compared: 10, Changed: 3, Unexplained: 1, Classes: map[string]int{"package": 2}, By: []audit.ExplainedBy{{What: hostile, Files: 2}}},
		Ransomware: &ransom.Signs{
			Candidates: 20, Looked: 20, Files: 12, Content: 12, Renamed: 12, Notes: 3, Suffixes: []string{"." + hostile}, NoteNames: []string{hostile},
			Examples: []ransom.Example{{Path: "/" + hostile, Sign: hostile}}, Unread: []ransom.Unread{},
		},
	}
	t.Packages = &audit.Packages{Managers: []string{"dpkg"}, Summary: "17 files of packages" + hostile, Unread: []audit.UnreadPackaged{}, Notes: []string{hostile}}
	return t
}
