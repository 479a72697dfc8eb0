package windowsautostart

import (
	"fmt"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/hivetest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collected(t *testing.T, hives map[string]string, files map[string]memfs.File) (string, facts.Status) {
	t.Helper()
	got, status := factstest.Collect[facts.WindowsAutostart](t, factstest.Windows(t, hives, files), facts.Request{}, Collector)
	text := ""
	for _, s := range *got {
		text += fmt.Sprint(s.Kind, " ", s.Name, " ", s.Command)
		if !s.Enabled {
			text += " (off)"
		}
		if s.Usual {
			text += " (usual)"
		}
		text += "\n"
	}
	return text, status
}

func TestKeys(t *testing.T) {
	const run = "[Microsoft\\Windows\\CurrentVersion\\Run]\n\"a\"=\"C:\\\\a.exe\"\n"
	const nt = "[Microsoft\\Windows NT\\CurrentVersion\\"
	for name, c := range map[string]struct{ software, system, want string }{
		"a Run key":                      {run, "", "run a C:\\a.exe\n"},
		"switched off by a person":       {run + "[Microsoft\\Windows\\CurrentVersion\\Explorer\\StartupApproved\\Run]\n\"A\"=hex:03,00\n", "", "run a C:\\a.exe (off)\n"},
		"switched on by a person":        {run + "[Microsoft\\Windows\\CurrentVersion\\Explorer\\StartupApproved\\Run]\n\"a\"=hex:02,00\n", "", "run a C:\\a.exe\n"},
		"an empty value":                 {"[Microsoft\\Windows\\CurrentVersion\\Run]\n\"a\"=\"\"\n", "", ""},
		"of the 32-bit view":             {"[Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\RunOnce]\n\"a\"=\"x\"\n", "", "run-once a x\n"},
		"of Explorer's policy":           {"[Microsoft\\Windows\\CurrentVersion\\Policies\\Explorer\\Run]\n\"1\"=\"x\"\n", "", "run 1 x\n"},
		"a secret in a command":          {"[Microsoft\\Windows\\CurrentVersion\\Run]\n\"a\"=\"x --password=geheim\"\n", "", "run a x --password=***\n"},
		"the usual shell":                {nt + "Winlogon]\n\"Shell\"=\"Explorer.exe\"\n", "", "winlogon Shell Explorer.exe (usual)\n"},
		"a shell and more":               {nt + "Winlogon]\n\"Shell\"=\"explorer.exe, evil.exe\"\n", "", "winlogon Shell explorer.exe, evil.exe\n"},
		"userinit and more":              {nt + "Winlogon]\n\"Userinit\"=\"C:\\\\Windows\\\\system32\\\\userinit.exe,C:\\\\x.exe\"\n", "", "winlogon Userinit C:\\Windows\\system32\\userinit.exe,C:\\x.exe\n"},
		"a debugger of sticky keys":      {nt + "Image File Execution Options\\sethc.exe]\n\"Debugger\"=\"cmd.exe\"\n", "", "image-debugger sethc.exe cmd.exe\n"},
		"a monitor of an end":            {nt + "SilentProcessExit\\lsass.exe]\n\"MonitorProcess\"=\"x\"\n", "", "silent-exit lsass.exe x\n"},
		"libraries of every window, off": {nt + "Windows]\n\"AppInit_DLLs\"=\"x.dll\"\n\"LoadAppInit_DLLs\"=dword:0\n", "", "appinit AppInit_DLLs x.dll (off)\n"},
		"libraries of every window":      {nt + "Windows]\n\"AppInit_DLLs\"=\"x.dll\"\n\"LoadAppInit_DLLs\"=dword:1\n", "", "appinit AppInit_DLLs x.dll\n"},
		"a program before the shell":     {"", "[ControlSet001\\Control\\Session Manager]\n\"BootExecute\"=multi:\"autocheck autochk *\",\"evil\"\n", "boot-execute BootExecute autocheck autochk * (usual)\nboot-execute BootExecute evil\n"},
		"a library that sees passwords":  {"", "[ControlSet001\\Control\\Lsa]\n\"Notification Packages\"=multi:\"scecli\",\"evil\"\n", "lsa-package Notification Packages scecli (usual)\nlsa-package Notification Packages evil\n"},
		"a print monitor":                {"", "[ControlSet001\\Control\\Print\\Monitors\\x]\n\"Driver\"=\"x.dll\"\n", "print-monitor Driver x.dll\n"},
		"a task without a file":          {nt + "Schedule\\TaskCache\\Tree\\Microsoft\\Evil]\n\"Id\"=\"{1}\"\n", "", "task /Microsoft/Evil \n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collected(t, map[string]string{"SOFTWARE": c.software, "SYSTEM": c.system}, nil)
			if got != c.want || status.State != facts.OK {
				t.Errorf("got\n%s%s %v, want\n%s", got, status.State, status.Problems, c.want)
			}
		})
	}
}

