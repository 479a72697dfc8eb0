package facts

// OS is the domain "os": what the guest says it is.
type OS struct {
	ID         string   `json:"id"` // as in os-release: "debian", "rocky"
	IDLike     []string `json:"id_like"`
	VersionID  string   `json:"version_id"`
	Codename   string   `json:"codename,omitempty"`
	Family     string   `json:"family"` // "debian", "rhel", "suse", "alpine", "arch", "windows" or "" when not known
	Arch       string   `json:"arch"`   // as uname -m: "x86_64"
	Init       string   `json:"init"`   // "systemd", "openrc", "sysvinit", "busybox" or ""
	PrettyName string   `json:"pretty_name"`
	SupportEnd string   `json:"support_end,omitempty"` // YYYY-MM-DD, where the guest says it
	Source     Source   `json:"source"`
}

// Hostname is the domain "hostname".
type Hostname = Value[string]

// MachineID is the domain "machine_id".
type MachineID struct {
	// State is "set", "empty" (systemd makes one at first boot), "uninitialized" (the same, and the first boot runs
	// presets) or "missing".
	State  string  `json:"state"`
	Value  string  `json:"value"`
	Source *Source `json:"source" jsonschema:"nullable"`
}

// Timezone is the domain "timezone".
type Timezone struct {
	// Zone is the zone in effect, by the name the guest uses for it. A guest without /etc/localtime runs in UTC.
	Zone Value[string] `json:"zone"`
	// How the zone is set: "link", "copy", "registry" of Windows, or "default" when /etc/localtime is missing.
	How string `json:"how"`
	// Names lists every name of the zone database with the same rules, for a copy; for a link its one name; and the zones that one of
	// Windows stands for.
	Names []string `json:"names"`
	// Text is what Debian's /etc/timezone or an old /etc/sysconfig/clock says; programs that read it may disagree with
	// the C library.
	Text *Value[string] `json:"text" jsonschema:"nullable"`
}

// Locale is the domain "locale": LANG in effect for the system.
type Locale = Value[string]

// DefaultTarget is the domain "default_target": the systemd target a boot reaches.
type DefaultTarget = Value[string]
