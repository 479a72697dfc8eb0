package facts

// Boot is the domain "boot": what the boot loader would start, as its files say.
type Boot struct {
	Loader  string      `json:"loader"` // "grub2", "bls", "systemd-boot", "extlinux", "uki" or "none"
	Entries []BootEntry `json:"entries"`
	// Default is the index in Entries of what an unattended boot starts, or -1 when that could not be told.
	Default int `json:"default"`
	// Why says how the default was found: "grubenv saved_entry", "set default=0".
	Why string `json:"why"`
	// GRUB is nil where the menu is not GRUB's.
	GRUB *GRUB `json:"grub" jsonschema:"nullable"`
	// Pending is what the next run of grub-mkconfig, or installation of a kernel, would give new entries; nil when the guest
	// has no file that says so.
	Pending *PendingBoot `json:"pending" jsonschema:"nullable"`
	// Firmware has "bios" and "uefi" for each the guest has a loader on its disks for. Which one starts it is the machine's
	// choice.
	Firmware []FirmwareLoader `json:"firmware"`
}

// GRUB is who may use GRUB's menu.
type GRUB struct {
	Config string `json:"cfg"`
	// Superusers may edit entries and use the command line; without them everybody may.
	Superusers       []string `json:"superusers"`
	SuperusersSource *Source  `json:"superusers_source" jsonschema:"nullable"`
	// PasswordUsers have a password; a superuser without one cannot log in.
	PasswordUsers []GRUBUser `json:"password_users"`
	// Unrestricted is set when everybody may start every ordinary entry: there are no superusers, or all of these entries say
	// --unrestricted.
	Unrestricted bool `json:"unrestricted"`
}

// GRUBUser is a user of GRUB's menu.
type GRUBUser struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"` // "pbkdf2", "plain", or "empty"
	Source Source `json:"source"`
	// Maybe is set when only a running GRUB knows whether the line runs.
	Maybe bool `json:"maybe,omitempty"`
}

// PendingBoot is what new entries would be told. Args are those of an ordinary entry.
type PendingBoot struct {
	Args         []BootArg      `json:"args"`
	Linux        *Value[string] `json:"linux" jsonschema:"nullable"`         // GRUB_CMDLINE_LINUX, of every entry
	LinuxDefault *Value[string] `json:"linux_default" jsonschema:"nullable"` // GRUB_CMDLINE_LINUX_DEFAULT, of ordinary entries
	Kernel       *Value[string] `json:"kernel" jsonschema:"nullable"`        // /etc/kernel/cmdline, of kernel-install(8)
}

// FirmwareLoader is a loader for one kind of firmware.
type FirmwareLoader struct {
	Kind string `json:"kind"` // "bios" or "uefi"
	Path string `json:"path"`
}

// BootEntry is one entry of the boot menu.
type BootEntry struct {
	Title  string `json:"title"`
	ID     string `json:"id,omitempty"`
	Kind   string `json:"kind"` // "normal" or "recovery"
	Kernel string `json:"kernel"`
	Initrd string `json:"initrd,omitempty"`
	// Args are the kernel's arguments in order; later ones win for most keys.
	Args []BootArg `json:"args"`
	// Unrestricted entries of GRUB start without a password.
	Unrestricted bool   `json:"unrestricted,omitempty"`
	Source       Source `json:"source"` // of the line with the arguments
}

// BootArg is one argument of the kernel. A flag without "=" has an empty Value.
type BootArg struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	// Source is where it stands when that is not the entry's own line, such as grubenv.
	Source *Source `json:"source,omitempty"`
}

// DefaultEntry returns what an unattended boot starts.
func (b *Boot) DefaultEntry() (*BootEntry, bool) {
	if b.Default < 0 || b.Default >= len(b.Entries) {
		return nil, false
	}
	return &b.Entries[b.Default], true
}

// Arg returns the last argument called key, the one that wins.
func (e *BootEntry) Arg(key string) (BootArg, bool) {
	for i := len(e.Args) - 1; i >= 0; i-- {
		if e.Args[i].Key == key {
			return e.Args[i], true
		}
	}
	return BootArg{}, false
}

// SELinux is the domain "selinux".
type SELinux struct {
	// Mode in effect after a boot: "enforcing", "permissive", "disabled", or "absent" when the guest has no SELinux at
	// all. Its source is the line that decides.
	Mode   Value[string]  `json:"mode"`
	Config *Value[string] `json:"config" jsonschema:"nullable"` // SELINUX= of /etc/selinux/config
	Type   *Value[string] `json:"type" jsonschema:"nullable"`   // SELINUXTYPE=
	// Kernel lists the arguments of the default boot entry that have a say: selinux, enforcing, security, lsm.
	Kernel []KernelSetting `json:"kernel"`
	// Policy is the binary policy that would be loaded; nil when there is none.
	Policy *Source `json:"policy" jsonschema:"nullable"`
	// Relabel is set when /.autorelabel asks for a relabel at the next boot.
	Relabel bool `json:"relabel"`
	// Booleans are those that semanage(8) or setsebool -P changed, as "on" or "off"; the others have the policy's default.
	Booleans map[string]*Value[string] `json:"booleans"`
}

// KernelSetting is one argument of the default boot entry.
type KernelSetting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source Source `json:"source"`
}

// Kernels is the domain "kernel".
type Kernels struct {
	Installed []Kernel `json:"installed"`
}

// Kernel is one installed kernel.
type Kernel struct {
	Release string `json:"release"` // as uname -r
	Image   string `json:"path"`    // of its vmlinuz; "" when only modules are there
	Modules string `json:"modules"` // its module directory; "" when there is none
	// ConfigPath is the file with its build configuration; "" when the guest has none. Config has the options without
	// quotes around their values; one that is not set is "n".
	ConfigPath string            `json:"config_path"`
	Config     map[string]string `json:"config" jsonschema:"nullable"`
	// Builtin and Loadable are its modules by name, sorted, with _ for - as the kernel has it. They are nil when no list
	// is in the image.
	Builtin  []string `json:"builtin_modules" jsonschema:"nullable"`
	Loadable []string `json:"loadable_modules" jsonschema:"nullable"`
}
