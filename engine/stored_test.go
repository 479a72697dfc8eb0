package engine_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
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

// TestAnotherVersionsDocument: what a document does not tell, because whoever wrote it did not look for it, is not known. A check that
// needs it must not pass.
func TestAnotherVersionsDocument(t *testing.T) {
	for name, c := range map[string]struct{ domains, want string }{
		"whole":                     {`{"units": {}, "shells": ["/bin/sh"]}`, ""},
		"no value":                  {`{"log_files": null}`, "log_files"},
		"a field":                   {`{"log_files": {"complete": true, "truncated": false, "files": []}}`, "log_files.seen"},
		"a field of a list's entry": {`{"apparmor": null, "image_state": {"random_seeds": [{"path": "/x"}]}}`, "image_state.random_seeds[0].size"},
		"a domain that is a list":   {`{"homes": [{"user": "a"}]}`, "homes[0].uid"},
		"a domain that is a map":    {`{"units": {"a.service": {"state": "enabled"}}}`, "units.a.service."},
	} {
		t.Run(name, func(t *testing.T) {
			doc := &facts.Document{Schema: facts.Schema, Collectors: map[string]facts.Status{}}
			if err := json.Unmarshal([]byte(c.domains), &doc.Facts); err != nil {
				t.Fatal(err)
			}
			for domain := range doc.Facts {
				doc.Collectors[domain] = facts.Status{State: facts.OK}
			}
			text, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			var stored bytes.Buffer
			if err := facts.Write(&stored, doc); err != nil {
				t.Fatal(err)
			}
			for form, b := range map[string][]byte{"stored": stored.Bytes(), "JSON": text} {
				back, err := facts.Read(bytes.NewReader(b), engine.Collectors())
				if err != nil {
					t.Fatal(form, err)
				}
				var got string
				for _, domain := range slices.Sorted(maps.Keys(back.Collectors)) {
					if st := back.Collectors[domain]; st.State != facts.OK {
						got = st.Problems[0].Message
					}
				}
				if c.want == "" && got != "" || !strings.Contains(got, c.want) {
					t.Errorf("%s: got %q, want %s", form, got, c.want)
				}
			}
		})
	}
}
