package facts

// Mounts is the domain "mounts": what a boot mounts where, in the order of fstab, then of units and of what the init
// system mounts by itself. Swap is no mount.
type Mounts []Mount

// Mount is one mount.
type Mount struct {
	Target string `json:"target"`
	Device string `json:"device"` // as it is named: "UUID=…", "/dev/sda2", "tmpfs"
	FSType string `json:"fstype"`
	// Options are the options in order, as written.
	Options []string `json:"options"`
	// The flags in force: later options win, and user implies nodev, nosuid and noexec. A bind mount that sets none has
	// those of the mount it shows.
	NoDev    bool `json:"nodev"`
	NoSUID   bool `json:"nosuid"`
	NoExec   bool `json:"noexec"`
	ReadOnly bool `json:"ro"`
	// Auto is set when a boot mounts it, at once or at the first access.
	Auto bool `json:"auto"`
	// Automount is set when it is mounted at the first access.
	Automount bool   `json:"automount"`
	Bind      bool   `json:"bind"`
	Subvolume string `json:"subvolume,omitempty"` // subvol= of Btrfs
	// Hidden says why it is not what the guest sees at the target: another line or unit takes its place. "" when it is.
	Hidden string  `json:"hidden,omitempty"`
	Origin string  `json:"origin"` // "fstab", "unit" or "builtin"
	Unit   string  `json:"unit,omitempty"`
	Source *Source `json:"source" jsonschema:"nullable"`
}

// InForce reports whether the guest sees m at its target after a boot.
func (m Mount) InForce() bool { return m.Auto && m.Hidden == "" }
