package certificates

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func testdata(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func collectFrom(t testing.TB, files map[string]memfs.File) (facts.Certificates, facts.Status) {
	t.Helper()
	c, st := factstest.Collect[facts.Certificates](t, factstest.Guest(t, files), facts.Request{}, Collector)
	if c == nil {
		return nil, st
	}
	return *c, st
}

func TestAgreesWithOpenSSL(t *testing.T) {
	for line := range strings.Lines(testdata(t, "answers.txt")) {
		name, rest, _ := strings.Cut(line, " ")
		index, answer, _ := strings.Cut(rest, " ")
		i, err := strconv.Atoi(index)
		if err != nil {
			t.Fatal(err)
		}
		all, problems := parse([]byte(testdata(t, name)), maxCertificates)
		if len(problems) > 0 || i >= len(all) {
			t.Errorf("%s: %d certificates, %v", name, len(all), problems)
			continue
		}
		c := all[i]
		var sum []string
		for i := 0; i < len(c.SHA256); i += 2 {
			sum = append(sum, strings.ToUpper(c.SHA256[i:i+2]))
		}
		serial := strings.ToUpper(c.Serial)
		if len(serial)%2 == 1 {
			serial = "0" + serial
		}
		got := fmt.Sprintf("subject=%s|issuer=%s|serial=%s|notAfter=%s|sha256 Fingerprint=%s|\n", c.Subject, c.Issuer, serial,
			strings.Replace(c.NotAfter, "T", " ", 1), strings.Join(sum, ":"))
		if got != answer {
			t.Errorf("%s %d:\ngot  %swant %s", name, i, got, answer)
		}
	}
}

func TestWhatACertificateIs(t *testing.T) {
	all, _ := parse([]byte(testdata(t, "bundle.pem")), maxCertificates)
	host, ca := all[0], all[1]
	if host.CA || host.SelfSigned || host.Key != "RSA 2048" || strings.Join(host.Names, " ") != "www.example.org *.example.net 192.0.2.1" || host.Source.Line != 4 {
		t.Errorf("%+v", host)
	}
	if !ca.CA || !ca.SelfSigned || ca.Key != "ECDSA P-256" || ca.Signature != "ECDSA-SHA256" || ca.NotAfterDay < 20_000 {
		t.Errorf("%+v", ca)
	}
}

func TestPlaces(t *testing.T) {
	file := func(name string) memfs.File { return memfs.File{Data: testdata(t, name)} }
	all, st := collectFrom(t, map[string]memfs.File{
		"/etc/ssl/certs/ca.pem":                       {Link: "/usr/share/ca-certificates/ca.crt"},
		"/usr/share/ca-certificates/ca.crt":           file("ca.pem"),
		"/etc/ssl/certs/12345678.0":                   {Link: "ca.pem"},
		"/etc/ssl/certs/ca-certificates.crt":          file("ca.pem"),
		"/etc/ssl/certs/dangling.pem":                 {Link: "/nowhere"},
		"/etc/ssl/certs/snakeoil.pem":                 file("host.pem"),
		"/etc/ssl/private/host.pem":                   file("host.pem"),
		"/etc/ssl/openssl.cnf":                        {Data: "x"},
		"/etc/letsencrypt/live/one/fullchain.pem":     {Link: "../../archive/one/fullchain1.pem"},
		"/etc/letsencrypt/archive/one/fullchain1.pem": file("bundle.pem"),
		"/srv/ed":                       file("ed.pem"),
		"/etc/nginx/sites-enabled/site": {Data: "server {\n  # ssl_certificate /srv/none;\n  ssl_certificate /srv/ed;\n  ssl_certificate $cert;\n}\n"},
		"/srv/der.crt":                  file("host.der"),
		"/etc/httpd/conf.d/ssl.conf":    {Data: "SSLCertificateFile \"/srv/der.crt\"\n"},
	})
	var got []string
	for _, c := range all {
		got = append(got, fmt.Sprintf("%s %s %d", c.Use, c.Source.Path, c.Index))
	}
	want := "authority /etc/ssl/certs/ca-certificates.crt 0, host /etc/letsencrypt/live/one/fullchain.pem 0, host /etc/letsencrypt/live/one/fullchain.pem 1, " +
		"host /etc/ssl/certs/snakeoil.pem 0, host /etc/ssl/private/host.pem 0, host /srv/der.crt 0, host /srv/ed 0"
	if strings.Join(slices.Sorted(slices.Values(got)), ", ") != want || st.State != facts.OK {
		t.Errorf("%s (%v)\ngot  %s\nwant %s", st.State, st.Problems, strings.Join(slices.Sorted(slices.Values(got)), ", "), want)
	}
}

func TestDamagedFiles(t *testing.T) {
	pem := testdata(t, "ca.pem")
	at := "/etc/ssl/x.pem"
	loop := map[string]memfs.File{at: {Data: pem}, "/etc/ssl/again": {Link: "."}}
	for name, c := range map[string]struct {
		files map[string]memfs.File
		state facts.State
		found int
	}{
		"none":                               {nil, facts.Absent, 0},
		"no certificate in it":               {map[string]memfs.File{at: {Data: "x\n"}}, facts.OK, 0},
		"cut in half":                        {map[string]memfs.File{at: {Data: pem + pem[:len(pem)/2]}}, facts.Partial, 1},
		"a letter that is wrong":             {map[string]memfs.File{at: {Data: strings.Replace(pem, "\nM", "\n!", 1)}}, facts.Partial, 0},
		"not what it says":                   {map[string]memfs.File{at: {Data: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + pem}}, facts.Partial, 1},
		"DER that is none":                   {map[string]memfs.File{at: {Data: "0\x82\x01\x00xxxx"}}, facts.Partial, 0},
		"bad sector":                         {map[string]memfs.File{at: {Data: pem, Err: errors.New("bad sector")}}, facts.Partial, 0},
		"a directory that goes round":        {loop, facts.OK, 1},
		"a configuration names what is gone": {map[string]memfs.File{"/etc/nginx/nginx.conf": {Data: "ssl_certificate /srv/gone;"}, at: {Data: pem}}, facts.Partial, 1},
		"a configuration names a key":        {map[string]memfs.File{"/etc/nginx/nginx.conf": {Data: "ssl_certificate /srv/key;"}, "/srv/key": {Data: "x"}}, facts.Partial, 0},
		"a hundred damaged ones": {
			map[string]memfs.File{at: {Data: strings.Repeat("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 100)}}, facts.Partial, 0,
		},
		"larger than a certificate": {map[string]memfs.File{at: {Data: strings.Repeat("x", maxFile+1)}}, facts.Partial, 0},
	} {
		t.Run(name, func(t *testing.T) {
			all, st := collectFrom(t, c.files)
			if st.State != c.state || len(all) != c.found {
				t.Errorf("got %s %v, %d certificates, want %s and %d", st.State, st.Problems, len(all), c.state, c.found)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"bundle.pem", "host.der", "trusted.pem", "ed.pem"} {
		f.Add([]byte(testdata(f, name)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		all, problems := parse(b, 100)
		if len(all) > 100 || len(problems) > maxErrors {
			t.Errorf("%d certificates, %d problems", len(all), len(problems))
		}
		for _, c := range all {
			if c.SHA256 == "" || c.NotAfter == "" {
				t.Errorf("%+v", c)
			}
		}
	})
}
