package facts

// Units is the domain "units": the services and other units of the init system, by name: "ssh.service" of systemd,
// "sshd" of OpenRC and of System V init. An instance such as getty@tty1.service has an entry where something names it.
type Units map[string]*Unit

// Unit is one unit.
type Unit struct {
	// State is what systemctl is-enabled says without a running system: "enabled", "enabled-runtime", "disabled",
	// "masked", "masked-runtime", "static", "alias", "indirect", "linked", "linked-runtime", "generated", "transient";
	// "not-found" for a name that only links point to, and "bad" for one whose file cannot be read. OpenRC and System V
	// init have "enabled" and "disabled", and Windows these two, "manual" for one that any program may start, and "bad".
	State string `json:"state"`
	Init  string `json:"init"` // "systemd", "openrc", "sysvinit" or "windows"
	// Starts says what starts it: "boot" when the default target or run level pulls it in, "trigger" when a unit that
	// boot starts, or D-Bus, starts it on demand, or "" for neither. Conditions are not looked at.
	Starts string `json:"starts"`
	// AliasOf is the unit that an alias stands for.
	AliasOf *string `json:"alias_of" jsonschema:"nullable"`
	// Template is the unit that an instance is made from.
	Template string `json:"template,omitempty"`
	// WantedBy, RequiredBy and UpheldBy name the units, or run levels, whose links pull it in.
	WantedBy   []string `json:"wanted_by"`
	RequiredBy []string `json:"required_by"`
	UpheldBy   []string `json:"upheld_by"`
	// TriggeredBy names the sockets, timers and paths that start it, and "dbus:" with a bus name.
	TriggeredBy []string `json:"triggered_by"`
	// Preset is "enable", "disable" or "ignore": what the vendor's policy says at installation or first boot. It is nil
	// for units that presets do not touch.
	Preset  *string  `json:"preset" jsonschema:"nullable"`
	Path    string   `json:"path"` // of its file; "" when there is none
	DropIns []string `json:"dropins"`
	// ExecStart and Conditions are what is in force after drop-ins reset or added lines. Secrets in commands are blanked.
	ExecStart []UnitLine `json:"exec_start"`
	// Exec are the other commands in force, as "ExecStartPre=/x".
	Exec []UnitLine `json:"exec"`
	// Environment are the variables of Environment= whose names begin with LD_, as "LD_PRELOAD=/x": they decide what code a program
	// loads. Others may hold secrets. EnvironmentFiles are the values of EnvironmentFile=.
	Environment      []UnitLine `json:"environment"`
	EnvironmentFiles []UnitLine `json:"environment_files"`
	Listen           []UnitLine `json:"listen,omitempty"` // of a socket, as "ListenStream=22"
	Conditions       []UnitLine `json:"conditions"`       // Condition… and Assert… lines, as "ConditionPathExists=/x"
	User             *UnitLine  `json:"user" jsonschema:"nullable"`
	// Also, Aliases and DefaultInstance are from [Install].
	Also            []string `json:"also,omitempty"`
	Aliases         []string `json:"aliases,omitempty"`
	DefaultInstance string   `json:"default_instance,omitempty"`
	SysV            bool     `json:"sysv"` // made from a script in /etc/init.d
	// Source is the link or file that decides the state; of a unit that is not found, the first link to it.
	Source *Source `json:"source" jsonschema:"nullable"`
}

// UnitLine is one setting of a unit.
type UnitLine struct {
	Value  string `json:"value"`
	Source Source `json:"source"`
}

// UnitSettings returns the settings of a unit's file and of its drop-ins, in the order in which systemd reads them. What
// cannot be read of them is recorded as a problem.
func (s *Scope) UnitSettings(u *Unit) []Setting {
	var all []Setting
	for i, path := range append([]string{u.Path}, u.DropIns...) {
		if i == 0 && path == "" {
			continue
		}
		settings, err := s.Settings(path)
		if err != nil {
			s.Problem(path, 0, err)
		}
		all = append(all, settings...)
	}
	return all
}

// UnitPath is where systemd looks for the units of an image, the first directory first (systemd.unit(5)).
func UnitPath() []string {
	return []string{
		"/etc/systemd/system.control", "/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
	}
}
