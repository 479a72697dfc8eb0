package policy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

const (
	lanman   = `HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters`
	hiveFile = "/Windows/System32/config/SYSTEM"
)

// registryFacts has values of each type.
func registryFacts() *facts.Registry {
	all := facts.Registry{}
	add := func(path, kind, text string, texts ...string) {
		source := facts.Source{Path: hiveFile, Text: path + " = " + text}
		all[path] = facts.RegistryEntry{Exists: true, KeyExists: true, Type: kind, Text: text, Texts: texts, Source: source}
	}
	add(lanman+"!SMB1", "REG_DWORD", "0")
	add(lanman+"!autodisconnect", "REG_DWORD", "15")
	add(lanman+"!NullSessionPipes", "REG_MULTI_SZ", "a\nb", "a", "b")
	add(lanman+"!empty", "REG_MULTI_SZ", "")
	add(lanman+"!Guid", "REG_BINARY", "deadbeef")
	add(lanman+"!Text", "REG_SZ", "Some Text")
	add(lanman+"!Long", "REG_SZ", strings.Repeat("x", 1<<16)+"…")
	add(lanman+"!Wrong", "REG_SZ", "0")
	add(lanman+"!", "REG_SZ", "the default value")
	add(`HKLM\SOFTWARE\Policies\Microsoft\Windows\NetworkProvider\HardenedPaths!\\*\SYSVOL`, "REG_SZ", "RequireIntegrity=1")
	add(`HKU\.DEFAULT\Control Panel\Desktop!ScreenSaveActive`, "REG_SZ", "1")
	all[lanman+"!gone"] = facts.RegistryEntry{KeyExists: true}
	all[`HKLM\SYSTEM\Nowhere!gone`] = facts.RegistryEntry{}
	all[lanman+"!Password"] = facts.RegistryEntry{Exists: true, KeyExists: true, Type: "REG_SZ", Redacted: true}
	all[`HKLM\SAM\SAM!C`] = facts.RegistryEntry{Error: "the hive is missing"}
	return &all
}

