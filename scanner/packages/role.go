package packages

import (
	"path"
	"strings"

	"github.com/guestctl/guestctl/finding"
)

// Kind is what is wrong with a file.
type Kind string

// The kinds.
const (
	Modified          Kind = "modified"
	ConfigChanged     Kind = "config_changed" // a configuration file, which the administrator may change
	Missing           Kind = "missing"
	WrongType         Kind = "type"
	WrongMode         Kind = "mode"
	WrongOwner        Kind = "owner"
	WrongTarget       Kind = "target"
	WrongCapabilities Kind = "capabilities"
	NoDigest          Kind = "no_digest" // nothing tells whether it is as shipped
	Unowned           Kind = "unowned"
	Database          Kind = "database" // a sign that the database was changed
)

// Role is what a file is for, by its place and mode.
type Role string

// The roles.
const (
	Program       Role = "program"
	Library       Role = "library"
	Module        Role = "module" // of the kernel
	Unit          Role = "unit"   // of systemd
	Code          Role = "code"   // that an interpreter runs
	Config        Role = "configuration"
	Documentation Role = "documentation"
	Directory     Role = "directory"
	Other         Role = "file"
)

// roleOf tells the role of a file by its path and mode; a mode of 0 is one that is not known.
func roleOf(file string, mode uint32, config bool) Role {
	switch {
	case config:
		return Config
	case mode&modeType == modeDir:
		return Directory
	case below(file, documentation()):
		return Documentation
	case isModule(file):
		return Module
	case isUnit(file):
		return Unit
	case isLibrary(file) && below(file, systemDirs()):
		return Library
	case below(file, programDirs()) || mode&modeType == modeRegular && mode&0o111 != 0:
		return Program
	case isCode(file):
		return Code
	}
	return Other
}

func documentation() []string {
	return []string{"/usr/share/doc/", "/usr/share/man/", "/usr/share/info/", "/usr/share/locale/", "/usr/share/lintian/", "/usr/share/doc-base/", "/usr/share/bug/"}
}

// programDirs are those that programs are looked for in.
func programDirs() []string {
	return []string{"/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/games/"}
}

// systemDirs are those in which only packages put programs and libraries.
func systemDirs() []string {
	return append(programDirs(), "/lib/", "/lib32/", "/lib64/", "/libx32/", "/usr/lib/", "/usr/lib32/", "/usr/lib64/", "/usr/libx32/", "/usr/libexec/")
}

// localDirs are left to the administrator (FHS 3.0, 3.13 and 4.9).
func localDirs() []string { return []string{"/usr/local/", "/opt/"} }

func moduleDirs() []string { return []string{"/lib/modules/", "/usr/lib/modules/"} }

func unitDirs() []string {
	return []string{"/etc/systemd/system/", "/etc/systemd/user/", "/lib/systemd/system/", "/usr/lib/systemd/system/", "/usr/lib/systemd/user/"}
}

// watched reports whether a directory, or something below it, may hold what no package owns and should.
func watched(dir string) bool {
	dir = strings.TrimSuffix(dir, "/") + "/"
	for _, dirs := range [][]string{systemDirs(), localDirs(), unitDirs()} {
		for _, d := range dirs {
			if strings.HasPrefix(d, dir) || strings.HasPrefix(dir, d) {
				return true
			}
		}
	}
	return false
}

func below(file string, dirs []string) bool {
	for _, dir := range dirs {
		if strings.HasPrefix(file, dir) {
			return true
		}
	}
	return false
}

func isModule(file string) bool {
	name := path.Base(file)
	return below(file, moduleDirs()) && (strings.HasSuffix(name, ".ko") || strings.Contains(name, ".ko."))
}

// isUnit reports whether systemd reads a file as a unit or a part of one (systemd.unit(5)).
func isUnit(file string) bool {
	if !below(file, unitDirs()) {
		return false
	}
	switch path.Ext(file) {
	case ".service", ".socket", ".timer", ".path", ".mount", ".automount", ".swap", ".target", ".slice", ".device", ".scope":
		return true
	case ".conf":
		return strings.HasSuffix(path.Dir(file), ".d")
	}
	return false
}

func isLibrary(file string) bool {
	name := path.Base(file)
	return strings.HasSuffix(name, ".so") || strings.Contains(name, ".so.")
}

func isCode(file string) bool {
	switch path.Ext(file) {
	case ".py", ".pyc", ".pth", ".pl", ".pm", ".rb", ".sh", ".php", ".js", ".lua", ".tcl", ".jar", ".el", ".elc":
		return below(file, []string{"/usr/lib/", "/usr/share/", "/lib/"})
	}
	return false
}

// runs reports whether the guest may run the file.
func (r Role) runs() bool {
	switch r {
	case Program, Library, Module, Unit, Code:
		return true
	}
	return false
}

// severity tells how much a difference matters.
func (d Difference) severity() finding.Severity {
	mild := d.Role == Documentation || d.Role == Config || d.Role == Directory
	switch d.Kind {
	case Modified, WrongType, WrongTarget:
		switch {
		case d.Role == Program || d.Role == Library || d.Role == Module:
			return finding.Critical
		case d.Role.runs() || d.Kind == WrongType && d.Role == Directory && below(d.Path, systemDirs()):
			return finding.High
		}
	case Missing:
		if d.Role.runs() {
			return finding.High
		}
	case WrongMode, WrongOwner, WrongCapabilities:
		if d.Kind == WrongCapabilities || d.Role.runs() || d.gains() {
			return finding.High
		}
		return finding.Medium
	case NoDigest:
		if !d.Role.runs() {
			return finding.Low
		}
	case Unowned:
		return d.unownedSeverity()
	case Database:
		return finding.High
	}
	if mild {
		return finding.Low
	}
	return finding.Medium
}

// gains reports whether a mode lets others do more than the package's: run as the owner or group, or write.
func (d Difference) gains() bool {
	const more = 0o6002
	return d.Mode != nil && d.Object.Mode&more&^*d.Mode != 0
}
