package users

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/groups"
	"github.com/guestctl/guestctl/engine/facts/logindefs"
	"github.com/guestctl/guestctl/engine/facts/nis"
	"github.com/guestctl/guestctl/engine/facts/nsswitch"
	"github.com/guestctl/guestctl/engine/facts/osrelease"
	"github.com/guestctl/guestctl/engine/facts/shells"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// all are what the domain needs, and itself.
var all = []facts.Collector{
	osrelease.Collector, nsswitch.Collector, groups.Collector, shells.Collector, logindefs.Collector, Collector,
}

func collectIn(t testing.TB, files map[string]memfs.File) (*facts.Users, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Users](t, factstest.Guest(t, files), facts.Request{}, all...)
}

func traps(t testing.TB) map[string]memfs.File {
	t.Helper()
	return factstest.Trees(t, "testdata/trees.txtar")["traps"]
}

// recorded returns the lines that a tool printed about a tree and that begin with prefix, without it.
func recorded(t testing.TB, file, tree, prefix string) []string {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range a.Files {
		for line := range strings.Lines(string(f.Data)) {
			if rest, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), prefix); ok && f.Name == tree {
				lines = append(lines, rest)
			}
		}
	}
	return lines
}

// TestAccountsAreThoseOfTheCLibrary compares with getent, which lists duplicates too.
func TestAccountsAreThoseOfTheCLibrary(t *testing.T) {
	got, _ := collectIn(t, traps(t))
	var accounts, shadow []string
	for _, u := range *got {
		accounts = append(accounts, fmt.Sprintf("%s %d:%d:%s:%s:%s", u.Name, u.UID, u.GID, u.Gecos, u.Home, u.Shell))
		if u.Shadow.Source != nil && !slices.Contains(shadow, u.Name) {
			shadow = append(shadow, u.Name)
		}
	}
	var want, wantShadow []string
	for _, line := range recorded(t, "testdata/getent.txtar", "traps", "passwd ") {
		f := strings.SplitN(line, ":", 3)
		if line[0] != '+' && line[0] != '-' {
			want = append(want, f[0]+" "+f[2])
		}
	}
	for _, line := range recorded(t, "testdata/getent.txtar", "traps", "shadow ") {
		name, _, _ := strings.Cut(line, ":")
		if name != "ghost" && name[0] != '+' && !slices.Contains(wantShadow, name) {
			wantShadow = append(wantShadow, name)
		}
	}
	if d := cmp.Diff(want, accounts); d != "" {
		t.Error("accounts: getent -, here +\n" + d)
	}
	if d := cmp.Diff(wantShadow, shadow); d != "" {
		t.Error("shadow: getent -, here +\n" + d)
	}
}

// TestFindingsAreThoseOfPwck makes pwck's complaints out of the facts.
func TestFindingsAreThoseOfPwck(t *testing.T) {
	got, _ := collectIn(t, traps(t))
	var lines []string
	for _, u := range *got {
		if u.PrimaryGroup == "" && u.Name != "nobody" {
			lines = append(lines, fmt.Sprintf("user '%s': no group %d", u.Name, u.GID))
		}
		if !*u.HomeExists && u.Home != "" {
			lines = append(lines, fmt.Sprintf("user '%s': directory '%s' does not exist", u.Name, u.Home))
		}
	}
	// pwck knows no frank, as it keeps the blanks before him, and does not look at a duplicate twice.
	for _, want := range recorded(t, "testdata/pwck.txtar", "traps", "user '") {
		if want = "user '" + want; !strings.Contains(want, "program") && !slices.Contains(lines, want) {
			t.Errorf("pwck says %q, the facts do not", want)
		}
	}
	if n := len(recorded(t, "testdata/pwck.txtar", "traps", "user 'carol'")); n != 3 {
		t.Errorf("%d lines about carol, want 3: the record is not what it was", n)
	}
}

func TestPasswordsAndAges(t *testing.T) {
	got, status := collectIn(t, traps(t))
	if status.State != facts.Partial {
		t.Errorf("state is %s, want partial for the lines that are none", status.State)
	}
	type row struct{ Name, InPasswd, State, Algorithm, Days string }
	var rows []row
	for _, u := range *got {
		days := ""
		for _, d := range []*int64{u.Shadow.LastChange, u.Shadow.Min, u.Shadow.Max, u.Shadow.Warn, u.Shadow.Inactive, u.Shadow.Expire} {
			if d == nil {
				days += "-,"
			} else {
				days += fmt.Sprint(*d, ",")
			}
		}
		rows = append(rows, row{u.Name, u.Password, u.Shadow.State, u.Shadow.Algorithm, days})
	}
	want := []row{
		{"root", "x", "locked_hash", "yescrypt", "19700,0,99999,7,-,-,"},
		{"toor", "empty", "empty", "", "19700,0,99999,7,-,-,"},
		{"daemon", "x", "locked", "", "19700,0,99999,7,-,-,"},
		{"alice", "x", "hash", "yescrypt", "0,1,365,7,45,-,"},
		{"bob", "x", "locked", "", "19700,0,99999,7,-,0,"},
		{"bob", "x", "locked", "", "19700,0,99999,7,-,0,"},
		{"carol", "hash", "missing", "", "-,-,-,-,-,-,"}, // an age of -1: the C library drops the line
		{"dave", "locked", "none", "", "-,-,-,-,-,-,"},
		{"eve", "x", "hash", "sha512crypt", "30000,0,99999,7,-,-,"},
		{"frank", "x", "missing", "", "-,-,-,-,-,-,"}, // an age in letters
		{"nobody", "x", "none", "", "19700,0,99999,7,-,-,"},
		{"noshadow", "x", "missing", "", "-,-,-,-,-,-,"},
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Error("want -, got +\n" + d)
	}
}

