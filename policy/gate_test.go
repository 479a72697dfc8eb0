package policy_test

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

func TestMissingFactNamesTheCollectorsProblem(t *testing.T) {
	f := load(t, system("selinux", `"enforcing"`)).Judge(t.Context(), without("selinux", facts.Partial))[0]
	if want := "selinux: /broken:3: checksum does not match (and 1 more)"; f.Message != want {
		t.Errorf("got %q, want %q", f.Message, want)
	}
	doc := guestFacts()
	doc.Collectors["selinux"] = facts.Status{State: facts.Error, Problems: []facts.Problem{{Path: "/etc/x", Message: "open /etc/x: damaged"}}}
	f = load(t, system("selinux", `"enforcing"`)).Judge(t.Context(), doc)[0]
	if want := "selinux: /etc/x: damaged"; f.Message != want || len(f.Where) != 1 || f.Where[0].Note != "damaged" {
		t.Errorf("got %q, want %q, where %v", f.Message, want, f.Where)
	}
	doc = guestFacts()
	delete(doc.Collectors, "history")
	f = load(t, "[packages]\nmax_age_days = 45\n").Judge(t.Context(), doc)[0]
	if want := "history: not among the facts"; f.Message != want {
		t.Errorf("got %q, want %q", f.Message, want)
	}
}

// TestAbsentDomains says what it means that the guest does not have a thing.
func TestAbsentDomains(t *testing.T) {
	for _, c := range []struct {
		domain, text string
		status       finding.Status
		message      string
	}{
		{"selinux", system("selinux", `"enforcing"`), fail, "want enforcing, is absent"},
		{"selinux", system("selinux", `"disabled"`), fail, "want disabled, is absent"},
		{"selinux", system("selinux", `"absent"`), pass, "absent"},
		{"packages", list("packages.required", `"nginx"`), unknown, "the guest has no package database"},
		{"packages", list("packages.forbidden", `"nginx"`), unknown, "the guest has no package database"},
		{"packages", "[packages]\nholds = []\n", unknown, "the guest has no package database"},
		{"packages", entry("packages.versions", "nginx", `"1"`), unknown, "the guest has no package database"},
		{"packages", list("packages.only", `"nginx"`), unknown, "the guest has no package database"},
		{"timezone", system("timezone", `"UTC"`), notApp, "the guest has no timezone"},
		{"hostname", system("hostname", `"web01"`), fail, "want web01, is not set"},
		{"hostname", system("hostname", `{ exists = false }`), pass, "not set"},
		{"locale", system("locale", `"C"`), fail, "want C, is not set"},
		{"machine_id", system("machine_id", `"missing"`), pass, "missing"},
		{"kernel", system("kernel", `">=5"`), notApp, "the guest has no kernel"},
		{"boot", system("fips", `true`), unknown, "the guest has no boot loader: the kernel's arguments are not on its disks"},
		{"boot", system("kernel", `">=5"`), pass, ""},
		{"boot", system("kernel", `">=6"`), unknown, ""},
		{"os", system("os", `"debian"`), unknown, "the guest does not say which operating system it is"},
		{"os", system("supported", `true`), unknown, ""},
	} {
		f := load(t, c.text).Judge(t.Context(), without(c.domain, facts.Absent))[0]
		if f.Status != c.status || c.message != "" && f.Message != c.message {
			t.Errorf("no %s, %s got %s: %s\nwant %s: %s", c.domain, c.text, f.Status, f.Message, c.status, c.message)
		}
	}
}
