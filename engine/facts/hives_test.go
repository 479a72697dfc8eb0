package facts_test

import (
	"context"
	"errors"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/hivetest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// reading is a collector that hands the registry to read.
func reading(read func(h *facts.Hives) error) facts.Collector {
	return facts.New("reading", "for a test", func(_ context.Context, s *facts.Scope) (*string, error) {
		h, err := s.Hives()
		if err != nil {
			return nil, err
		}
		return new("read"), read(h)
	}).On(guest.Windows)
}

const values = `[A]
"number"=dword:00000007
"large"=qword:ffffffffffffffff
"text"="seven"
"digits"=" 7 "
"several"=multi:"a","b"
"none"=multi:
"bytes"=hex:01,ff
`

func TestValues(t *testing.T) {
	g := factstest.Windows(t, map[string]string{"SOFTWARE": values}, nil)
	_, status := factstest.Collect[string](t, g, facts.Request{}, reading(func(h *facts.Hives) error {
		k := h.Key(`HKLM\SOFTWARE\A`)
		if v := k.Number("NUMBER"); v == nil || v.Value != 7 || !v.Explicit || v.Source.Path != "/Windows/System32/config/SOFTWARE" || v.Source.Text != `HKLM\SOFTWARE\A!number = 7` {
			t.Errorf("a number is %+v", v)
		}
		if v := k.Digits("digits"); v == nil || v.Value != 7 {
			t.Errorf("digits are %+v", v)
		}
		if v := k.Digits("number"); v == nil || v.Value != 7 {
			t.Errorf("a number for digits is %+v", v)
		}
		if v := k.Texts("none"); v == nil || v.Value == nil || len(v.Value) != 0 {
			t.Errorf("no texts are %+v", v)
		}
		if got := k.Shown("several") + k.Shown("bytes") + k.Shown("absent"); got != "a\nb01ff" {
			t.Errorf("shown %q", got)
		}
		if v := facts.Or(k.Number("absent"), 3); v.Value != 3 || v.Explicit || v.Source != nil {
			t.Errorf("a default is %+v", v)
		}
		if v := h.Key(`HKLM\SOFTWARE\B`).Below("C").Number("x"); v != nil {
			t.Errorf("of no key %+v", v)
		}
		v := facts.Before(k.Number("number"), k.Digits("digits"))
		if v.Value != 7 || len(v.Shadowed) != 1 || v.Shadowed[0].Text != `HKLM\SOFTWARE\A!digits =  7 ` {
			t.Errorf("policy and setting are %+v", v)
		}
		return nil
	}))
	if status.State != facts.OK || len(status.Files) != 1 {
		t.Errorf("state %s, files %v, problems %v", status.State, status.Files, status.Problems)
	}
}

// TestWhatCannotBeReadIsAProblem has ways in which a value is nil and not known to be absent.
func TestWhatCannotBeReadIsAProblem(t *testing.T) {
	built := string(hivetest.Build(t, values))
	dirty, _ := hivetest.Dirty([]byte(built), hivetest.Build(t, values+"\"more\"=dword:1\n"))
	for name, c := range map[string]struct {
		file memfs.File
		read func(h *facts.Hives)
	}{
		"a number that is a text":    {memfs.File{Data: built}, func(h *facts.Hives) { h.Key(`HKLM\SOFTWARE\A`).Number("text") }},
		"a number that is too large": {memfs.File{Data: built}, func(h *facts.Hives) { h.Key(`HKLM\SOFTWARE\A`).Number("large") }},
		"digits that are none":       {memfs.File{Data: built}, func(h *facts.Hives) { h.Key(`HKLM\SOFTWARE\A`).Digits("text") }},
		"a text that is a number":    {memfs.File{Data: built}, func(h *facts.Hives) { h.Key(`HKLM\SOFTWARE\A`).Text("number") }},
		"no hive":                    {memfs.File{Data: "x"}, func(h *facts.Hives) { h.Key(`HKLM\SOFTWARE\A`).Number("number") }},
		"a read error":               {memfs.File{Data: built, Err: errors.New("bad sector")}, func(h *facts.Hives) { h.Key(`HKLM\SOFTWARE\A`) }},
		"a checksum":                 {memfs.File{Data: built, Err: binread.ErrChecksum}, func(h *facts.Hives) { h.Key(`HKLM\SOFTWARE\A`) }},
		"a dirty hive":               {memfs.File{Data: string(dirty)}, func(h *facts.Hives) { h.Key(`HKLM\SOFTWARE\A`) }},
		"a profile list":             {memfs.File{Data: "x"}, func(h *facts.Hives) { h.Users() }},
	} {
		t.Run(name, func(t *testing.T) {
			g := factstest.Windows(t, nil, map[string]memfs.File{"/Windows/System32/config/SOFTWARE": c.file})
			_, status := factstest.Collect[string](t, g, facts.Request{}, reading(func(h *facts.Hives) error { c.read(h); return nil }))
			if status.State != facts.Partial || len(status.Problems) == 0 {
				t.Errorf("state %s, problems %v, want some", status.State, status.Problems)
			}
		})
	}
}

// TestKindsOfGuests keeps the domains of one kind of guest from saying anything about the other.
func TestKindsOfGuests(t *testing.T) {
	unix := facts.New("unix", "", func(context.Context, *facts.Scope) (*string, error) { return new("made up"), nil })
	windows := facts.New("windows", "", func(context.Context, *facts.Scope) (*string, error) { return new("made up"), nil }).On(guest.Windows)
	for name, c := range map[string]struct {
		guest     *guest.Guest
		collector facts.Collector
		want      facts.State
	}{
		"Unix of a Unix":       {factstest.Guest(t, nil), unix, facts.OK},
		"Windows of a Unix":    {factstest.Guest(t, nil), windows, facts.Absent},
		"Unix of a Windows":    {factstest.Windows(t, nil, nil), unix, facts.Absent},
		"Windows of a Windows": {factstest.Windows(t, nil, nil), windows, facts.OK},
	} {
		t.Run(name, func(t *testing.T) {
			v, status := factstest.Collect[string](t, c.guest, facts.Request{}, c.collector)
			if status.State != c.want || (v != nil) != (c.want == facts.OK) {
				t.Errorf("state %s, value %v, want %s", status.State, v, c.want)
			}
		})
	}
}

func TestWindowsZones(t *testing.T) {
	for name, want := range map[string]string{
		"UTC": "Etc/UTC", "W. Europe Standard Time": "Europe/Berlin", "Tokyo Standard Time": "Asia/Tokyo", "Pacific Standard Time": "America/Los_Angeles",
		"India Standard Time": "Asia/Calcutta", "Nowhere Standard Time": "", "": "", "UTC\tEtc/UTC": "", "# Made": "", "\n": "",
	} {
		got := ""
		if zones := facts.WindowsZones(name); len(zones) > 0 {
			got = zones[0]
		}
		if got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

// TestEveryWindowsZoneIsOne holds CLDR's table against the tz database.
func TestEveryWindowsZoneIsOne(t *testing.T) {
	for _, name := range []string{"Dateline Standard Time", "GMT Standard Time", "Greenwich Standard Time", "UTC+13", "Yakutsk Standard Time"} {
		zones := facts.WindowsZones(name)
		if len(zones) == 0 {
			t.Errorf("no zone for %s", name)
		}
		for _, zone := range zones {
			if _, ok := facts.CanonicalZone(zone); !ok {
				t.Errorf("%s stands for %s, which is no zone", name, zone)
			}
		}
	}
}

func TestProgram(t *testing.T) {
	g := factstest.Windows(t, nil, map[string]memfs.File{
		"/Program Files/App One/a.exe": {Data: "x"}, "/Windows/System32/svchost.exe": {Data: "x"}, "/Program.exe": {Data: "x"},
		"/Windows/System32/drivers/d.sys": {Data: "x"},
	})
	for command, want := range map[string]string{
		`"C:\Program Files\App One\a.exe" --x "y z"`:   "/Program Files/App One/a.exe",
		`%SystemRoot%\system32\svchost.exe -k netsvcs`: "/Windows/system32/svchost.exe",
		`C:\Program Files\App One\a.exe --x`:           "/Program.exe", // as Windows has it
		`C:\Gone Far\b.exe -x`:                         "/Gone Far/b.exe",
		`C:\tools\c -x`:                                "/tools/c",
		`system32\drivers\d.sys`:                       "/Windows/system32/drivers/d.sys",
		`powershell -c x`:                              "",
		`\\server\share\x.exe`:                         "",
		`/bin/sh`:                                      "",
		``:                                             "",
	} {
		s := ""
		_, status := factstest.Collect[string](t, g, facts.Request{}, facts.New("program", "", func(_ context.Context, sc *facts.Scope) (*string, error) {
			s = sc.Program(command)
			return &s, nil
		}).On(guest.Windows))
		if s != want || status.State != facts.OK {
			t.Errorf("%s: got %q, want %q", command, s, want)
		}
	}
}

func TestSID(t *testing.T) {
	for name, c := range map[string]struct {
		raw  string
		want string
	}{
		"Administrators":   {"\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00", "S-1-5-32-544"},
		"Everyone":         {"\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00", "S-1-1-0"},
		"another revision": {"\x02\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00", ""},
		"too many numbers": {"\x01\x10\x00\x00\x00\x00\x00\x01", ""},
		"cut short":        {"\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00", ""},
	} {
		t.Run(name, func(t *testing.T) {
			cursor := binread.Little([]byte(c.raw))
			got, err := facts.SID(&cursor)
			if (err == nil) != (c.want != "") || err == nil && got != c.want {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
		})
	}
}
