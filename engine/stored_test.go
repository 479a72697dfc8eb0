package engine_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// TestEveryDomainIsStored reads a document back in both forms; nothing may be lost that the text of it has.
func TestEveryDomainIsStored(t *testing.T) {
	files := decent()
	maps.Copy(files, factstest.Text(map[string]string{
		"/root/.ssh/id_rsa": "x", "/var/log/syslog": "x", "/usr/sbin/postfix": "", "/etc/postfix/main.cf": "inet_interfaces = localhost\n",
		"/etc/profile": "PATH=/usr/bin:.\n", "/preseed.cfg": "d-i passwd/root-password password x\n", "/var/crash/a": "", "/var/lib/dhcp/a.leases": "",
		"/etc/udev/rules.d/a.rules": "ATTR{address}==\"52:54:00:12:34:56\"", "/var/cache/apt/archives/a.deb": "",
	}))
	files["/etc/systemd/link"] = memfs.File{Link: "journald.conf"}
	req := facts.Request{Globs: []string{"/etc/systemd/*"}, Files: map[string]facts.FileRequest{"/etc/passwd": {}}}
	for _, c := range engine.Collectors() {
		req.Domains = append(req.Domains, c.Name)
	}
	doc, err := facts.Collect(t.Context(), factstest.Guest(t, files), req, engine.Collectors(), 20_000)
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	var stored bytes.Buffer
	if err := facts.Write(&stored, doc); err != nil {
		t.Fatal(err)
	}
	for form, b := range map[string][]byte{"stored": stored.Bytes(), "JSON": want} {
		back, err := facts.Read(bytes.NewReader(b), engine.Collectors())
		if err != nil {
			t.Fatal(form, err)
		}
		got, err := json.Marshal(back)
		if d := cmp.Diff(string(want), string(got)); d != "" || err != nil {
			t.Errorf("%s: %v\n%s", form, err, d)
		}
	}
}