func TestWhoIsInteractive(t *testing.T) {
	got, _ := collectIn(t, traps(t))
	var people []string
	for _, u := range *got {
		if u.Interactive {
			people = append(people, u.Name)
		}
	}
	// carol's shell is not in /etc/shells, dave has none and so /bin/sh, eve's is nologin.
	if d := cmp.Diff([]string{"alice", "bob", "bob", "dave", "frank", "noshadow"}, people); d != "" {
		t.Error(d)
	}
	if i := slices.IndexFunc(*got, func(u facts.User) bool { return u.Name == "alice" }); !slices.Equal((*got)[i].Groups, []string{"sudo", "adm"}) {
		t.Errorf("groups of alice are %v", (*got)[i].Groups)
	}
}

func TestNetworkServiceLinesAreNoAccounts(t *testing.T) {
	got, status := factstest.Collect[facts.NIS](t, factstest.Guest(t, traps(t)), facts.Request{}, nis.Collector)
	var names []string
	for _, e := range *got {
		names = append(names, fmt.Sprintf("%s %s:%d", e.Name, e.Source.Path, e.Source.Line))
	}
	want := []string{"+ /etc/passwd:17", "-mallory /etc/passwd:18", "+ /etc/shadow:13", "+ /etc/group:10"}
	if d := cmp.Diff(want, names); d != "" || status.State != facts.OK {
		t.Error(status, d)
	}
}

// TestHomeOnAVolumeThatIsNotThere wants that one thing unknown, and the rest known.
func TestHomeOnAVolumeThatIsNotThere(t *testing.T) {
	files := traps(t)
	files["/etc/fstab"] = memfs.File{Data: "LABEL=home /home ext4 defaults 0 2\n"}
	files["/etc/passwd"] = memfs.File{Data: "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n"}
	files["/etc/shadow"] = memfs.File{}
	got, status := collectIn(t, files)
	if status.State != facts.OK || (*got)[0].HomeExists == nil || (*got)[1].HomeExists != nil {
		t.Errorf("%v: homes %v %v", status, (*got)[0].HomeExists, (*got)[1].HomeExists)
	}
}

// TestNoSecretLeaves wants no hash in the document, the problems of broken lines included.
func TestNoSecretLeaves(t *testing.T) {
	const secret = "$6$salt$VerySecretHash"
	got, status := collectIn(t, factstest.Text(map[string]string{
		"/etc/passwd": "root:x:0:0::/root:/bin/sh\nalice:" + secret + ":1:1::/:/bin/sh\nshift:x:" + secret + ":0::/\nless:" + secret + "\n" + secret + "\n",
		"/etc/shadow": "root:" + secret + ":1:::::\nalice:x:" + secret + ":::::::\nless:" + secret + "\n" + secret + "\nbob:!" + secret + ":::::::\n",
		"/etc/group":  "root:" + secret + ":0:\nshift:x:" + secret + ":\n",
	}))
	if text := fmt.Sprintf("%+v %+v %+v", *got, *(*got)[0].Shadow, status); strings.Contains(text, "VerySecret") {
		t.Error(text)
	}
}