func registryCases() []wordCase {
	var cases []wordCase
	add := func(path, value string, status finding.Status, message string) {
		cases = append(cases, wordCase{"registry.*", "[registry]\n'" + path + "' = " + value + "\n", "registry:" + path, status, message})
	}
	add(lanman+`\SMB1`, `{ type = "dword", value = 0 }`, pass, "0")
	add(lanman+`\SMB1`, `0`, pass, "0")
	add(lanman+`\SMB1`, `{ type = "dword", value = "0x0" }`, pass, "0")
	add(lanman+`\SMB1`, `{ type = "dword", value = 1 }`, fail, "want 1, is 0")
	add(lanman+`\SMB1`, `{ absent = true }`, fail, "want not set, is 0")
	add(lanman+`\SMB1`, `{ not = 1 }`, pass, "0")
	add(lanman+`\SMB1`, `false`, pass, "0")
	add(lanman+`\autodisconnect`, `{ type = "dword", min = 1, max = 15 }`, pass, "15")
	add(lanman+`\autodisconnect`, `{ max = 10 }`, fail, "want at most 10, is 15")
	add(lanman+`\autodisconnect`, `{ in = [10, 15] }`, pass, "15")
	add(lanman+`\NullSessionPipes`, `{ type = "multi_sz", value = ["b", "a"] }`, pass, "a, b")
	add(lanman+`\NullSessionPipes`, `[]`, fail, "want exactly nothing, is a, b")
	add(lanman+`\NullSessionPipes`, `{ excludes = "c" }`, pass, "a, b")
	add(lanman+`\empty`, `{ count = 0 }`, pass, "nothing")
	add(lanman+`\Guid`, `{ type = "binary", value = "DE,AD,BE EF" }`, pass, "deadbeef")
	add(lanman+`\Guid`, `{ type = "binary", value = "00" }`, fail, "want 00, is deadbeef")
	add(lanman+`\Text`, `"Some Text"`, pass, "Some Text")
	add(lanman+`\Text`, `"some text"`, fail, "want some text, is Some Text")
	add(lanman+`\Text`, `{ matches = "^Some" }`, pass, "Some Text")
	add(lanman+`\Wrong`, `{ type = "dword", value = 0 }`, fail, "want REG_DWORD, is REG_SZ")
	add(lanman+`\`, `{ contains = "default" }`, pass, "the default value")
	add(`HKLM\SOFTWARE\Policies\Microsoft\Windows\NetworkProvider\HardenedPaths!\\*\SYSVOL`, `{ contains = "RequireIntegrity=1" }`, pass, "RequireIntegrity=1")
	add(`hku\.DEFAULT\Control Panel\Desktop\ScreenSaveActive`, `"1"`, pass, "1")
	add(lanman+`\gone`, `{ type = "dword", value = 0 }`, fail, "want 0, is not set")
	add(lanman+`\gone`, `{ absent = true }`, pass, "not set")
	add(lanman+`\gone`, `{ exists = true }`, fail, "want set, is not set")
	add(lanman+`\gone`, `{ not = 1 }`, unknown, "not set: Windows' own default holds")
	add(`HKLM\SYSTEM\Nowhere\gone`, `{ absent = true }`, pass, "not set")
	add(lanman+`\Password`, `{ absent = true }`, fail, "want not set, is REG_SZ")
	add(lanman+`\Password`, `"secret"`, unknown, "the value looks like a secret, which stays in the guest")
	add(`HKLM\SAM\SAM\C`, `{ absent = true }`, unknown, `HKLM\SAM\SAM!C: the hive is missing`)
	add(lanman+`\Long`, `{ excludes = "y" }`, unknown, "the value has more than 65536 bytes, of which the rest was not read")
	add(lanman+`\another`, `{ absent = true }`, unknown, lanman+"!another was not collected")
	return cases
}

func TestRegistryFindings(t *testing.T) {
	judge := func(value string) finding.Finding {
		return load(t, "[registry]\n'"+lanman+`\`+value+"\n").Judge(t.Context(), guestFacts())[0]
	}
	f := judge("SMB1' = { type = \"dword\", value = 1 }")
	if want := (finding.Location{Path: hiveFile, Text: lanman + "!SMB1 = 0"}); len(f.Where) != 1 || f.Where[0] != want {
		t.Errorf("where %+v, want %+v", f.Where, want)
	}
	for value, want := range map[string]string{
		`SMB1' = { type = "dword", value = 1 }`: `reg add ` + lanman + ` /v SMB1 /t REG_DWORD /d 1 /f`,
		`SMB1' = 0x10`:                          `reg add ` + lanman + ` /v SMB1 /t REG_DWORD /d 16 /f`,
		`SMB1' = { absent = true }`:             `reg delete ` + lanman + ` /v SMB1 /f`,
		`SMB1' = { not = 0 }`:                   ``,
		`gone' = 1`:                             `reg add ` + lanman + ` /v gone /t REG_DWORD /d 1 /f`,
		`gone' = { min = 3 }`:                   `reg add ` + lanman + ` /v gone /t REG_DWORD /d 3 /f`,
		`gone' = "a \"b\" c"`:                   `reg add ` + lanman + ` /v gone /t REG_SZ /d "a \"b\" c" /f`,
		`gone' = ["a", "b"]`:                    `reg add ` + lanman + ` /v gone /t REG_MULTI_SZ /d a\0b /f`,
		`gone' = { type = "expand_sz", value = "x", fix = "do it" }`: `do it`,
		`' = "other"`:                            `reg add ` + lanman + ` /ve /t REG_SZ /d other /f`,
		`Wrong' = { type = "dword", value = 0 }`: `reg add ` + lanman + ` /v Wrong /t REG_DWORD /d 0 /f`,
	} {
		if f := judge(value); f.Status != fail || f.Fix != want {
			t.Errorf("%s: %s, fix\n%s, want\n%s", value, f.Status, f.Fix, want)
		}
	}
}

