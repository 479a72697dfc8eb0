package policy_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

const userExample = "testdata/baseline.toml"

func TestUsersExample(t *testing.T) {
	p, err := policy.Load([]string{userExample}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fs := p.Judge(t.Context(), guestFacts())
	type line struct {
		ID       string
		Status   finding.Status
		Severity finding.Severity
		Line     int
		Message  string
		Fix      string
	}
	var got []line
	for _, f := range fs {
		if f.Policy.File != userExample {
			t.Errorf("%s: file %q", f.ID, f.Policy.File)
		}
		if f.Fingerprint == "" || f.Where == nil || f.Title == "" {
			t.Errorf("%s: not filled: %+v", f.ID, f)
		}
		got = append(got, line{f.ID, f.Status, f.Severity, f.Policy.Line, f.Message, f.Fix})
	}
	want := []line{
		{"files.checksums:/etc/ssh/sshd_config", "fail", "medium", 15, "want sha256 abc123… (6 of 64 digits), is 9f3c41d0…e7", ""},
		{"files.must_exist:/etc/ssh/sshd_config", "pass", "medium", 12, "exists", ""},
		{"packages.forbidden/rsh", "pass", "high", 9, "absent", ""},
		{"packages.forbidden/telnet", "fail", "high", 9, "provided by inetutils-telnet 2:2.4-2", "apt remove inetutils-telnet"},
		{"packages.required/nginx", "pass", "medium", 6, "nginx 1.22.1-9", ""},
		{"packages.required/postgresql", "fail", "medium", 6, "not installed, nothing installed provides it", "apt install postgresql"},
		{
			"system.selinux", "fail", "high", 3, "want enforcing, is permissive",
			"remove enforcing=0 from the kernel's arguments (GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub)",
		},
		{"system.timezone", "pass", "medium", 2, "Etc/UTC", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if readable, needed := p.Coverage(guestFacts()); readable != 4 || needed != 4 {
		t.Errorf("coverage %d of %d, want 4 of 4", readable, needed)
	}
	wantWarning := `testdata/baseline.toml:15: files.checksums."/etc/ssh/sshd_config" is a shortened digest (6 of 64 digits): ` +
		`it can fail and never pass; write "sha256:" and all 64 digits`
	if len(p.Warnings) != 1 || p.Warnings[0].String() != wantWarning {
		t.Errorf("warnings %v, want %q", p.Warnings, wantWarning)
	}
}

func TestUsersExampleAsksForWhatItNeedsOnly(t *testing.T) {
	p, err := policy.Load([]string{userExample}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := facts.Request{
		Domains: []string{"packages", "selinux", "timezone"},
		Files:   map[string]facts.FileRequest{"/etc/ssh/sshd_config": {Digests: []string{"sha256"}}},
	}
	if diff := cmp.Diff(want, p.Request(), cmp.Transformer("empty", func(s []string) []string {
		return append([]string{}, s...)
	})); diff != "" {
		t.Error(diff)
	}
}

func TestSelinuxNamesTheLineThatWins(t *testing.T) {
	f := byID(t, load(t, "[system]\nselinux = 'enforcing'\n").Judge(t.Context(), guestFacts()), "system.selinux")
	want := []finding.Location{
		{Path: "/etc/selinux/config", Line: 7, Text: "SELINUX=enforcing"},
		{Path: "/boot/grub/grub.cfg", Line: 5, Text: "linux /vmlinuz enforcing=0", Note: "wins"},
	}
	if diff := cmp.Diff(want, f.Where); diff != "" {
		t.Error(diff)
	}
}

func TestMistypedTableNamesTheRightOne(t *testing.T) {
	b, err := os.ReadFile(userExample)
	if err != nil {
		t.Fatal(err)
	}
	got := loadError(t, "baseline.toml", strings.Replace(string(b), "required", "requierd", 1))
	want := "baseline.toml:5:11: unknown table packages.requierd, did you mean packages.required?"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestPlaceholderDigestNeverPasses(t *testing.T) {
	p, err := policy.Load([]string{userExample}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]finding.Status{
		"abc123": finding.Unknown, "ABC123": finding.Unknown, "abc124": finding.Fail, "": finding.Unknown,
	} {
		d := guestFacts()
		files, _ := facts.Get[facts.Files](d, "files")
		sum := prefix
		if sum != "" {
			sum += strings.Repeat("0", 64-len(prefix))
		}
		(*files)["/etc/ssh/sshd_config"].Digests["sha256"] = sum
		f := byID(t, p.Judge(t.Context(), d), "files.checksums:/etc/ssh/sshd_config")
		if f.Status != want {
			t.Errorf("digest %q: %s (%s), want %s", prefix, f.Status, f.Message, want)
		}
	}
}
