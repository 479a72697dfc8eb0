package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectText(t testing.TB, files map[string]string) (*facts.Audit, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Audit](t, factstest.Guest(t, factstest.Text(files)), facts.Request{}, Collector)
}

// TestLikeAugenrules compares with the file that augenrules made: see testdata/record.sh.
func TestLikeAugenrules(t *testing.T) {
	trees, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(trees) < 2 {
		t.Fatal(trees, err)
	}
	for _, tree := range trees {
		t.Run(filepath.Base(tree), func(t *testing.T) {
			files := factstest.Tree(t, tree)
			want, err := os.ReadFile(strings.TrimSuffix(tree, ".txtar") + ".rules")
			if err != nil {
				t.Fatal(err)
			}
			files[loadedPath] = memfs.File{Data: string(want)}
			got, status := factstest.Collect[facts.Audit](t, factstest.Guest(t, files), facts.Request{}, Collector)
			if status.State != facts.OK || got.Drift || len(got.Missing)+len(got.Extra) > 0 {
				var lines []string
				for _, r := range got.Rules {
					lines = append(lines, r.Source.Text)
				}
				t.Errorf("%s, drift %v, missing %q, extra %q:\n%s", status.State, got.Drift, got.Missing, got.Extra, strings.Join(lines, "\n"))
			}
		})
	}
}

func rule(t *testing.T, text string) facts.AuditRule {
	t.Helper()
	r, err := parseRule(strings.Join(strings.Fields(text), " "))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r
}

func TestEquivalentRules(t *testing.T) {
	for name, c := range map[string]struct{ a, b string }{
		"order of list and action":  {"-a exit,always -S mount", "-a always,exit -S mount"},
		"system calls in one list":  {"-a always,exit -S a,b", "-a always,exit -S b -S a"},
		"order of permissions":      {"-w /x -p aw", "-w /x -p wa"},
		"watch as a rule":           {"-w /etc/passwd -p wa -k id", "-a always,exit -F path=/etc/passwd -F perm=wa -F key=id"},
		"watch of a directory":      {"-w /etc/x/ -p wa", "-a always,exit -F dir=/etc/x -F perm=wa"},
		"watch without permissions": {"-w /x", "-a always,exit -S all -F path=/x -F perm=rwxa"},
		"no user, as a number":      {"-a always,exit -S a -F auid!=4294967295", "-a always,exit -S a -F auid!=-1"},
		"no user, as a word":        {"-a always,exit -S a -F auid!=unset", "-a always,exit -S a -F loginuid!=-1"},
		"root by name":              {"-a always,exit -S a -F euid=root", "-a always,exit -S a -F euid=0"},
		"machine by name":           {"-a always,exit -F arch=x86_64 -S a", "-a always,exit -S a -F arch=b64"},
		"key as an option":          {"-a always,exit -S a -k k", "-a always,exit -S a -F key=k"},
		"quotes":                    {`-w "/x" -p r`, "-w /x -p r"},
		"white space":               {"  -w   /x\t-p r ", "-w /x -p r"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(rule(t, c.a), rule(t, c.b), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s and %s differ:\n%s", c.a, c.b, diff)
			}
		})
	}
}

func TestDifferentRules(t *testing.T) {
	for name, c := range map[string]struct{ a, b string }{
		"32 and 64 bits":       {"-a always,exit -F arch=b32 -S a", "-a always,exit -F arch=b64 -S a"},
		"never":                {"-a never,exit -S a", "-a always,exit -S a"},
		"file and directory":   {"-w /etc/x", "-w /etc/x/"},
		"operators":            {"-a always,exit -S a -F auid>=1000", "-a always,exit -S a -F auid>1000"},
		"comparison of fields": {"-a always,exit -S a -C uid!=euid", "-a always,exit -S a -F uid!=euid"},
		"put before":           {"-A always,exit -S a", "-a always,exit -S a"},
	} {
		t.Run(name, func(t *testing.T) {
			if cmp.Equal(rule(t, c.a), rule(t, c.b)) {
				t.Errorf("%s and %s are the same", c.a, c.b)
			}
		})
	}
}

