package facts

import (
	"strings"
)

// Program returns the guest path of the program that a command line of Windows starts, or "" where it cannot be told: a name that Windows
// would look for in many places, a variable of a user. Of a path with spaces and no quotes it is the first that is there, as
// CreateProcess tries them, and the whole up to .exe where none is.
func (s *Scope) Program(command string) string {
	command = strings.TrimSpace(command)
	if quoted, ok := strings.CutPrefix(command, `"`); ok {
		path, _, _ := strings.Cut(quoted, `"`)
		return s.windowsPath(path)
	}
	words := strings.Split(command, " ")
	const most = 64 // words that are tried
	for i := range min(len(words), most) {
		path := s.windowsPath(strings.Join(words[:i+1], " "))
		if path == "" {
			return "" // what it begins with is on no drive
		}
		for _, name := range []string{path, path + ".exe"} {
			if o, err := s.Guest.Stat(name); err == nil && o.IsRegular() {
				return name
			}
		}
	}
	if i := strings.Index(strings.ToLower(command), ".exe"); i >= 0 {
		return s.windowsPath(command[:i+len(".exe")])
	}
	return s.windowsPath(words[0])
}

func (s *Scope) windowsPath(path string) string {
	if strings.HasPrefix(path, "/") {
		return "" // an option, not a path
	}
	found, ok := s.Guest.WindowsPath(path)
	if !ok && isRelative(path) { // of a driver or service: below the system's directory
		found, ok = s.Guest.WindowsPath(`\SystemRoot\` + path)
	}
	if !ok {
		return ""
	}
	return found
}

// isRelative is for system32\x.exe, as drivers and services have it.
func isRelative(path string) bool {
	lower := strings.ToLower(path)
	return strings.HasPrefix(lower, `system32\`) || strings.HasPrefix(lower, `syswow64\`)
}
