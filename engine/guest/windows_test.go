package guest_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/internal/hivetest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// mountedDevices has C: by a GUID of GPT, E: by one that is on no disk, D: by the signature of an MBR, Z: a disc, and a mount point.
const mountedDevices = `[MountedDevices]
"\\DosDevices\\C:"=hex:44,4d,49,4f,3a,49,44,3a,03,00,00,00,00,00,00,40,90,00,00,00,00,00,00,01
"\\DosDevices\\E:"=hex:44,4d,49,4f,3a,49,44,3a,ff,00,00,00,00,00,00,40,90,00,00,00,00,00,00,01
"\\DosDevices\\D:"=hex:0d,f0,ad,ba,00,00,10,00,00,00,00,00
"\\DosDevices\\Z:"=hex:5c,00,3f,00,3f,00,5c,00,49,00,44,00,45,00
"\\??\\Volume{11111111-2222-3333-4444-555555555555}"=hex:0d,f0,ad,ba,00,00,10,00,00,00,00,00
`

func windowsVolume(t *testing.T, files map[string]memfs.File) guest.Volume {
	t.Helper()
	all := map[string]memfs.File{
		"/Windows/System32/config/SYSTEM": {Data: string(hivetest.Build(t, mountedDevices))},
		"/Windows/System32/drivers/x.sys": {Data: "driver"},
		"/Program Files/App/a.exe":        {Data: "app"},
	}
	for path, f := range files {
		all[path] = f
	}
	return guest.Volume{Device: "p3", Number: 3, PartUUID: "00000003-0000-4000-9000-000000000001", FS: memfs.New(all)}
}

func dataVolume() guest.Volume {
	return guest.Volume{
		Device: "disk2p1", Number: 1, Disk: 1, Start: 1 << 20, PartUUID: "baadf00d-01",
		FS: memfs.New(map[string]memfs.File{"/Data/x": {Data: "on D"}, "/Data/up": {Link: "/Top"}, "/Top/y": {Data: "top of D"}}),
	}
}

func windowsGuest(t *testing.T, files map[string]memfs.File) *guest.Guest {
	t.Helper()
	guests, err := guest.Find(context.Background(), []guest.Volume{windowsVolume(t, files), dataVolume()})
	if err != nil || len(guests) != 1 {
		t.Fatalf("found %d guests, %v, want 1", len(guests), err)
	}
	return guests[0]
}

