package hivetest_test

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/internal/hivetest"
)

const text = `
; a comment
[Microsoft\Windows NT\CurrentVersion]
"CurrentBuild"="20348"
"UBR"=dword:00000a3c
"PathName"=expand:"%SystemRoot%\\x"
"Names"=multi:"first","second"
"Large"=qword:0000000100000002
"Raw"=hex:01,02,03
@="the default \"value\""
[Setup class:"a class"]
"Пример"="größer"
[Große\Schlüssel]
[ключ]
`

// TestToolsReadWhatIsBuilt asks hivexml, of hivex, what is in a hive that was built. It is skipped where there is none.
func TestToolsReadWhatIsBuilt(t *testing.T) {
	tool, err := exec.LookPath("hivexml")
	if err != nil {
		t.Skip("hivexml is not installed: apt-get install libhivex-bin")
	}
	var many strings.Builder
	for i := range 1200 {
		many.WriteString("[Many\\" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26) + "]\n")
	}
	file := filepath.Join(t.TempDir(), "hive")
	if err := os.WriteFile(file, hivetest.Build(t, text+many.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool, file)
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("hivexml: %v", err)
	}
	var root struct {
		Node node `xml:"node"`
	}
	if err := xml.Unmarshal(out, &root); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`Microsoft\Windows NT\CurrentVersion CurrentBuild string 20348`,
		`Microsoft\Windows NT\CurrentVersion UBR int32 2620`,
		`Microsoft\Windows NT\CurrentVersion PathName expand %SystemRoot%\x`,
		`Microsoft\Windows NT\CurrentVersion Names string-list first second`,
		`Microsoft\Windows NT\CurrentVersion Large int64 4294967298`,
		`Microsoft\Windows NT\CurrentVersion Raw binary AQID`,
		`Microsoft\Windows NT\CurrentVersion  string the default "value"`,
		`Setup Пример string größer`,
		`Große\Schlüssel`,
		`ключ`,
	} {
		if got := root.Node.lines(""); !strings.Contains(got, want+"\n") {
			t.Errorf("hivexml has no %q", want)
		}
	}
	if got := strings.Count(root.Node.lines(""), `Many\`); got != 1200 {
		t.Errorf("%d keys below Many, want 1200", got)
	}
}

type node struct {
	Name   string  `xml:"name,attr"`
	Nodes  []node  `xml:"node"`
	Values []value `xml:"value"`
}

type value struct {
	Key    string   `xml:"key,attr"`
	Type   string   `xml:"type,attr"`
	Value  string   `xml:"value,attr"`
	Texts  []string `xml:"string"`
	Binary string   `xml:",chardata"`
}

func (n node) lines(path string) string {
	var all strings.Builder
	for _, v := range n.Values {
		all.WriteString(path + " " + v.Key + " " + v.Type + " " + v.Value + strings.TrimSpace(strings.Join(v.Texts, " ")+v.Binary) + "\n")
	}
	for _, child := range n.Nodes {
		below := strings.TrimPrefix(path+`\`+child.Name, `\`)
		all.WriteString(below + "\n" + child.lines(below))
	}
	return all.String()
}
