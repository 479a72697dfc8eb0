package facts

import (
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
	Name   string `json:"name"`
	Source Source `json:"source"`
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
