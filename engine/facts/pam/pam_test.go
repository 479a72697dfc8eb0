package pam

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectIn(t testing.TB, files map[string]memfs.File) (*facts.PAM, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.PAM](t, factstest.Guest(t, files), facts.Request{}, Collector)
}

// TestReachableIsWhatLinuxPAMRuns compares with the marks that ran: the modules beside them have one outcome each.
func TestReachableIsWhatLinuxPAMRuns(t *testing.T) {
	a, err := txtar.ParseFile("testdata/ran.txtar")
	if err != nil {
		t.Fatal(err)
	}
	got, status := collectIn(t, factstest.Trees(t, "testdata/trees.txtar")["stacks"])
	if status.State != facts.OK {
		t.Fatal(status)
	}
	for line := range strings.Lines(string(a.Files[0].Data)) {
		want := strings.Fields(line)
		if want[0] == "other" { // which Linux-PAM loads twice
			continue
		}
		marks := []string{}
		for _, r := range got.Services[want[0]].Auth {
			if r.Module == "pam_exec.so" && r.Reachable {
				marks = append(marks, strings.ReplaceAll(strings.Fields(r.Args[3])[1], `\`, ""))
			}
		}
		if d := cmp.Diff(want[2:], marks); d != "" {
			t.Errorf("%s: Linux-PAM -, here +\n%s", want[0], d)
		}
	}
}

func TestStacksAreFlat(t *testing.T) {
	got, _ := collectIn(t, factstest.Text(map[string]string{
		"/etc/pam.d/sshd":                          "auth substack password-auth\nauth include postlogin\naccount required pam_nologin.so\n",
		"/etc/pam.d/password-auth":                 "auth required pam_faillock.so preauth deny=4 unlock_time=900\nauth [success=1 default=bad] pam_unix.so nullok\nsession optional pam_umask.so\n",
		"/usr/lib/pam.d/postlogin":                 "auth optional /lib/security/pam_echo.so\n",
		"/usr/lib/pam.d/sshd":                      "auth required pam_deny.so\n",
		"/etc/pam.d/sshd.rpmnew":                   "auth required pam_deny.so\n",
		"/etc/pam.d/other":                         "session required pam_deny.so\n",
		"/etc/security/pwquality.conf":             "minlen = 14\n# dcredit = -1\nenforce_for_root\n",
		"/etc/security/pwquality.conf.d/50":        "minlen = 1\n",
		"/etc/security/pwquality.conf.d/50-a.conf": "minlen = 9\nminclass=3\n",
		"/etc/security/faillock.conf":              "deny = 5\naudit\n",
	}))
	var lines []string
	for _, r := range got.Services["sshd"].Auth {
		lines = append(lines, fmt.Sprintln(r.Module, r.Control, r.Jump, r.Options, r.Via, r.Substack, r.Source.Line))
	}
	want := []string{
		"pam_faillock.so required map[] map[deny:4 preauth: unlock_time:900] [password-auth] 1 1\n",
		"pam_unix.so [success=1 default=bad] map[success:1] map[nullok:] [password-auth] 1 2\n",
		"pam_echo.so optional map[] map[] [postlogin] 0 1\n",
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
	if s := got.Services["sshd"].Session; len(s) != 1 || s[0].Via[0] != "other" {
		t.Errorf("session of sshd is %+v, want that of other", s)
	}
	if _, ok := got.Services["sshd.rpmnew"]; ok {
		t.Error("a package manager's copy is a service")
	}
	if v := got.Pwquality["minlen"]; v.Value != "14" || v.Shadowed[0].Value != "9" || got.Pwquality["minclass"].Value != "3" || got.Pwquality["enforce_for_root"].Value != "true" {
		t.Errorf("minlen is %+v", v)
	}
	if got.Faillock["deny"].Value != "5" || got.Faillock["unlock_time"].Explicit || len(got.Pwhistory) != 0 {
		t.Errorf("faillock %v, pwhistory %v", got.Faillock, got.Pwhistory)
	}
}

func TestNoPasswordLeaves(t *testing.T) {
	got, status := collectIn(t, factstest.Text(map[string]string{"/etc/pam.d/x": "auth required pam_mysql.so user=u passwd=VerySecret host=h\n"}))
	if text := fmt.Sprintf("%+v %v", got.Services["x"], status); strings.Contains(text, "VerySecret") || !strings.Contains(text, "host=h") {
		t.Error(text)
	}
}

func TestHostilePAM(t *testing.T) {
	many := map[string]memfs.File{}
	for i := range 3000 {
		many[fmt.Sprintf("/etc/pam.d/%d", i)] = memfs.File{Data: strings.Repeat("auth required pam_deny.so\n", 100)}
	}
	double := map[string]memfs.File{}
	for i := range 30 {
		double[fmt.Sprintf("/etc/pam.d/%d", i)] = memfs.File{Data: strings.Repeat(fmt.Sprintf("auth include %d\n", i+1), 2)}
	}
	double["/etc/pam.d/30"] = memfs.File{Data: "auth required pam_deny.so\n"}
	for name, c := range map[string]struct {
		files  map[string]memfs.File
		state  facts.State
		broken bool
	}{
		"no PAM":                   {nil, facts.Absent, false},
		"pam.conf alone":           {factstest.Text(map[string]string{"/etc/pam.conf": "x"}), facts.Unsupported, false},
		"a service is a FIFO":      {map[string]memfs.File{"/etc/pam.d/x": {Mode: 0o010644}}, facts.Partial, false},
		"cannot be read":           {map[string]memfs.File{"/etc/pam.d/x": {Data: "x", Err: errors.New("bad sector")}}, facts.Partial, false},
		"the directory is a file":  {map[string]memfs.File{"/etc/pam.d": {}}, facts.Error, false},
		"includes itself":          {factstest.Text(map[string]string{"/etc/pam.d/x": "auth include x\n"}), facts.Partial, true},
		"substack of itself":       {factstest.Text(map[string]string{"/etc/pam.d/x": "auth substack x\nauth substack x\n"}), facts.Partial, true},
		"includes that double":     {double, facts.Partial, true},
		"included and missing":     {factstest.Text(map[string]string{"/etc/pam.d/x": "auth include nothing\n"}), facts.Partial, true},
		"a type that is none":      {factstest.Text(map[string]string{"/etc/pam.d/x": "auht required pam_deny.so\n"}), facts.Partial, true},
		"a control that is none":   {factstest.Text(map[string]string{"/etc/pam.d/x": "auth requird pam_deny.so\n"}), facts.Partial, true},
		"an action that is none":   {factstest.Text(map[string]string{"/etc/pam.d/x": "auth [success=fine] pam_deny.so\n"}), facts.Partial, true},
		"no module":                {factstest.Text(map[string]string{"/etc/pam.d/x": "auth required\n"}), facts.Partial, true},
		"an open bracket":          {factstest.Text(map[string]string{"/etc/pam.d/x": "auth [success=1\n"}), facts.Partial, true},
		"a jump beyond the end":    {factstest.Text(map[string]string{"/etc/pam.d/x": "auth [success=65535 default=0] pam_unix.so\n"}), facts.OK, false},
		"NUL":                      {factstest.Text(map[string]string{"/etc/pam.d/x": "auth required pam_deny.so\x00\n"}), facts.Partial, true},
		"a line of 1 MB":           {factstest.Text(map[string]string{"/etc/pam.d/x": "auth required pam_x.so " + strings.Repeat("a ", 1<<19)}), facts.Partial, true},
		"continued for ever":       {factstest.Text(map[string]string{"/etc/pam.d/x": strings.Repeat("auth \\\n", 1<<17)}), facts.Partial, true},
		"a million lines":          {factstest.Text(map[string]string{"/etc/pam.d/x": strings.Repeat("auth required pam_deny.so\n", 1<<18)}), facts.Partial, true},
		"too many services":        {many, facts.Partial, false},
		"a million jumps":          {factstest.Text(map[string]string{"/etc/pam.d/x": strings.Repeat("auth [success=1 default=2 ignore=3] pam_x.so\n", 1900)}), facts.OK, false},
		"a module's file is a dir": {map[string]memfs.File{"/etc/pam.d/x": {}, "/etc/security/faillock.conf": memfs.Dir()}, facts.Partial, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, c.files)
			if status.State != c.state {
				t.Errorf("state %s %.300v, want %s", status.State, status.Problems, c.state)
			}
			if got == nil || got.Services["x"] == nil {
				return
			}
			if got.Services["x"].Broken != c.broken {
				t.Errorf("broken is %v", got.Services["x"].Broken)
			}
		})
	}
}

func FuzzStack(f *testing.F) {
	stacks := factstest.Trees(f, "testdata/trees.txtar")["stacks"]
	for name := range stacks {
		f.Add(stacks[name].Data)
	}
	f.Add("auth [success=1 default=die] pam_unix.so [a b\\]]\n-session substack y\n@include x")
	f.Fuzz(func(t *testing.T, text string) {
		got, _ := collectIn(t, factstest.Text(map[string]string{"/etc/pam.d/x": text, "/etc/pam.d/y": "auth include x\nauth requisite pam_deny.so\n"}))
		for _, r := range slices.Concat(got.Services["x"].Auth, got.Services["y"].Session) {
			if r.Module == "" || r.Via == nil {
				t.Errorf("rule %+v", r)
			}
		}
	})
}
