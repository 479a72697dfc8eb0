package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

func TestPin(t *testing.T) {
	text := "\ufeff# of ours\r\n[files.checksums]\n" +
		"\"/etc/ssh/sshd_config\"  =  'sha256:9F3C...'   # keep\n" +
		"'/etc/gone' = \"sha256:ab...\"\n" +
		"'/var/unread' = \"sha256:ab...\"\n" +
		"'/etc/shadow' = { severity = 'low', digest = \"sha256:ab...\" }\n" +
		"'/etc' = \"sha256:ab...\"\n" +
		"'/etc/localtime' = \"sha256:" + digest + "\"\n" +
		"[meta]\nx = 'sha256:9f3c...'\n"
	name := write(t, "b.toml", text)
	p, err := policy.ReadPins(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Request().Files["/etc/ssh/sshd_config"].Digests; len(got) != 1 || got[0] != "sha256" || len(p.Request().Files) != 5 {
		t.Errorf("%+v", p.Request())
	}
	p.Judge(guestFacts())
	var got []string
	for _, one := range p.List {
		got = append(got, string(one.Status)+" "+one.Path+" "+one.Digest+one.Message)
	}
	want := []string{
		"pass /etc/ssh/sshd_config sha256:" + digest,
		"fail /etc/gone /etc/gone: does not exist",
		"unknown /var/unread /var/unread: /var is on a volume that was not opened",
		"unknown /etc/shadow the sha256 digest of /etc/shadow was not collected",
		"fail /etc /etc: is no file with content (dir)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(strings.Replace(text, "sha256:9F3C...", "sha256:"+digest, 1), string(p.Text())); diff != "" {
		t.Error(diff)
	}
	for _, doc := range []*facts.Document{{}, without("files", facts.Error)} {
		if p.Judge(doc); string(p.Text()) != strings.ReplaceAll(text, "\x00", "") {
			t.Error("without facts the file is changed")
		}
	}
}

func TestPinOnlyWhereTheDigitsMatch(t *testing.T) {
	for written, want := range map[string]finding.Status{
		"sha256:" + digest[:1] + "...": finding.Pass, "sha256:" + digest[:63] + "…": finding.Pass,
		"sha256:" + digest[:63] + "0...": "", "sha256:8...": finding.Fail, "sha512:9...": finding.Unknown,
		"sha256:" + digest: "none", "sha256:9f3": "", "sha256:${x}...": "", "sha256:9f\\u0033c...": finding.Pass,
	} {
		p, err := policy.ReadPins(write(t, "b.toml", "[files.checksums]\n\"/etc/ssh/sshd_config\" = \""+written+"\" # x\n"))
		if err != nil {
			if want != "" {
				t.Errorf("%s: %v", written, err)
			}
			continue
		}
		p.Judge(guestFacts())
		switch {
		case want == "none" && len(p.List) != 0, want == "":
			t.Errorf("%s: %+v", written, p.List)
		case want != "none" && p.List[0].Status != want:
			t.Errorf("%s: %s %s", written, p.List[0].Status, p.List[0].Message)
		case want == finding.Pass && string(p.Text()) != "[files.checksums]\n\"/etc/ssh/sshd_config\" = \"sha256:"+digest+"\" # x\n":
			t.Errorf("%s: %s", written, p.Text())
		}
	}
}
