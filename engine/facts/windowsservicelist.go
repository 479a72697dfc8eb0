package facts

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/guest"
)

// The bits of Type.
const (
	kernelDriver     = 0x01
	fileSystemDriver = 0x02
	adapter          = 0x04
	recognizer       = 0x08
	ownProcess       = 0x10
	shareProcess     = 0x20
	userService      = 0x40
	userInstance     = 0x80

	driverKinds = kernelDriver | fileSystemDriver | adapter | recognizer
)

// Services returns the services and drivers of the current set of control, by their names in lower case. The error is that of the context.
func (h *Hives) Services(ctx context.Context) (WindowsServices, error) {
	all := WindowsServices{}
	for _, k := range h.Key(ControlSet + `\Services`).Under() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		kind, ok := k.Count("Type")
		if !ok {
			continue // a key for settings alone
		}
		all[strings.ToLower(k.Name())] = h.scope.service(k, kind)
	}
	return all, nil
}

func (s *Scope) service(k RegistryKey, kind int) WindowsService {
	delayed, _ := k.Count("DelayedAutostart")
	v := WindowsService{
		Name: k.Name(), DisplayName: k.Shown("DisplayName"), Kind: serviceKind(kind), Delayed: delayed == 1,
		Triggered: len(k.Below("TriggerInfo").Under()) > 0, ImagePath: Redact(k.Shown("ImagePath")), Account: k.Shown("ObjectName"),
		Source: k.Source(),
	}
	if start, ok := k.Value("Start"); ok {
		v.Source = k.Source(start)
		if n, ok := k.Count("Start"); ok { // of another type it is a problem, and no 0
			v.Start = StartName(n)
		}
	}
	command := k.Shown("ImagePath")
	if kind&driverKinds != 0 {
		v.Program = driverPath(s.Guest, command, k.Name())
	} else {
		v.Program = s.Program(command)
		v.Unquoted = unquoted(command)
		v.ServiceDLL = serviceLibrary(s.Guest, k)
	}
	v.Exists = s.thereIs(v.Program)
	return v
}

// thereIs is nil where it is not known.
func (s *Scope) thereIs(path string) *bool {
	if path == "" {
		return nil
	}
	_, err := s.Guest.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return new(err == nil)
}

// driverPath is where a driver is: as written, below the system's directory where it is written so, or in driverKinds under its own name.
func driverPath(g *guest.Guest, image, name string) string {
	if image == "" {
		return g.SystemRoot + "/System32/drivers/" + name + ".sys"
	}
	image = strings.Trim(image, `"`)
	if path, ok := g.WindowsPath(image); ok {
		return path
	}
	if strings.ContainsAny(image, `:%`) || strings.HasPrefix(image, `\`) {
		return ""
	}
	return g.SystemRoot + "/" + strings.ReplaceAll(image, `\`, "/")
}

// serviceLibrary is the library of a service that svchost.exe runs.
func serviceLibrary(g *guest.Guest, k RegistryKey) string {
	text := k.Below("Parameters").Shown("ServiceDll")
	if text == "" {
		text = k.Shown("ServiceDll")
	}
	path, ok := g.WindowsPath(strings.Trim(text, `"`))
	if text == "" || !ok {
		return ""
	}
	return path
}

// unquoted reports whether Windows would try other programs first: the path has a space, and no quotes around it.
func unquoted(command string) bool {
	command = strings.TrimSpace(command)
	lower := strings.ToLower(command)
	i := strings.Index(lower, ".exe")
	return i >= 0 && !strings.HasPrefix(command, `"`) && strings.Contains(command[:i], " ") && strings.Contains(command[:i], `\`)
}

func serviceKind(kind int) string {
	switch {
	case kind&kernelDriver != 0, kind&adapter != 0:
		return "driver"
	case kind&(fileSystemDriver|recognizer) != 0:
		return "file-system-driver"
	case kind&(userService|userInstance) != 0:
		return "user-service"
	case kind&ownProcess != 0:
		return "service"
	case kind&shareProcess != 0:
		return "shared-service"
	}
	return "other"
}