func TestHostileAccounts(t *testing.T) {
	const root = "root:x:0:0::/root:/bin/sh\n"
	for name, c := range map[string]struct {
		files map[string]memfs.File
		state facts.State
		users int
		known bool // what shadow says
	}{
		"no passwd":                 {nil, facts.Absent, 0, false},
		"no shadow":                 {map[string]memfs.File{"/etc/passwd": {Data: root}}, facts.OK, 1, true},
		"shadow is a directory":     {map[string]memfs.File{"/etc/passwd": {Data: root}, "/etc/shadow": memfs.Dir()}, facts.Partial, 1, false},
		"shadow cannot be read":     {map[string]memfs.File{"/etc/passwd": {Data: root}, "/etc/shadow": {Data: "x", Err: errors.New("bad sector")}}, facts.Partial, 1, false},
		"passwd is a FIFO":          {map[string]memfs.File{"/etc/passwd": {Mode: 0o010644}}, facts.Error, 0, false},
		"NUL bytes":                 {map[string]memfs.File{"/etc/passwd": {Data: root + "a\x00b:x:1:1:::\n"}}, facts.Partial, 1, true},
		"a line of 1 MB":            {map[string]memfs.File{"/etc/passwd": {Data: root + "a:x:1:1:" + strings.Repeat("g", 1<<20) + "::\n"}}, facts.OK, 2, true},
		"a million colons":          {map[string]memfs.File{"/etc/passwd": {Data: root + strings.Repeat(":", 1<<20)}}, facts.Partial, 1, true},
		"uid that does not fit":     {map[string]memfs.File{"/etc/passwd": {Data: root + "a:x:4294967296:1:::\n"}}, facts.Partial, 1, true},
		"uid below zero":            {map[string]memfs.File{"/etc/passwd": {Data: root + "a:x:-1:1:::\n"}}, facts.Partial, 1, true},
		"too many accounts":         {map[string]memfs.File{"/etc/passwd": {Data: strings.Repeat("a:x:1:1:::\n", 100_001)}}, facts.Partial, 100_000, true},
		"home that leads to itself": {map[string]memfs.File{"/etc/passwd": {Data: root}, "/root": {Link: "/root"}}, facts.Partial, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, c.files)
			if status.State != c.state {
				t.Errorf("state %s %v, want %s", status.State, status.Problems, c.state)
			}
			if got == nil {
				if c.users > 0 {
					t.Error("no users")
				}
				return
			}
			if len(*got) != c.users || c.known != ((*got)[0].Shadow != nil) {
				t.Errorf("%d users, shadow of the first %v", len(*got), (*got)[0].Shadow)
			}
		})
	}
}

func FuzzAccounts(f *testing.F) {
	files := traps(f)
	f.Add(files["/etc/passwd"].Data, files["/etc/shadow"].Data, files["/etc/group"].Data)
	f.Fuzz(func(t *testing.T, passwd, shadow, group string) {
		got, _ := collectIn(t, factstest.Text(map[string]string{"/etc/passwd": passwd, "/etc/shadow": shadow, "/etc/group": group}))
		if got == nil || len(*got) > strings.Count(passwd, "\n")+1 {
			t.Error("more users than lines, or none")
		}
	})
}

// TestShadowLinesThatCount has the lines that getspnam of glibc 2.36 finds, and those it drops.
func TestShadowLinesThatCount(t *testing.T) {
	for line, want := range map[string]string{
		"u:x:20393:1:2:3:4:5:6":     "20393 1 2 3 4 5",
		"u:x:20393:1:2:3:4:5:":      "20393 1 2 3 4 5",
		"u:x:20393:1:2:3:4:5":       "20393 1 2 3 4 5",
		"u:x:20393:1:2":             "20393 1 2 - - -",
		"u:x:20393:1:2:":            "20393 1 2 - - -",
		"u:x:::::::":                "- - - - - -",
		"u:x:+1:0:1:7:::":           "1 0 1 7 - -",
		"u:x:20393:1":               "",
		"u:x:20393:1:2:3":           "",
		"u:x:20393:1:2:3:4":         "",
		"u:x:20393:1:2:3:4:5:6:7":   "",
		"u:x:::":                    "",
		"u:x::::::":                 "",
		"u:*:20393:::::":            "",
		"u:x:20393:0:-1:7:::":       "",
		"u:x:a:0:1:7:::":            "",
		"u:x:1a:0:1:7:::":           "",
		"u:x:0x10:0:1:7:::":         "",
		"u:x:99999999999:0:1:7:::":  "",
		"u:x:1:0:1:7:::abc":         "",
		"u:x:1:0:1:7::: ":           "",
		"u: x : 20393 : 0 : 1:7:::": "",
	} {
		got, err := parseShadow(facts.Record{Fields: strings.Split(line, ":")})
		text := ""
		if err == nil {
			for _, d := range []*int64{got.LastChange, got.Min, got.Max, got.Warn, got.Inactive, got.Expire} {
				if d == nil {
					text += " -"
				} else {
					text += fmt.Sprint(" ", *d)
				}
			}
		}
		if strings.TrimSpace(text) != want {
			t.Errorf("%s: got %q, want %q", line, text, want)
		}
	}
}

// TestADroppedLineIsNotUnread has a line of shadow that the C library drops: nothing is unread for it, and the account has no line.
func TestADroppedLineIsNotUnread(t *testing.T) {
	got, status := collectIn(t, factstest.Text(map[string]string{
		"/etc/passwd": "root:x:0:0::/root:/bin/sh\n", "/etc/shadow": "root:*:20393:::::\n",
	}))
	if status.State != facts.OK || len(status.Problems) != 0 {
		t.Errorf("state %s %v, want ok", status.State, status.Problems)
	}
	want := []facts.Problem{{Path: "/etc/shadow", Line: 1, Message: "line has 8 fields, want 9"}}
	if !slices.Equal(status.Ignored, want) {
		t.Errorf("ignored %v, want %v", status.Ignored, want)
	}
	if (*got)[0].Shadow == nil || (*got)[0].Shadow.State != facts.PasswordMissing {
		t.Errorf("shadow %+v, want a missing line", (*got)[0].Shadow)
	}
}
