package audit

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/guestctl/guestctl/backup/intact"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/cache"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/scanner/packages"
)

const backedUp = "../testdata/images/debian12-small.qcow2"

func TestOnlyContentIsDamageOfABackup(t *testing.T) {
	difference := func(kind packages.Kind, role packages.Role, severity finding.Severity) packages.Difference {
		return packages.Difference{Kind: kind, Role: role, Severity: severity, File: shipped.File{Path: "/usr/x", Package: "x"}}
	}
	for _, c := range []struct {
		name       string
		difference packages.Difference
		id         string
		status     finding.Status
		severity   finding.Severity
	}{
		{"content of a program", difference(packages.Modified, packages.Program, finding.Critical), "backup.packages:/usr/x", finding.Fail, finding.Critical},
		{"content of a document", difference(packages.Modified, packages.Documentation, finding.Low), "backup.packages:/usr/x", finding.Fail, finding.Medium},
		{"missing", difference(packages.Missing, packages.Library, finding.High), "backup.packages:/usr/x", finding.Fail, finding.High},
		{"another type", difference(packages.WrongType, packages.Other, finding.High), "backup.packages:/usr/x", finding.Fail, finding.High},
		{"target of a link", difference(packages.WrongTarget, packages.Other, finding.High), "backup.packages:/usr/x", finding.Fail, finding.High},
		{"mode", difference(packages.WrongMode, packages.Program, finding.High), "backup.packages", finding.Pass, finding.High},
		{"owner", difference(packages.WrongOwner, packages.Program, finding.High), "backup.packages", finding.Pass, finding.High},
		{"a database that was changed", difference(packages.Database, packages.Other, finding.High), "backup.packages", finding.Unknown, finding.High},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := verification{files: true}
			all := v.intact(&packages.Result{Managers: []string{"dpkg"}, Differences: []packages.Difference{c.difference}}, &intact.Verification{})
			if len(all) != 1 || all[0].ID != c.id || all[0].Status != c.status || all[0].Severity != c.severity {
				t.Errorf("got %+v, want one %s %s %s", all, c.id, c.status, c.severity)
			}
		})
	}
}

func TestBackupIsReadAgainEveryTime(t *testing.T) {
	before, err := os.Stat(backedUp)
	if err != nil {
		t.Fatal(err)
	}
	keep := &cache.Cache{Dir: t.TempDir(), Version: "test", Limit: 1 << 20}
	var read [2]int64
	for i := range read {
		r, err := Run(t.Context(), Job{
			Images: []string{backedUp}, Policy: &policy.Policy{}, FailOn: Any, Now: time.Now(), Engine: engine.Options{Cache: keep},
			Backup: &Backup{Full: true, Progress: func(int64) {}},
		})
		if err != nil {
			t.Fatal(err)
		}
		read[i] = r.Targets[0].Backup.Read
	}
	if read[0] == 0 || read[0] != read[1] {
		t.Errorf("%d bytes read, want the same twice", read)
	}
	after, err := os.Stat(backedUp)
	if err != nil || !after.ModTime().Equal(before.ModTime()) || after.Size() != before.Size() {
		t.Errorf("the image was written to: %v, %v", after, err)
	}
}

func TestInterruptedBackupIsNoResult(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := Run(ctx, Job{
		Images: []string{backedUp}, Policy: &policy.Policy{}, FailOn: Any, Now: time.Now(),
		Backup: &Backup{Full: true, Progress: func(int64) { cancel() }},
	})
	if r != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", r, err)
	}
}
