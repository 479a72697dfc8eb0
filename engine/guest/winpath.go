package guest

import (
	"cmp"
	"fmt"
	"strings"
)

// WindowsPath returns the guest path that a path of Windows means: `C:\x`, `\??\C:\x`, `\\?\C:\x`, `\SystemRoot\x`, `%SystemRoot%\x`,
// `\x` of the system drive. The drive that the system is on is the root, and another is a directory of it: "/D:/x". A guest path is
// returned as it is. ok is false for what is in none of the guest's volumes or cannot be told: a share, a device, a variable of a user.
func (g *Guest) WindowsPath(path string) (guestPath string, ok bool) {
	if strings.HasPrefix(path, "/") {
		return path, true
	}
	path, ok = g.expand(path)
	if !ok {
		return "", false
	}
	path = strings.ReplaceAll(path, "/", `\`)
	lower := strings.ToLower(path)
	for _, prefix := range []string{`\??\`, `\\?\`, `\\.\`, `\dosdevices\`, `\global??\`} {
		if strings.HasPrefix(lower, prefix) {
			return g.onDrive(path[len(prefix):])
		}
	}
	switch {
	case strings.HasPrefix(lower, `\\`), strings.HasPrefix(lower, `\device\`):
		return "", false
	case lower == `\systemroot`, strings.HasPrefix(lower, `\systemroot\`):
		return g.SystemRoot + slashes(path[len(`\systemroot`):]), true
	case strings.HasPrefix(path, `\`):
		return cmp.Or(slashes(path), "/"), true
	}
	return g.onDrive(path)
}

// onDrive is for a path that begins with a drive's letter, or with the name of a volume.
func (g *Guest) onDrive(path string) (string, bool) {
	name, rest, _ := strings.Cut(path, `\`)
	lower := strings.ToLower(name)
	switch {
	case lower == g.systemDrive:
		return "/" + slashes(rest), true
	case len(lower) == 2 && lower[1] == ':' && 'a' <= lower[0] && lower[0] <= 'z':
		return "/" + strings.ToUpper(name) + slashes(`\`+rest), true
	case len(lower) > 2 && lower[1] == ':' && 'a' <= lower[0] && lower[0] <= 'z': // C:x, from where that drive's directory is
		return g.onDrive(path[:2] + `\` + path[2:])
	case strings.HasPrefix(lower, "volume{") && strings.HasSuffix(lower, "}"):
		return "/" + name + slashes(`\`+rest), true
	}
	return "", false
}

func slashes(path string) string {
	return strings.TrimSuffix(strings.ReplaceAll(path, `\`, "/"), "/")
}

// expand replaces the variables that the system sets, as it sets them.
func (g *Guest) expand(path string) (string, bool) {
	begin, rest, found := strings.Cut(path, "%")
	if !found {
		return path, true
	}
	name, rest, closed := strings.Cut(rest, "%")
	value, known := g.variable(strings.ToLower(name))
	if !closed || !known {
		return "", false
	}
	rest, ok := g.expand(rest)
	return begin + value + rest, ok
}

func (g *Guest) variable(name string) (string, bool) {
	drive := g.systemDrive
	switch name {
	case "systemroot", "windir":
		return drive + g.SystemRoot, true
	case "systemdrive":
		return drive, true
	case "programfiles", "programw6432":
		return drive + "/Program Files", true
	case "programfiles(x86)":
		return drive + "/Program Files (x86)", true
	case "commonprogramfiles", "commonprogramw6432":
		return drive + "/Program Files/Common Files", true
	case "commonprogramfiles(x86)":
		return drive + "/Program Files (x86)/Common Files", true
	case "programdata", "allusersprofile":
		return drive + "/ProgramData", true
	case "public":
		return drive + "/Users/Public", true
	}
	return "", false
}

// linkTarget turns the target of a link into a path of the guest. A target that begins with a slash is of the volume that the link is on.
func (w *walk) linkTarget(target string) (string, error) {
	g := w.guest
	if g.System != Windows {
		return target, nil
	}
	on := ""
	if len(w.names) > 0 && (strings.HasSuffix(w.names[0], ":") || strings.HasSuffix(w.names[0], "}")) {
		on = "/" + w.names[0]
	}
	switch {
	case strings.HasPrefix(target, "/"):
		return on + target, nil
	case !strings.ContainsAny(target, `\:`):
		return target, nil
	}
	path, ok := g.WindowsPath(target)
	if !ok {
		return "", fmt.Errorf("%w: a link leads to %q, which is in none of the guest's volumes", ErrUnread, target)
	}
	return path, nil
}