func TestUsersAndFolders(t *testing.T) {
	mine := hivetest.Build(t, "[Software\\Microsoft\\Windows\\CurrentVersion\\Run]\n\"m\"=\"mine\"\n[Software\\Microsoft\\Windows NT\\CurrentVersion\\Windows]\n\"Load\"=\"old\"\n")
	got, status := collected(t, map[string]string{"SOFTWARE": "[Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\S-1-5-21-1-2-3-9]\n\"ProfileImagePath\"=\"C:\\\\Users\\\\me\"\n"}, map[string]memfs.File{
		"/Users/me/NTUSER.DAT": {Data: string(mine)},
		"/Users/me/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup/x.lnk":     {},
		"/ProgramData/Microsoft/Windows/Start Menu/Programs/StartUp/desktop.ini":            {},
		"/ProgramData/Microsoft/Windows/Start Menu/Programs/StartUp/folder/not started.lnk": {},
	})
	want := "run Load old\nrun m mine\nstartup-folder x.lnk /Users/me/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup/x.lnk\n"
	if got != want || status.State != facts.OK {
		t.Errorf("got\n%s%s %v, want\n%s", got, status.State, status.Problems, want)
	}
}

func TestTasks(t *testing.T) {
	const exec = "<Task><Settings>%s</Settings><Actions><Exec><Command>%s</Command><Arguments>-a</Arguments></Exec></Actions></Task>"
	utf16 := "\xff\xfe" + string(hivetest.UTF16(fmt.Sprintf(`<?xml version="1.0" encoding="UTF-16"?>`+exec, "", `C:\x.exe`)))
	for name, c := range map[string]struct {
		path, text, want string
		state            facts.State
	}{
		"in UTF-16":              {"/Nightly", utf16, "task /Nightly C:\\x.exe -a\n", facts.OK},
		"in UTF-8":               {"/Nightly", fmt.Sprintf(exec, "", "x"), "task /Nightly x -a\n", facts.OK},
		"switched off":           {"/Nightly", fmt.Sprintf(exec, "<Enabled>false</Enabled>", "x"), "task /Nightly x -a (off)\n", facts.OK},
		"Microsoft's":            {"/Microsoft/Windows/A", fmt.Sprintf(exec, "", `%windir%\system32\a.exe`), "task /Microsoft/Windows/A %windir%\\system32\\a.exe -a (usual)\n", facts.OK},
		"a shell among those":    {"/Microsoft/Windows/A", fmt.Sprintf(exec, "", `%windir%\system32\cmd.exe`), "task /Microsoft/Windows/A %windir%\\system32\\cmd.exe -a\n", facts.OK},
		"a stranger among those": {"/Microsoft/Windows/A", fmt.Sprintf(exec, "", `C:\x.exe`), "task /Microsoft/Windows/A C:\\x.exe -a\n", facts.OK},
		"no XML":                 {"/Nightly", "not <a task", "", facts.Partial},
		"larger than any":        {"/Nightly", strings.Repeat(" ", maxTask+1), "", facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collected(t, nil, map[string]memfs.File{"/Windows/System32/Tasks" + c.path: {Data: c.text}})
			if got != c.want || status.State != c.state {
				t.Errorf("got\n%s%s %v, want\n%s%s", got, status.State, status.Problems, c.want, c.state)
			}
		})
	}
}
