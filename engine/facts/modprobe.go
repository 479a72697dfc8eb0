package facts

import (
	"path"
	"slices"
	"strings"
)

// Modprobe is the domain "modprobe": which kernel modules can be loaded.
type Modprobe struct {
	// Modules has every module that a file or the kernel's command line speaks of, by its name with _ for -. What is not
	// in it is loaded when the kernel has it: see Kernels.Presence.
	Modules map[string]Module `json:"modules"`
	// Patterns are install commands for names with wildcards; Modules has them applied to the modules it lists.
	Patterns []ModuleInstall `json:"patterns"`
	// Load are the modules that modules-load.d and the command line have loaded at boot.
	Load []ModuleLoad `json:"load"`
	// Disabled is set when the kernel's arguments forbid to load any module.
	Disabled *Source      `json:"modules_disabled" jsonschema:"nullable"`
	Files    []string     `json:"files"` // in the order of reading
	Masked   []MaskedFile `json:"masked"`
	Ignored  []Ignored    `json:"ignored"`
}

// Module is what is said of one kernel module.
type Module struct {
	// Blocked is set when modprobe cannot load the module: its install command loads nothing, an alias leads its name to
	// nowhere, or the kernel refuses it. A module that is built into the kernel is there whatever the files say.
	Blocked   bool    `json:"blocked"`
	BlockedBy *Source `json:"blocked_by" jsonschema:"nullable"`
	// Install is the command that runs in place of loading it. The first one counts.
	Install *Value[string] `json:"install" jsonschema:"nullable"`
	Options []Source       `json:"options"`
	// Blacklisted modules are not loaded for a device, and can still be loaded by name.
	Blacklisted bool     `json:"blacklisted"`
	Blacklist   []Source `json:"blacklist"`
	// Present is "builtin", "module" or "absent" by the lists of the installed kernels, the first of them that one has; nil
	// when it is not known.
	Present *string `json:"present" jsonschema:"nullable"`
}

// ModuleInstall is one install command.
type ModuleInstall struct {
	Pattern string `json:"pattern"`
	Command string `json:"command"`
	Source  Source `json:"source"`
}

// ModuleLoad is one module that is loaded at boot.
type ModuleLoad struct {
	Name    string  `json:"name"`
	Present *string `json:"present" jsonschema:"nullable"` // as in Module
	Source  Source  `json:"source"`
}

// Find returns what is said of the module called name, also where that is a pattern alone; then Present is nil.
func (m *Modprobe) Find(name string) Module {
	name = ModuleName(name)
	one, ok := m.Modules[name]
	if ok {
		return one
	}
	one = Module{Options: []Source{}, Blacklist: []Source{}}
	for _, p := range m.Patterns {
		if p.Matches(name) {
			one.Install = Keep(one.Install, p.Command, p.Source)
		}
	}
	if one.Install != nil && LoadsNothing(one.Install.Value) {
		one.Blocked, one.BlockedBy = true, one.Install.Source
	}
	return one
}

// Matches reports whether the command is for the module, as fnmatch(3) says.
func (i ModuleInstall) Matches(module string) bool {
	ok, err := path.Match(strings.ReplaceAll(i.Pattern, "[!", "[^"), module)
	return err == nil && ok
}

// LoadsNothing reports whether an install command is one of those that are known to do nothing. Any other command may load
// the module.
func LoadsNothing(command string) bool {
	if i := strings.Index(" "+command, " #"); i >= 0 {
		command = command[:max(i-1, 0)]
	}
	words := strings.Fields(command)
	if len(words) > 1 && words[0] == "exec" {
		words = words[1:]
	}
	if len(words) == 0 || strings.ContainsAny(strings.Join(words[1:], ""), ";&|`$(){}<>\\") {
		return false
	}
	program := words[0]
	if n := len(program); n > 2 && strings.ContainsRune(`"'`, rune(program[0])) && program[n-1] == program[0] {
		program = program[1 : n-1]
	}
	dir, name := path.Split(program)
	return slices.Contains([]string{"", "/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/"}, dir) && slices.Contains([]string{"true", "false", "nologin", ":"}, name)
}

// ModuleName returns the name of a module as the kernel has it: with _ for -.
func ModuleName(name string) string { return strings.ReplaceAll(name, "-", "_") }

// Presence says how the installed kernels have a module: "builtin" when it is part of one of them, else "module" when one
// of them can load it, else "absent". It is "" when that is not known.
func (k *Kernels) Presence(module string) string {
	module = ModuleName(module)
	presence := "absent"
	known := len(k.Installed) > 0
	for i := range k.Installed {
		one := &k.Installed[i]
		if _, ok := slices.BinarySearch(one.Builtin, module); ok {
			return "builtin"
		}
		if _, ok := slices.BinarySearch(one.Loadable, module); ok {
			presence = "module"
		}
		known = known && one.Builtin != nil && one.Loadable != nil
	}
	if !known && presence == "absent" {
		return ""
	}
	return presence
}