func TestSyscallRule(t *testing.T) {
	got := rule(t, "-a always,exit -F arch=b64 -S unlink,rename -F auid>=1000 -F auid!=unset -F exit=-EACCES -k delete")
	want := facts.AuditRule{
		Kind: "syscall", Action: "always", List: "exit", Arch: "b64", Syscalls: []string{"rename", "unlink"}, Keys: []string{"delete"},
		Fields: []facts.AuditField{{Key: "auid", Op: ">=", Value: "1000"}, {Key: "auid", Op: "!=", Value: "unset"}, {Key: "exit", Op: "=", Value: "-EACCES"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rule (-want +got):\n%s", diff)
	}
}

func TestInForce(t *testing.T) {
	for name, c := range map[string]struct {
		lines     string
		want      string // of the lines that parse: + in force
		immutable bool
		state     facts.State
	}{
		"-e 2 last":                           {"-D\n-w /x\n-e 2\n", "+++", true, facts.OK},
		"-e 2 before other rules blocks them": {"-D\n-e 2\n-w /x\n", "++-", false, facts.OK},
		"-D empties what was before":          {"-w /x\n-D\n-w /y\n", "-++", false, facts.OK},
		"-D with a key does not":              {"-w /x\n-D -k k\n-w /y\n", "+++", false, facts.OK},
		"a mistake stops auditctl":            {"-w /x\n-q\nbogus\n-w /y\n", "+-", false, facts.Partial},
		"-i goes on":                          {"-i\n-w /x\nbogus\n-w /y\n-e 2\n", "++++", true, facts.Partial},
		"-e 1 is not immutable":               {"-w /x\n-e 1\n", "++", false, facts.OK},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectText(t, map[string]string{loadedPath: c.lines})
			force := ""
			for _, r := range got.Loaded {
				force += map[bool]string{true: "+", false: "-"}[r.InForce]
			}
			if force != c.want || got.ImmutableLast != c.immutable || status.State != c.state {
				t.Errorf("%s, %s, immutable %v; want %s, %s, %v", status.State, force, got.ImmutableLast, c.state, c.want, c.immutable)
			}
		})
	}
}

func TestDriftAndWhatCounts(t *testing.T) {
	files := map[string]string{
		loadedPath:                           "## generated\n\n-D\n-w /old -p wa\n",
		rulesDir + "/a.rules":                "-w /new -p wa\n-D",
		rulesDir + "/b.rules":                "\n-e 2\n",
		"/lib/systemd/system/auditd.service": "[Service]\nExecStart=/sbin/auditd\nExecStartPost=-/sbin/augenrules --load\n#ExecStartPost=-/sbin/auditctl -R /etc/audit/audit.rules\n",
	}
	got, status := collectText(t, files)
	if status.State != facts.OK || !got.Drift || fmt.Sprint(got.Missing, got.Extra) != "[-w /new -p wa -e 2] [-w /old -p wa]" {
		t.Errorf("%s, drift %v, missing %v, extra %v", status.State, got.Drift, got.Missing, got.Extra)
	}
	if got.Loader != "augenrules" || !got.ImmutableLast || len(got.AtBoot()) != 3 {
		t.Errorf("%q loads %v", got.Loader, got.AtBoot())
	}
	files["/etc/systemd/system/auditd.service"] = "[Service]\nExecStartPost=-/sbin/auditctl -R /etc/audit/audit.rules\n"
	if got, _ = collectText(t, files); got.Loader != "auditctl" || got.ImmutableLast || len(got.AtBoot()) != 2 {
		t.Errorf("%q loads %v", got.Loader, got.AtBoot())
	}
}

func TestALastLineWithoutItsEndRunsIntoTheNextFile(t *testing.T) {
	_, status := collectText(t, map[string]string{rulesDir + "/a.rules": "-w /x -p wa", rulesDir + "/b.rules": "-w /y -p wa\n"})
	if status.State != facts.Partial || !strings.Contains(status.Problems[0].Message, "wa-w") {
		t.Errorf("%v, want a problem with the joined line", status)
	}
}

func TestHostile(t *testing.T) {
	for name, files := range map[string]map[string]memfs.File{
		"a FIFO":                    {rulesDir + "/a.rules": {Mode: filesys.ModeFIFO | 0o600}},
		"a directory":               {rulesDir + "/a.rules/x": {}},
		"cannot be read":            {loadedPath: {Data: "x", Err: errors.New("sector 9")}},
		"a line of a megabyte":      {loadedPath: {Data: "-w /" + strings.Repeat("x", 1<<20)}},
		"NUL bytes":                 {loadedPath: {Data: "\x00\x00\n\xff\n"}},
		"more rules than there are": {loadedPath: {Data: strings.Repeat("-w /x\n", maxRules+1)}},
		"an option without value":   {loadedPath: {Data: "-a\n-w\n-S\n-F\n-F x\n-a x\n-p z\n-a always,exit -w /x\n-k x\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, status := factstest.Collect[facts.Audit](t, factstest.Guest(t, files), facts.Request{}, Collector)
			if status.State != facts.Partial && status.State != facts.Error {
				t.Errorf("state is %s, want partial or error", status.State)
			}
		})
	}
	if _, status := collectText(t, nil); status.State != facts.Absent {
		t.Errorf("without audit the state is %s, want absent", status.State)
	}
}

func FuzzAudit(f *testing.F) {
	f.Add("-a always,exit -F arch=b64 -S a,b -F auid>=1000 -k x\n-w /x/ -p wa\n-e 2\n", "10-a.rules", "9.rules")
	f.Add("-D\n-b 1\n-f 2\n-q a,b\n-C uid!=euid\n", "a~.rules", ".rules")
	f.Fuzz(func(t *testing.T, text, a, b string) {
		got, _ := collectText(t, map[string]string{loadedPath: text, rulesDir + "/a.rules": text})
		for _, r := range append(got.Loaded, got.Rules...) {
			if r.Kind == "" || r.Source.Line == 0 {
				t.Errorf("%+v", r)
			}
		}
		if (compareNames(a, b) < 0) != (compareNames(b, a) > 0) {
			t.Errorf("%q and %q have no order", a, b)
		}
	})
}
