package timezone

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// zone returns a real zone file.
func zone(t testing.TB, name string) memfs.File {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return memfs.File{Data: string(b)}
}

// guestFiles returns a guest's zone database with more files.
func guestFiles(t testing.TB, more map[string]memfs.File) map[string]memfs.File {
	files := map[string]memfs.File{
		"/usr/share/zoneinfo/Etc/UTC":             zone(t, "Etc-UTC"),
		"/usr/share/zoneinfo/Etc/GMT":             zone(t, "Etc-GMT"),
		"/usr/share/zoneinfo/UTC":                 {Link: "Etc/UTC"},
		"/usr/share/zoneinfo/Zulu":                {Link: "/usr/share/zoneinfo/Etc/UTC"},
		"/usr/share/zoneinfo/Asia/Kolkata":        zone(t, "Asia-Kolkata"),
		"/usr/share/zoneinfo/Europe/Berlin":       zone(t, "Europe-Berlin"),
		"/usr/share/zoneinfo/Arctic/Longyearbyen": {Link: "../Europe/Berlin"},
		"/usr/share/zoneinfo/posix/Europe/Berlin": zone(t, "Europe-Berlin"),
		"/usr/share/zoneinfo/localtime":           {Link: "/etc/localtime"},
		"/usr/share/zoneinfo/zone.tab":            {Data: "# table\n"},
	}
	for path, f := range more {
		files[path] = f
	}
	return files
}

func TestTimezone(t *testing.T) {
	const berlin, utcZone = "/usr/share/zoneinfo/Europe/Berlin", "/usr/share/zoneinfo/Etc/UTC"
	type want struct {
		zone, how, shadowed string
		names               []string
		state               facts.State
	}
	inBerlin := want{"Europe/Berlin", "link", "", []string{"Europe/Berlin"}, facts.OK}
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  want
	}{
		"link":               {map[string]memfs.File{localtime: {Link: berlin}}, inBerlin},
		"relative link":      {map[string]memfs.File{localtime: {Link: "../usr/share/zoneinfo/Europe/Berlin"}}, inBerlin},
		"missing means UTC":  {nil, want{"UTC", "default", "", []string{"UTC"}, facts.OK}},
		"link to Etc/UTC":    {map[string]memfs.File{localtime: {Link: utcZone}}, want{"Etc/UTC", "link", "", []string{"Etc/UTC"}, facts.OK}},
		"link to Zulu":       {map[string]memfs.File{localtime: {Link: "/usr/share/zoneinfo/Zulu"}}, want{"Zulu", "link", "", []string{"Zulu"}, facts.OK}},
		"two links to there": {map[string]memfs.File{localtime: {Link: "alternatives/tz"}, "/etc/alternatives/tz": {Link: berlin}}, inBerlin},
		"two files of Debian agree by alias": {
			map[string]memfs.File{localtime: {Link: utcZone}, "/etc/timezone": {Data: "Universal\n"}},
			want{"Etc/UTC", "link", "", []string{"Etc/UTC"}, facts.OK},
		},
		"two files of Debian disagree: the link is in effect": {
			map[string]memfs.File{localtime: {Link: berlin}, "/etc/timezone": {Data: "Etc/UTC\n"}},
			want{"Europe/Berlin", "link", "Etc/UTC", []string{"Europe/Berlin"}, facts.OK},
		},
		"text file alone is not in effect": {
			map[string]memfs.File{"/etc/timezone": {Data: "Europe/Berlin\n"}},
			want{"UTC", "default", "Europe/Berlin", []string{"UTC"}, facts.OK},
		},
		"copy": {
			map[string]memfs.File{localtime: zone(t, "Asia-Kolkata")},
			want{"Asia/Kolkata", "copy", "", []string{"Asia/Kolkata"}, facts.OK},
		},
		"copy with several names": {
			map[string]memfs.File{localtime: zone(t, "Europe-Berlin")},
			want{"Europe/Berlin", "copy", "", []string{"Arctic/Longyearbyen", "Europe/Berlin"}, facts.OK},
		},
		"copy, named by sysconfig/clock": {
			map[string]memfs.File{localtime: zone(t, "Europe-Berlin"), "/etc/sysconfig/clock": {Data: "ZONE=\"Arctic/Longyearbyen\"\nUTC=true\n"}},
			want{"Arctic/Longyearbyen", "copy", "", []string{"Arctic/Longyearbyen", "Europe/Berlin"}, facts.OK},
		},
		"copy that sysconfig/clock belies": {
			map[string]memfs.File{localtime: zone(t, "Europe-Berlin"), "/etc/sysconfig/clock": {Data: "TIMEZONE=\"UTC\"\n"}},
			want{"Europe/Berlin", "copy", "UTC", []string{"Arctic/Longyearbyen", "Europe/Berlin"}, facts.OK},
		},
		"copy of UTC": {
			map[string]memfs.File{localtime: zone(t, "Etc-UTC")},
			want{"UTC", "copy", "", []string{"Etc/UTC", "UTC", "Zulu"}, facts.OK},
		},
		"copy of GMT is not UTC": {
			map[string]memfs.File{localtime: zone(t, "Etc-GMT")},
			want{"Etc/GMT", "copy", "", []string{"Etc/GMT"}, facts.OK},
		},
		"copy of UTC in another form than the database's": {
			map[string]memfs.File{localtime: zone(t, "Etc-UTC.slim")},
			want{"UTC", "copy", "", []string{"UTC"}, facts.OK},
		},
		"link to a copy outside the database": {
			map[string]memfs.File{localtime: {Link: "/opt/tz"}, "/opt/tz": zone(t, "Asia-Kolkata")},
			want{"Asia/Kolkata", "copy", "", []string{"Asia/Kolkata"}, facts.OK},
		},
		"Alpine keeps the one file in etc": {
			map[string]memfs.File{localtime: {Link: "zoneinfo/Europe/Berlin"}, "/etc/zoneinfo/Europe/Berlin": zone(t, "Europe-Berlin.slim")},
			inBerlin,
		},
		"dangling link: libc takes UTC": {
			map[string]memfs.File{localtime: {Link: "/usr/share/zoneinfo/Mars/Olympus"}},
			want{"UTC", "link", "Mars/Olympus", []string{"UTC"}, facts.Partial},
		},
		"dangling link to UTC is UTC either way": {
			map[string]memfs.File{localtime: {Link: "/usr/share/zoneinfo/Universal"}},
			want{"Universal", "link", "", []string{"Universal"}, facts.OK},
		},
		"empty file: libc takes UTC": {
			map[string]memfs.File{localtime: {Data: ""}},
			want{"UTC", "copy", "", []string{"UTC"}, facts.Partial},
		},
		"copy of nothing known": {
			map[string]memfs.File{localtime: zone(t, "Europe-Berlin.slim")},
			want{"", "", "", nil, facts.Error},
		},
		"loop of links": {
			map[string]memfs.File{localtime: {Link: "/usr/share/zoneinfo/localtime"}},
			want{"", "", "", nil, facts.Error},
		},
		"unreadable": {
			map[string]memfs.File{localtime: {Data: zone(t, "Etc-UTC").Data, Err: errors.New("bad sector")}},
			want{"", "", "", nil, facts.Error},
		},
		"unreadable text file": {
			map[string]memfs.File{localtime: {Link: utcZone}, "/etc/timezone": {Data: "UTC", Err: errors.New("bad sector")}},
			want{"", "", "", nil, facts.Error},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.Timezone](t, factstest.Guest(t, guestFiles(t, c.files)), facts.Request{}, Collector)
			if status.State != c.want.state {
				t.Fatalf("state is %s (%v), want %s", status.State, status.Problems, c.want.state)
			}
			if got == nil {
				return
			}
			w := want{got.Zone.Value, got.How, "", got.Names, status.State}
			if len(got.Zone.Shadowed) > 0 {
				w.shadowed = got.Zone.Shadowed[0].Value
			}
			if diff := cmp.Diff(c.want, w, cmp.AllowUnexported(want{})); diff != "" {
				t.Error("want -, got +\n" + diff)
			}
			if fallback := w.how == "default" || status.State == facts.Partial; got.Zone.Explicit == fallback {
				t.Errorf("explicit is %v", got.Zone.Explicit)
			}
		})
	}
}

