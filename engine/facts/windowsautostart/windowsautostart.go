// Package windowsautostart collects the domain "windows_autostart": what a Windows guest starts without being asked for, beside its services
// and drivers.
//
// Sources: the keys that Sysinternals' Autoruns reads in the hives of the machine and of every user, the start-up folders, and scheduled
// tasks as System32\Tasks and TaskCache have them. Subscriptions of WMI are in a database that is not read.
package windowsautostart

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	control        = facts.ControlSet + `\Control`
	currentVersion = `Microsoft\Windows\CurrentVersion`
	software       = `HKLM\SOFTWARE\`
	wow            = software + `Wow6432Node\`
)

// Collector collects the domain "windows_autostart".
var Collector = facts.New("windows_autostart", "What Windows starts without being asked for: Run keys, Winlogon, tasks and more", collect).On(guest.Windows)

func collect(ctx context.Context, s *facts.Scope) (*facts.WindowsAutostart, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	c := &collection{scope: s, hives: h}
	c.machine()
	for _, u := range h.Users() {
		c.user(u.SID, u.Profile)
	}
	c.folder("/ProgramData/Microsoft/Windows/Start Menu/Programs/StartUp", "")
	if err := c.tasks(ctx); err != nil {
		return nil, err
	}
	slices.SortStableFunc(c.all, func(a, b facts.WindowsStarted) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.User, b.User), cmp.Compare(a.Source.Path, b.Source.Path), cmp.Compare(a.Name, b.Name))
	})
	all := append(facts.WindowsAutostart{}, c.all...)
	return &all, nil
}

// collection is what was found so far.
type collection struct {
	scope *facts.Scope
	hives *facts.Hives
	all   []facts.WindowsStarted
}

// add adds a command, and whether every Windows has it there.
func (c *collection) add(kind, name, command, user string, at facts.Source, usual bool) {
	if strings.TrimSpace(command) == "" {
		return
	}
	c.all = append(c.all, facts.WindowsStarted{
		Kind: kind, Name: name, Command: facts.Redact(command), Program: c.scope.Program(command), User: user, Enabled: true, Usual: usual, Source: at,
	})
}

// values adds every value of a key.
func (c *collection) values(kind string, k facts.RegistryKey, user string) {
	for _, v := range k.Values() {
		c.add(kind, v.Name, facts.ValueText(v), user, k.Source(v), false)
	}
}

// value adds one value. What every Windows has is one of usual, or is none of them with a comma behind.
func (c *collection) value(kind string, k facts.RegistryKey, name, user string, usual ...string) {
	v, ok := k.Value(name)
	if !ok {
		return
	}
	text := facts.ValueText(v)
	plain := strings.ToLower(strings.Trim(text, ", "))
	c.add(kind, name, text, user, k.Source(v), slices.Contains(usual, plain))
}

func (c *collection) machine() {
	for _, base := range []string{software, wow} {
		c.run(base+currentVersion, "")
		c.winlogon(c.hives.Key(base+`Microsoft\Windows NT\CurrentVersion\Winlogon`), "")
		c.images(c.hives.Key(base + `Microsoft\Windows NT\CurrentVersion`))
		c.appInit(c.hives.Key(base + `Microsoft\Windows NT\CurrentVersion\Windows`))
		for _, k := range c.hives.Key(base + `Microsoft\Active Setup\Installed Components`).Under() {
			c.value("active-setup", k, "StubPath", "")
		}
		c.values("netsh", c.hives.Key(base+`Microsoft\NetSh`), "")
	}
	manager := c.hives.Key(control + `\Session Manager`)
	c.values("appcert", manager.Below("AppCertDlls"), "")
	c.list("boot-execute", manager, "BootExecute", "autocheck autochk *")
	lsa := c.hives.Key(control + `\Lsa`)
	c.list("lsa-package", lsa, "Authentication Packages", "msv1_0")
	c.list("lsa-package", lsa, "Notification Packages", "scecli", "rassfm")
	c.list("lsa-package", lsa, "Security Packages", "kerberos", "msv1_0", "schannel", "wdigest", "tspkg", "pku2u", "cloudap", "livessp")
	for _, k := range c.hives.Key(control + `\Print\Monitors`).Under() {
		c.value("print-monitor", k, "Driver", "", "localspl.dll", "tcpmon.dll", "usbmon.dll", "wsdmon.dll", "apmon.dll", "fxsmon.dll")
	}
}

// list adds every text of a value.
func (c *collection) list(kind string, k facts.RegistryKey, name string, usual ...string) {
	texts := k.Texts(name)
	if texts == nil {
		return
	}
	for _, text := range texts.Value {
		if text = strings.Trim(text, `" `); text != "" {
			c.add(kind, name, text, "", *texts.Source, slices.Contains(usual, strings.ToLower(text)))
		}
	}
}

