package drift_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/drift"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/memfs"
)

// TestOutliersAreHeldAgainstTheMajority: one of four machines is another in some ways, and each has a name of its own.
func TestOutliersAreHeldAgainstTheMajority(t *testing.T) {
	ordinary := func(name string) *facts.Document { return machine(t, map[string]string{"/etc/hostname": name + "\n"}) }
	change := replace("/etc/ssh/sshd_config", "PermitRootLogin no", "# moved\nPermitRootLogin yes")
	change["/etc/hostname"] = "d\n"
	change["/etc/sysctl.d/10.conf"] = "-"
	change["/var/lib/dpkg/status"] = base()["/var/lib/dpkg/status"].Data + "Package: nc\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"
	got, unread := drift.Outliers([]*facts.Document{ordinary("a"), ordinary("b"), machine(t, change), ordinary("c")})
	for i, list := range got {
		var lines []string
		for _, c := range list {
			lines = append(lines, c.ID()+" "+c.Text())
		}
		var want []string
		if i == 2 {
			want = []string{
				"drift.packages/nc added: 1",
				"drift.sshd/permitrootlogin changed: yes, was no",
				"drift.sysctl/loader changed: none, was procps",
				"drift.sysctl/net.ipv4.conf.all.forwarding removed, was: 0",
				"drift.sysctl/net.ipv4.ip_forward removed, was: 0",
			}
		}
		if d := cmp.Diff(want, lines); d != "" || len(unread[i]) > 0 {
			t.Errorf("%d: (-want +got)\n%s unread %v", i, d, unread[i])
		}
	}
}

// TestWhatWasNotReadIsNoOutlier: a machine whose domain is not whole is told as unread, and the others are held against each other.
func TestWhatWasNotReadIsNoOutlier(t *testing.T) {
	files := base()
	files["/etc/ssh/sshd_config"] = memfs.File{Err: binread.Corrupt("bad block")}
	got, unread := drift.Outliers([]*facts.Document{machine(t, nil), collect(t, files), machine(t, nil)})
	for i := range got {
		for _, c := range got[i] {
			if c.Domain == "sshd" {
				t.Errorf("%d: %s", i, c.ID())
			}
		}
		if len(unread[i]) > 0 != (i == 1) {
			t.Errorf("%d: unread %v", i, unread[i])
		}
	}
}
