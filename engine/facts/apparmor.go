package facts

// AppArmor is the domain "apparmor".
type AppArmor struct {
	// Mode is "enabled" when a boot would load the profiles into a kernel that runs AppArmor, "disabled" when something keeps
	// it from that, and "absent" when the guest does not have its parser. Its source is the line that decides.
	Mode Value[string] `json:"mode"`
	// Why says in words what decides.
	Why string `json:"why"`
	// Installed is set when the guest has apparmor_parser, and Started when its unit is started at boot.
	Installed bool  `json:"installed"`
	Started   *bool `json:"started" jsonschema:"nullable"`
	// Kernel lists the arguments of the default boot entry that have a say: apparmor, security, lsm.
	Kernel   []KernelSetting   `json:"kernel"`
	Profiles []AppArmorProfile `json:"profiles"`
}

// AppArmorProfile is one profile as its file has it. Whether it is loaded is known at run time only.
type AppArmorProfile struct {
	Name string `json:"name"` // with "parent//" before it for one inside another
	Path string `json:"path"` // of its file
	// Mode is "enforce", "complain", "kill", "prompt", "default_allow" or "unconfined", or "disabled" for a file that disable/
	// names.
	Mode   string   `json:"mode"`
	Flags  []string `json:"flags"`
	Source Source   `json:"source"` // of the flags, or of the entry of disable/ or force-complain/
	// Local are the files of local/ that it includes and that have a line.
	Local []string `json:"local"`
}
