package facts

import (
	"fmt"
	"strconv"
	"strings"
)

// The keys that most collectors of Windows begin at.
const (
	CurrentVersion = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion`
	ControlSet     = `HKLM\SYSTEM\CurrentControlSet`
	Policies       = `HKLM\SOFTWARE\Policies`
)

// firstWindows11 is the build from which ProductName, which still says Windows 10, means Windows 11.
const firstWindows11 = 22000

// WindowsVersion is what CurrentVersion says of the version.
type WindowsVersion struct {
	Version string // "10.0.20348"
	Build   int
	UBR     *int
	Product string // as written
	Name    string // what it is called
	Arch    string // as uname -m
	Source  Source
}

// WindowsVersion reads which Windows it is.
func (h *Hives) WindowsVersion() WindowsVersion {
	k := h.Key(CurrentVersion)
	v := WindowsVersion{Product: k.Plain("ProductName"), Source: k.Source()}
	if current, ok := k.Value("CurrentBuild"); ok {
		v.Source = k.Source(current)
		text := k.Plain("CurrentBuild")
		build, err := strconv.Atoi(text)
		if err != nil {
			h.scope.Problem(v.Source.Path, 0, fmt.Errorf("%s!CurrentBuild is %q, want a number", k.Path, text))
		}
		v.Build = build
	}
	v.Version = k.Plain("CurrentVersion") // "6.3" for ever, since Windows 10
	major, hasMajor := k.Count("CurrentMajorVersionNumber")
	if minor, ok := k.Count("CurrentMinorVersionNumber"); ok && hasMajor {
		v.Version = fmt.Sprintf("%d.%d", major, minor)
	}
	if v.Build > 0 {
		v.Version += "." + strconv.Itoa(v.Build)
	}
	if ubr, ok := k.Count("UBR"); ok {
		v.UBR = &ubr
	}
	v.Name = WindowsName(v.Product, v.Build)
	v.Arch = h.arch()
	return v
}

// WindowsName is what a product is called.
func WindowsName(product string, build int) string {
	if rest, ok := strings.CutPrefix(product, "Windows 10"); ok && build >= firstWindows11 {
		return "Windows 11" + rest
	}
	return product
}

// arch returns the architecture as uname -m has it.
func (h *Hives) arch() string {
	name := h.Key(ControlSet + `\Control\Session Manager\Environment`).Plain("PROCESSOR_ARCHITECTURE")
	switch strings.ToUpper(name) {
	case "AMD64":
		return "x86_64"
	case "ARM64":
		return "aarch64"
	case "X86":
		return "i686"
	}
	return strings.ToLower(name)
}

// StartName is what a number of Start means: "boot", "system", "automatic", "manual", "disabled"; "" where it is none of them.
func StartName(n int) string {
	names := []string{"boot", "system", "automatic", "manual", "disabled"}
	if n < 0 || n >= len(names) {
		return ""
	}
	return names[n]
}

// ServiceStart is how a service is started; "" where it is not there.
func (h *Hives) ServiceStart(name string) string {
	n, ok := h.Key(ControlSet + `\Services\` + name).Count("Start")
	if !ok {
		return ""
	}
	return StartName(n)
}