func (c *collection) user(sid, profile string) {
	base := `HKU\` + sid + `\Software\`
	c.run(base+currentVersion, sid)
	c.winlogon(c.hives.Key(base+`Microsoft\Windows NT\CurrentVersion\Winlogon`), sid)
	windows := c.hives.Key(base + `Microsoft\Windows NT\CurrentVersion\Windows`)
	c.value("run", windows, "Load", sid)
	c.value("run", windows, "Run", sid)
	c.value("logon-script", c.hives.Key(`HKU\`+sid+`\Environment`), "UserInitMprLogonScript", sid)
	if profile != "" {
		c.folder(profile+"/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup", sid)
	}
}

// run adds the Run keys below a CurrentVersion, save what a person switched off.
func (c *collection) run(base, user string) {
	k := c.hives.Key(base)
	first := len(c.all)
	c.values("run", k.Below("Run"), user)
	c.approve(c.all[first:], k.Below(`Explorer\StartupApproved\Run`))
	c.values("run", k.Below(`Policies\Explorer\Run`), user)
	c.values("run-once", k.Below("RunOnce"), user)
	c.values("run-once", k.Below("RunServicesOnce"), user)
	c.values("run", k.Below("RunServices"), user)
}

// approve applies what Task Manager and Settings write when a person switches something off: an odd number in the first byte.
func (c *collection) approve(started []facts.WindowsStarted, approved facts.RegistryKey) {
	if len(started) == 0 {
		return
	}
	for i, one := range started {
		v, ok := approved.Value(one.Name)
		if ok && len(v.Data) > 0 && v.Data[0]&1 != 0 {
			started[i].Enabled = false
		}
	}
}

func (c *collection) winlogon(k facts.RegistryKey, user string) {
	init := strings.ToLower(strings.ReplaceAll(c.scope.Guest.SystemRoot, "/", `\`)) + `\system32\userinit.exe`
	c.value("winlogon", k, "Shell", user, "explorer.exe")
	c.value("winlogon", k, "Userinit", user, "c:"+init, "userinit.exe", "userinit")
	c.value("winlogon", k, "Taskman", user)
	c.value("winlogon", k, "VmApplet", user, "systempropertiesperformance.exe /pagefile")
	for _, n := range k.Below("Notify").Under() {
		c.value("winlogon", n, "DLLName", user)
	}
}

// images adds the programs that are started in place of others, or when others end.
func (c *collection) images(nt facts.RegistryKey) {
	for _, k := range nt.Below("Image File Execution Options").Under() {
		if v, ok := k.Value("Debugger"); ok {
			c.add("image-debugger", k.Name(), facts.ValueText(v), "", k.Source(v), false)
		}
		if v, ok := k.Value("VerifierDlls"); ok {
			c.add("image-debugger", k.Name(), facts.ValueText(v), "", k.Source(v), false)
		}
	}
	for _, k := range nt.Below("SilentProcessExit").Under() {
		if v, ok := k.Value("MonitorProcess"); ok {
			c.add("silent-exit", k.Name(), facts.ValueText(v), "", k.Source(v), false)
		}
	}
}

// appInit adds the libraries that are loaded into every program with a window, where that is switched on.
func (c *collection) appInit(k facts.RegistryKey) {
	first := len(c.all)
	c.value("appinit", k, "AppInit_DLLs", "")
	if on, ok := k.Count("LoadAppInit_DLLs"); ok && on == 0 {
		for i := range c.all[first:] {
			c.all[first+i].Enabled = false
		}
	}
}

// folder adds what is in a start-up folder.
func (c *collection) folder(path, user string) {
	for _, e := range c.scope.ReadDir(path) {
		if strings.EqualFold(e.Name, "desktop.ini") || e.Type.IsDir() {
			continue
		}
		file := path + "/" + e.Name
		c.all = append(c.all, facts.WindowsStarted{
			Kind: "startup-folder", Name: e.Name, Command: file, Program: file, User: user, Enabled: true, Source: facts.Source{Path: file},
		})
	}
}