func TestProvenance(t *testing.T) {
	g := factstest.Guest(t, guestFiles(t, map[string]memfs.File{
		localtime: {Link: "../usr/share/zoneinfo/Etc/UTC"}, "/etc/timezone": {Data: "# Debian\nEtc/UTC\n"},
	}))
	got, _ := factstest.Collect[facts.Timezone](t, g, facts.Request{}, Collector)
	if want := (facts.Source{Path: localtime, Text: "-> ../usr/share/zoneinfo/Etc/UTC"}); *got.Zone.Source != want {
		t.Errorf("source is %+v, want %+v", *got.Zone.Source, want)
	}
	if want := (facts.Source{Path: "/etc/timezone", Line: 2, Text: "Etc/UTC"}); *got.Text.Source != want {
		t.Errorf("source of the text is %+v, want %+v", *got.Text.Source, want)
	}
}

func TestDamagedZoneFiles(t *testing.T) {
	whole := zone(t, "Europe-Berlin").Data
	for name, data := range map[string]string{
		"no magic":           "TZxx" + whole[4:],
		"cut in the header":  whole[:40],
		"cut in the data":    whole[:200],
		"cut at the second":  whole[:len(whole)-100],
		"huge counts":        whole[:20] + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" + whole[44:],
		"no local time type": whole[:36] + "\x00\x00\x00\x00" + whole[40:],
	} {
		if r, err := parseTZif([]byte(data)); err == nil {
			t.Errorf("%s: got %+v, want an error", name, r)
		}
	}
}

func FuzzTZif(f *testing.F) {
	for _, name := range []string{"Etc-UTC", "Etc-UTC.slim", "Europe-Berlin", "Asia-Kolkata"} {
		f.Add([]byte(zone(f, name).Data))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := parseTZif(b); err == nil && r.utc() && len(b) < headerSize {
			t.Errorf("%d bytes are UTC", len(b))
		}
	})
}
