package windowssecrets

import (
	"errors"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/hivetest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestSecrets(t *testing.T) {
	const winlogon = "[Microsoft\\Windows NT\\CurrentVersion\\Winlogon]\n"
	const answers = "/Windows/Panther/unattend.xml"
	const history = "/ProgramData/Microsoft/Group Policy/History/{1}/Machine/Preferences/Groups/Groups.xml"
	file := func(path, text string) map[string]memfs.File { return map[string]memfs.File{path: {Data: text}} }
	for name, c := range map[string]struct {
		software string
		files    map[string]memfs.File
		want     string
		state    facts.State
	}{
		"none":                       {"", nil, "", facts.OK},
		"a logon without a question": {winlogon + "\"AutoAdminLogon\"=\"1\"\n\"DefaultPassword\"=\"geheim\"\n", nil, "auto default-password DefaultPassword", facts.OK},
		"an empty password":          {winlogon + "\"AutoAdminLogon\"=\"0\"\n\"DefaultPassword\"=\"\"\n", nil, "", facts.OK},
		"answers":                    {"", file(answers, "<u><UserAccounts><LocalAccount><Password><Value>geheim</Value></Password></LocalAccount></UserAccounts></u>"), "answer-file LocalAccount/Password/Value", facts.OK},
		"answers in plain":           {"", file(answers, "<u><Credentials><Password>geheim</Password></Credentials></u>"), "answer-file u/Credentials/Password", facts.OK},
		"answers in UTF-16":          {"", file(answers, "\xff\xfe"+string(hivetest.UTF16("<u><Password>geheim</Password></u>"))), "answer-file u/Password", facts.OK},
		"answers that were used":     {"", file(answers, "<u><Password><Value>*SENSITIVE*DATA*DELETED*</Value></Password></u>"), "", facts.OK},
		"answers without a password": {"", file(answers, "<u><Password><PlainText>false</PlainText></Password><Value>x</Value></u>"), "", facts.OK},
		"answers that are no XML":    {"", file(answers, "<u><Password>geheim</Password>"), "answer-file u/Password", facts.Partial},
		"answers nobody can read":    {"", map[string]memfs.File{answers: {Data: "x", Err: errors.New("bad sector")}}, "", facts.Partial},
		"of group policy":            {"", file(history, `<Groups><User><Properties cpassword="geheim"/></User></Groups>`), "group-policy cpassword", facts.OK},
		"of group policy, empty":     {"", file(history, `<Groups><User><Properties cpassword=""/></User></Groups>`), "", facts.OK},
		"of group policy, no XML":    {"", file(history, `<Groups><`), "", facts.Partial},
		"VNC":                        {"[TightVNC\\Server]\n\"Password\"=hex:01,02\n", nil, "vnc Password", facts.OK},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.WindowsSecrets](t, factstest.Windows(t, map[string]string{"SOFTWARE": c.software}, c.files), facts.Request{}, Collector)
			text := ""
			if got.AutoLogon {
				text = "auto "
			}
			for _, s := range got.Found {
				text += s.Kind + " " + s.Name
				if strings.Contains(s.Source.Text+s.Name, "geheim") {
					t.Error("the secret is told")
				}
			}
			if text != c.want || status.State != c.state {
				t.Errorf("got %q, %s %v, want %q, %s", text, status.State, status.Problems, c.want, c.state)
			}
		})
	}
}

func FuzzPasswords(f *testing.F) {
	f.Add([]byte("<u><Password><Value>geheim</Value></Password></u>"))
	f.Add([]byte("\xff\xfe<\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		names, err := passwords(b)
		if len(names) > 0 && len(b) == 0 {
			t.Error(err)
		}
		_, _ = cpassword(b)
	})
}