// TestTheRegistryThatWasNotRead: of a hive that is missing or was not written to the end nothing is known, and other hives are no worse.
func TestTheRegistryThatWasNotRead(t *testing.T) {
	p := load(t, "[registry]\n'"+lanman+`\SMB1`+"' = 0\n")
	for name, c := range map[string]struct {
		status facts.Status
		want   finding.Status
	}{
		"all of it was":                {facts.Status{State: facts.OK}, pass},
		"a Linux":                      {facts.Status{State: facts.Absent}, notApp},
		"an error":                     {facts.Status{State: facts.Error}, unknown},
		"its hive is dirty":            {facts.Status{State: facts.Partial, Problems: []facts.Problem{{Path: hiveFile, Message: "not written to the end"}}}, unknown},
		"its hive elsewhere":           {facts.Status{State: facts.Partial, Problems: []facts.Problem{{Path: "/WINNT/system32/config/system", Message: "dirty"}}}, unknown},
		"another hive is dirty":        {facts.Status{State: facts.Partial, Problems: []facts.Problem{{Path: "/Windows/System32/config/SOFTWARE", Message: "dirty"}}}, pass},
		"a user's hive is dirty":       {facts.Status{State: facts.Partial, Problems: []facts.Problem{{Path: "/Users/me/NTUSER.DAT", Message: "dirty"}}}, pass},
		"something that names no file": {facts.Status{State: facts.Partial, Problems: []facts.Problem{{Message: "dirty"}}}, unknown},
		"another file":                 {facts.Status{State: facts.Partial, Problems: []facts.Problem{{Path: "/Windows", Message: "damaged"}}}, unknown},
	} {
		doc := guestFacts()
		doc.Collectors["registry"] = c.status
		if f := p.Judge(t.Context(), doc)[0]; f.Status != c.want {
			t.Errorf("%s: %s %s, want %s", name, f.Status, f.Message, c.want)
		}
		readable, needed := p.Coverage(doc)
		if needed != 1 || readable == 1 != (c.want == pass || c.want == notApp) {
			t.Errorf("%s: %d of %d facts were read", name, readable, needed)
		}
	}
}

func TestRegistryPathsAreAskedFor(t *testing.T) {
	p := load(t, "[registry]\n'hklm\\system\\a\\b' = 1\n'HKEY_USERS\\S-1-5-18\\a\\' = 1\n'HKLM\\SOFTWARE\\x!y\\z' = 1\n")
	want := []string{`HKLM\SOFTWARE\x!y\z`, `HKLM\SYSTEM\a!b`, `HKU\S-1-5-18\a!`}
	if got := p.Request().Registry; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestRegistryTablesThatAreWrong(t *testing.T) {
	for text, want := range map[string]string{
		`'SOFTWARE\a' = 1`:                                         `is no value of the registry, want one such as 'HKLM\SYSTEM\…\Name'`,
		`'HKLM' = 1`:                                               `is no value of the registry`,
		`'HKLM\SYSTEM' = 1`:                                        `want a hive, keys and a name`,
		`'HKLM\SYSTEM\\a\b' = 1`:                                   `want a hive, keys and a name`,
		`'HKCU\Software\a' = 1`:                                    `of whoever is logged on, and on a disk nobody is; want HKU\<SID> or HKU\.DEFAULT`,
		`'HKLM\HARDWARE\a' = 1`:                                    `in HKLM\HARDWARE, which is on no disk; want HKLM\SYSTEM, SOFTWARE, SAM, SECURITY`,
		`'HKLM\SYSTEM\a' = {}`:                                     `says nothing about its value`,
		`'HKLM\SYSTEM\a' = { type = "dword" }`:                     `says nothing about its value, want value or absent`,
		`'HKLM\SYSTEM\a' = { type = "dwrod", value = 1 }`:          `did you mean dword?`,
		`'HKLM\SYSTEM\a' = { type = "dword", value = -1 }`:         `"-1" is no number of 32 bits`,
		`'HKLM\SYSTEM\a' = { type = "dword", value = 4294967296 }`: `"4294967296" is no number of 32 bits`,
		`'HKLM\SYSTEM\a' = { type = "dword", value = "a" }`:        `"a" is no number of 32 bits`,
		`'HKLM\SYSTEM\a' = { type = "binary", value = "xy" }`:      `"xy" is no bytes, want hexadecimal digits`,
		`'HKLM\SYSTEM\a' = { value = 1, equals = 1 }`:              `has value and equals, which say the same`,
		`'HKLM\SYSTEM\a' = { absent = true, exists = true }`:       `has absent and exists, which say the same`,
		`'HKLM\SYSTEM\a' = { absent = true, value = 1 }`:           `must be absent, and have a value or a type`,
		`'HKLM\SYSTEM\a' = { absent = 1 }`:                         `want true or false`,
		`'HKLM\SYSTEM\a' = { valu = 1 }`:                           `unknown key`,
	} {
		_, err := policy.Load([]string{write(t, "b.toml", "[registry]\n"+text+"\n")}, policy.Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