func TestWindowsIsFound(t *testing.T) {
	hive := memfs.File{Data: string(hivetest.Build(t, mountedDevices))}
	ntfs := func(files map[string]memfs.File) *memfs.FS {
		f := memfs.New(files)
		f.Desc.Type = "ntfs"
		return f
	}
	both := map[string]memfs.File{"/Windows/System32/config/SYSTEM": hive, "/etc/passwd": {}}
	for name, c := range map[string]struct {
		fs   *memfs.FS
		want string
	}{
		"as Windows writes it":               {memfs.New(map[string]memfs.File{"/Windows/System32/config/SYSTEM": hive}), "windows /Windows"},
		"in another case":                    {memfs.New(map[string]memfs.File{"/WINDOWS/system32/Config/system": hive}), "windows /WINDOWS"},
		"a directory in place of the hive":   {memfs.New(map[string]memfs.File{"/Windows/System32/config/SYSTEM": memfs.Dir()}), ""},
		"a file in place of a directory":     {memfs.New(map[string]memfs.File{"/Windows/System32": {Data: "x"}}), ""},
		"the hive in the home of a Linux":    {memfs.New(both), " "},
		"files of a Linux in the root of it": {ntfs(both), "windows /Windows"},
	} {
		t.Run(name, func(t *testing.T) {
			guests, err := guest.Find(context.Background(), []guest.Volume{{Device: "p1", FS: c.fs}})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, g := range guests {
				got += fmt.Sprint(g.System, " ", g.SystemRoot)
			}
			if got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestDrives(t *testing.T) {
	g := windowsGuest(t, nil)
	want := []guest.Drive{
		{Letter: "C:", Path: "/", Device: "p3"},
		{Letter: "D:", Path: "/D:", Device: "disk2p1"},
		{Letter: "E:", Path: "/E:", Unread: "is on none of these disks, or was not read"},
		{Letter: "Z:"},
	}
	if !slices.Equal(g.Drives, want) {
		t.Errorf("got %+v, want %+v", g.Drives, want)
	}
	for path, want := range map[string]string{
		`/D:/Data/x`: "on D", `/d:/data/X`: "on D", `D:\Data\x`: "on D", `/D:/Data/up/y`: "top of D",
		`/Volume{11111111-2222-3333-4444-555555555555}/Data/x`: "on D",
		`c:\program files\app\A.EXE`:                           "app",
	} {
		if b, err := g.ReadFile(path, 100); string(b) != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", path, b, err, want)
		}
	}
	if _, err := g.Stat("/E:/x"); !errors.Is(err, guest.ErrUnread) {
		t.Errorf("what is on E: is %v, want %v", err, guest.ErrUnread)
	}
	if _, err := g.Stat("/F:/x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is on F: is %v, want %v", err, fs.ErrNotExist)
	}
	entries, err := g.ReadDir("/")
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	if got, want := strings.Join(names, " "), "D: E: Program Files Windows"; got != want || err != nil {
		t.Errorf("the root has %s, %v, want %s", got, err, want)
	}
	var walked []string
	err = g.Walk(t.Context(), "/", func(o guest.Object, err error) error {
		if err != nil {
			walked = append(walked, "unread "+o.Path)
		} else if o.IsRegular() {
			walked = append(walked, o.Path)
		}
		return nil
	})
	if got, want := strings.Join(walked, ", "), "/Program Files/App/a.exe, /Windows/System32/config/SYSTEM, /Windows/System32/drivers/x.sys, /D:/Data/x, /D:/Top/y, unread /E:"; got != want || err != nil {
		t.Errorf("walked %s, %v, want %s", got, err, want)
	}
}

// TestDrivesAreInDoubt is for a hive that cannot be read: then no drive is known to be absent.
func TestDrivesAreInDoubt(t *testing.T) {
	for name, file := range map[string]memfs.File{
		"no hive":        {Data: "nothing of the sort"},
		"a read error":   {Data: "regf", Err: errors.New("sector 7 cannot be read")},
		"damaged values": {Data: damagedHive(t)},
	} {
		t.Run(name, func(t *testing.T) {
			g := windowsGuest(t, map[string]memfs.File{"/Windows/System32/config/SYSTEM": file})
			if len(g.Problems) == 0 {
				t.Error("no problem")
			}
			if _, err := g.Stat("/D:/Data/x"); !errors.Is(err, guest.ErrUnread) {
				t.Errorf("got %v, want %v", err, guest.ErrUnread)
			}
		})
	}
}

// damagedHive is one whose key MountedDevices is none.
func damagedHive(t *testing.T) string {
	t.Helper()
	return strings.Replace(string(hivetest.Build(t, mountedDevices)), "nk\x20", "xx\x20", 2)
}

func TestWindowsPath(t *testing.T) {
	g := windowsGuest(t, nil)
	for path, want := range map[string]string{
		`C:\Windows\System32\x`:              "/Windows/System32/x",
		`c:/Windows`:                         "/Windows",
		`C:\`:                                "/",
		`C:x`:                                "/x",
		`\??\C:\Users`:                       "/Users",
		`\\?\C:\Users`:                       "/Users",
		`\\.\d:\x`:                           "/D:/x",
		`D:`:                                 "/D:",
		`%SystemRoot%\system32\svchost.exe`:  "/Windows/system32/svchost.exe",
		`%windir%`:                           "/Windows",
		`%SystemDrive%\pagefile.sys`:         "/pagefile.sys",
		`%ProgramFiles(x86)%\A\b.exe`:        "/Program Files (x86)/A/b.exe",
		`\SystemRoot\System32\drivers\x.sys`: "/Windows/System32/drivers/x.sys",
		`\Windows\x`:                         "/Windows/x",
		`\`:                                  "/",
		`\??\Volume{11111111-2222-3333-4444-555555555555}\`: "/Volume{11111111-2222-3333-4444-555555555555}",
		`/Windows/100%/x`:           "/Windows/100%/x",
		`\\server\share\x`:          "no",
		`\??\UNC\server\share\x`:    "no",
		`\Device\HarddiskVolume2\x`: "no",
		`%APPDATA%\x`:               "no",
		`%SystemRoot\x`:             "no",
		`x.exe`:                     "no",
	} {
		got, ok := g.WindowsPath(path)
		if !ok {
			got = "no"
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestReparsePointsStayInside(t *testing.T) {
	g := windowsGuest(t, map[string]memfs.File{
		"/Documents and Settings": {Link: `\??\C:\Users`},
		"/Users/me/a.txt":         {Data: "mine"},
		"/Users/me/rel":           {Link: "../you"},
		"/Users/you/b.txt":        {Data: "yours"},
		"/rooted":                 {Link: "/Users/me"},
		"/mount":                  {Link: `\??\Volume{11111111-2222-3333-4444-555555555555}\`},
		"/other":                  {Link: `D:\Data`},
		"/share":                  {Link: `\??\UNC\server\share`},
		"/gone":                   {Link: `\??\Volume{00000000-2222-3333-4444-555555555555}\`},
		"/loop":                   {Link: `C:\loop`},
		"/climbs":                 {Link: `C:\..\..\..\Users`},
	})
	for path, want := range map[string]string{
		"/documents and settings/me/a.txt": "mine",
		"/Users/me/rel/b.txt":              "yours",
		"/rooted/a.txt":                    "mine",
		"/mount/Data/x":                    "on D",
		"/other/x":                         "on D",
		"/climbs/me/a.txt":                 "mine",
	} {
		if b, err := g.ReadFile(path, 100); string(b) != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", path, b, err, want)
		}
	}
	if _, err := g.Stat("/share/x"); !errors.Is(err, guest.ErrUnread) {
		t.Errorf("a share: %v, want %v", err, guest.ErrUnread)
	}
	if _, err := g.Stat("/gone/x"); !errors.Is(err, guest.ErrUnread) {
		t.Errorf("an unknown volume: %v, want %v", err, guest.ErrUnread)
	}
	if o, err := g.Stat("/loop"); err == nil {
		t.Errorf("a loop leads to %s, want an error", o.Path)
	}
}

func FuzzWindowsPath(f *testing.F) {
	for _, path := range []string{`C:\x`, `\??\C:\x`, `%SystemRoot%\x`, `\\?\Volume{x}\y`, `%%`, `D:..\..`, `\SystemRoot`, `\`} {
		f.Add(path)
	}
	raw, err := hex.DecodeString("ff")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(raw) + `:\`)
	f.Fuzz(func(t *testing.T, path string) {
		g := guest.Guest{System: guest.Windows, SystemRoot: "/Windows"}
		if got, ok := g.WindowsPath(path); ok != strings.HasPrefix(got, "/") {
			t.Errorf("%q gives %q, %t", path, got, ok)
		}
	})
}
