package registry_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/registry"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/hivetest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const profiles = `[Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-18]
"ProfileImagePath"=expand:"%systemroot%\\system32\\config\\systemprofile"
[Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-21-1-2-3-1001]
"ProfileImagePath"="C:\\Users\\me"
[Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-21-1-2-3-1002]
"ProfileImagePath"="C:\\Users\\gone"
[Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-21-1-2-3-1003]
"ProfileImagePath"="\\\\server\\profiles\\far"
`

func open(t *testing.T, hives map[string]string, files map[string]memfs.File) *registry.Registry {
	t.Helper()
	r, err := registry.New(factstest.Windows(t, hives, files))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestKeys(t *testing.T) {
	const two = "[Select]\n\"Current\"=dword:2\n\"Default\"=dword:2\n[ControlSet001\\Control\\Lsa]\n\"x\"=\"one\"\n[ControlSet002\\Control\\Lsa]\n\"x\"=\"two\"\n"
	r := open(t, map[string]string{
		"SYSTEM": two, "SOFTWARE": profiles + "[A\\B]\n\"x\"=\"ab\"\n[Classes\\.txt]\n\"x\"=\"class\"\n", "DEFAULT": "[D]\n\"x\"=\"default\"\n",
	}, map[string]memfs.File{"/Users/me/ntuser.dat": {Data: string(hivetest.Build(t, "[Software]\n\"x\"=\"mine\"\n"))}})
	for path, want := range map[string]string{
		`HKLM\SYSTEM\CurrentControlSet\Control\Lsa`: "two",
		`hklm\system\currentcontrolset\control\lsa`: "two",
		`HKLM\SYSTEM\ControlSet001\Control\Lsa`:     "one",
		`HKEY_LOCAL_MACHINE\Software\a\b`:           "ab",
		`HKCR\.txt`:                                 "class",
		`HKU\.Default\D`:                            "default",
		`HKU\S-1-5-18\D`:                            "default",
		`HKU\S-1-5-21-1-2-3-1001\Software`:          "mine",
		`HKU\S-1-5-21-1-2-3-1002\Software`:          "absent", // a profile whose directory is gone
		`HKU\S-1-5-21-1-2-3-1003\Software`:          "unknown",
		`HKU\S-1-5-21-1-2-3-1004\Software`:          "absent",
		`HKLM\SOFTWARE\A\C`:                         "absent",
		`HKLM\HARDWARE\A`:                           "absent",
		`HKCU\Software`:                             "unknown",
		`HKLM`:                                      "unknown",
	} {
		k, err := r.Key(path)
		var got string
		switch {
		case errors.Is(err, fs.ErrNotExist):
			got = "absent"
		case err != nil:
			got = "unknown"
		default:
			v, err := k.Value("x")
			if err != nil {
				t.Fatal(err)
			}
			if got, err = v.Text(); err != nil {
				t.Fatal(err)
			}
		}
		if got != want {
			t.Errorf("%s: got %q (%v), want %q", path, got, err, want)
		}
	}
	k, err := r.Key(`HKLM\SYSTEM\CurrentControlSet`)
	if err != nil || k.Path != `HKLM\SYSTEM\ControlSet002` {
		t.Errorf("got %s, %v, want the path of the set itself", k.Path, err)
	}
	if k, err = k.Below(`Control\Lsa`); err != nil || k.Path != `HKLM\SYSTEM\ControlSet002\Control\Lsa` {
		t.Errorf("got %s, %v", k.Path, err)
	}
}

func TestWhatIsMissingIsNotAbsent(t *testing.T) {
	built := string(hivetest.Build(t, "[A]\n\"x\"=\"1\"\n"))
	for name, c := range map[string]struct {
		hives map[string]string
		files map[string]memfs.File
		path  string
		want  error
	}{
		"no current set":          {map[string]string{"SYSTEM": "[Select]\n\"Default\"=dword:1\n"}, nil, `HKLM\SYSTEM\CurrentControlSet\Control`, nil},
		"an absurd set":           {map[string]string{"SYSTEM": "[Select]\n\"Current\"=dword:ffffffff\n"}, nil, `HKLM\SYSTEM\CurrentControlSet\Control`, binread.ErrCorrupt},
		"a set that is no number": {map[string]string{"SYSTEM": "[Select]\n\"Current\"=\"1\"\n"}, nil, `HKLM\SYSTEM\CurrentControlSet\Control`, binread.ErrCorrupt},
		"no hive":                 {nil, map[string]memfs.File{"/Windows/System32/config/SOFTWARE": memfs.Dir()}, `HKLM\SOFTWARE\A`, nil},
		"a text, no hive":         {nil, map[string]memfs.File{"/Windows/System32/config/SOFTWARE": {Data: "text"}}, `HKLM\SOFTWARE\A`, binread.ErrCorrupt},
		"a read error":            {nil, map[string]memfs.File{"/Windows/System32/config/SOFTWARE": {Data: built, Err: errors.New("bad sector")}}, `HKLM\SOFTWARE\A`, nil},
		"a broken list":           {nil, map[string]memfs.File{"/Windows/System32/config/SOFTWARE": {Data: strings.Replace(built, "lh\x01", "xx\x01", 1)}}, `HKLM\SOFTWARE\A`, binread.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, c.hives, c.files).Key(c.path)
			if err == nil || errors.Is(err, fs.ErrNotExist) || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v and not absence", err, c.want)
			}
		})
	}
}

// TestHivesInDoubt has hives that open and are not to be believed.
func TestHivesInDoubt(t *testing.T) {
	r := open(t, map[string]string{"SYSTEM": "[Select]\n\"Current\"=dword:1\n\"Default\"=dword:2\n[ControlSet001\\A]\n"}, map[string]memfs.File{
		"/Windows/System32/config/SAM": {Data: string(hivetest.Build(t, "[SAM]\n")), Err: binread.ErrChecksum},
	})
	for path, want := range map[string]string{`HKLM\SYSTEM\CurrentControlSet\A`: "the next start takes set 2", `HKLM\SAM\SAM`: "checksum"} {
		k, err := r.Key(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(k.Hive.Problems) != 1 || !strings.Contains(k.Hive.Problems[0].Error(), want) {
			t.Errorf("%s: problems %v, want %q", path, k.Hive.Problems, want)
		}
	}
}

func TestUsers(t *testing.T) {
	r := open(t, map[string]string{"SOFTWARE": profiles}, nil)
	users, err := r.Users()
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, u := range users {
		got += u.SID + " " + u.Profile + "\n"
	}
	want := "S-1-5-18 /Windows/system32/config/systemprofile\nS-1-5-21-1-2-3-1001 /Users/me\nS-1-5-21-1-2-3-1002 /Users/gone\nS-1-5-21-1-2-3-1003 \n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	names := ""
	for _, h := range r.Hives() {
		names += h.Name + " "
	}
	if want := `HKLM\SAM HKLM\SECURITY HKLM\SOFTWARE HKLM\SYSTEM HKU\.DEFAULT HKU\S-1-5-21-1-2-3-1001 HKU\S-1-5-21-1-2-3-1002 HKU\S-1-5-21-1-2-3-1003 `; names != want {
		t.Errorf("hives %s, want %s", names, want)
	}
}

func TestOnlyWindowsHasOne(t *testing.T) {
	if _, err := registry.New(&guest.Guest{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want %v", err, fs.ErrNotExist)
	}
}

// TestLogsAreReplayed has a hive whose last change is only in its log.
func TestLogsAreReplayed(t *testing.T) {
	before, after := hivetest.Build(t, "[A]\n\"x\"=\"old\"\n"), hivetest.Build(t, "[A]\n\"x\"=\"new\"\n")
	hive, log := hivetest.Dirty(before, after)
	files := map[string]memfs.File{
		"/Windows/System32/config/SOFTWARE": {Data: string(hive)}, "/Windows/System32/config/SOFTWARE.LOG1": {}, "/Windows/System32/config/software.log2": {Data: string(log)},
	}
	k, err := open(t, nil, files).Key(`HKLM\SOFTWARE\A`)
	if err != nil {
		t.Fatal(err)
	}
	v, err := k.Value("x")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := v.Text(); text != "new" || err != nil || k.Hive.State.Condition != "replayed" || len(k.Hive.Problems) > 0 {
		t.Errorf("got %q, %v, %s, %v, want what the log holds", text, err, k.Hive.State.Condition, k.Hive.Problems)
	}
	files["/Windows/System32/config/software.log2"] = memfs.File{Data: string(log), Err: errors.New("bad sector")}
	k, err = open(t, nil, files).Key(`HKLM\SOFTWARE\A`)
	if err == nil && len(k.Hive.Problems) == 0 {
		t.Error("a log that cannot be read is no problem")
	}
}
