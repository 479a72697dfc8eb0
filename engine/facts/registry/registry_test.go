package registry

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const software = `[A]
"n"=dword:00000007
"s"=expand:"%x%\\y"
"m"=multi:"a","b"
"b"=hex:01,ff
@="default"
"Path!Odd"="odd"
"DefaultPassword"="geheim"
"PasswordExpiryWarning"=dword:0000000e
"command"="x --token=geheim"
[A\B]
[Policies\Microsoft\Windows\NetworkProvider\HardenedPaths]
"\\\\*\\SYSVOL"="RequireIntegrity=1"
`

func TestValues(t *testing.T) {
	g := factstest.Windows(t, map[string]string{"SOFTWARE": software, "SAM": "[SAM]\n\"n\"=hex:01\n"}, map[string]memfs.File{
		"/Windows/System32/config/SECURITY": {Data: "x", Err: errors.New("bad sector")},
	})
	wants := map[string]string{
		`HKLM\SOFTWARE\A!n`:                     "exists REG_DWORD 7",
		`hklm\software\a!N`:                     "exists REG_DWORD 7",
		`HKLM\SOFTWARE\A!s`:                     `exists REG_EXPAND_SZ %x%\y`,
		`HKLM\SOFTWARE\A!m`:                     "exists REG_MULTI_SZ a\nb [a b]",
		`HKLM\SOFTWARE\A!b`:                     "exists REG_BINARY 01ff",
		`HKLM\SOFTWARE\A!`:                      "exists REG_SZ default",
		`HKLM\SOFTWARE\A!Path!Odd`:              "exists REG_SZ odd",
		`HKLM\SOFTWARE\A!DefaultPassword`:       "exists REG_SZ  redacted",
		`HKLM\SOFTWARE\A!PasswordExpiryWarning`: "exists REG_DWORD 14",
		`HKLM\SOFTWARE\A!command`:               "exists REG_SZ x --token=***",
		`HKLM\SOFTWARE\A!absent`:                "absent  ",
		`HKLM\SOFTWARE\A`:                       "exists  keys [B]",
		`HKLM\SOFTWARE\C`:                       "absent  ",
		`HKLM\SOFTWARE\C!n`:                     "absent  ",
		`HKLM\SAM\SAM!n`:                        "exists REG_BINARY  redacted",
		`HKLM\SECURITY\Policy!n`:                "unknown",
		`HKCU\Software!n`:                       "unknown",
		`HKLM\SOFTWARE\Policies\Microsoft\Windows\NetworkProvider\HardenedPaths!\\*\SYSVOL`: "exists REG_SZ RequireIntegrity=1",
	}
	req := facts.Request{}
	for path := range wants {
		req.Registry = append(req.Registry, path)
	}
	got, status := factstest.Collect[facts.Registry](t, g, req, Collector)
	if status.State != facts.OK {
		t.Fatalf("%s %v", status.State, status.Problems)
	}
	for path, want := range wants {
		e := (*got)[path]
		text := "absent"
		switch {
		case e.Error != "":
			text = "unknown"
		case e.Exists:
			text = "exists"
		}
		if text != "unknown" {
			text += " " + e.Type + " " + e.Text
		}
		if e.Redacted {
			text += " redacted"
		}
		if e.Texts != nil {
			text += fmt.Sprint(" ", e.Texts)
		}
		if e.Keys != nil {
			text += fmt.Sprint("keys ", e.Keys)
		}
		if text != want {
			t.Errorf("%s: got %q (%s), want %q", path, text, e.Error, want)
		}
		if e.Number != nil != (e.Type == "REG_DWORD") {
			t.Errorf("%s: the number is %v of a %s", path, e.Number, e.Type)
		}
		if strings.Contains(fmt.Sprint(e), "geheim") {
			t.Errorf("%s: the secret is told", path)
		}
	}
	if n := (*got)[`HKLM\SOFTWARE\A!n`]; *n.Number != 7 || n.Written != "2026-01-02T03:04:05Z" || n.Source.Text != `HKLM\SOFTWARE\A!n = 7` {
		t.Errorf("got %+v", n)
	}
}
