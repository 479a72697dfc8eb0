package facts

// Users is the domain "users": the lines of passwd in their order, so that a name or a number that stands there twice
// stays two users.
type Users []User

// User is one account with what shadow and group add to it.
type User struct {
	Name  string `json:"name"`
	UID   uint32 `json:"uid"`
	GID   uint32 `json:"gid"`
	Gecos string `json:"gecos"`
	Home  string `json:"home"`
	Shell string `json:"shell"` // as it stands; the system takes /bin/sh for ""
	// Password is what passwd's own field holds: "x" (shadow has it), "empty" (logs in without one), "hash" or "locked".
	Password string `json:"password_in_passwd"`
	// Interactive is set for the people: UID_MIN to UID_MAX of login.defs, and a shell that lets them in.
	Interactive bool `json:"interactive"`
	// LoginShell is set when the shell is not one that turns people away, such as nologin or false.
	LoginShell bool `json:"login_shell"`
	ShellValid bool `json:"shell_valid"` // in /etc/shells, or in the C library's list when there is none
	// HomeExists is null where the home may be on a volume that the disks do not hold, or could not be read.
	HomeExists *bool   `json:"home_exists" jsonschema:"nullable"`
	HomeMode   string  `json:"home_mode,omitempty"` // four octal digits
	HomeUID    *uint32 `json:"home_uid" jsonschema:"nullable"`
	// Shadow is nil when shadow could not be read.
	Shadow       *Shadowed `json:"shadow" jsonschema:"nullable"`
	PrimaryGroup string    `json:"primary_group"` // "" when no group has the number
	Groups       []string  `json:"groups"`        // the others it is a member of
	Source       Source    `json:"source"`
}

// Shadowed is the line of shadow(5) in force for a user: the first of its name. Days count from 1970-01-01; nil is a
// field that is empty, which sets nothing.
type Shadowed struct {
	State      string `json:"state"` // one of the Password constants
	Algorithm  string `json:"algorithm,omitempty"`
	LastChange *int64 `json:"last_change" jsonschema:"nullable"` // 0: the password must be changed at the next login
	Min        *int64 `json:"min" jsonschema:"nullable"`
	Max        *int64 `json:"max" jsonschema:"nullable"`
	Warn       *int64 `json:"warn" jsonschema:"nullable"`
	Inactive   *int64 `json:"inactive" jsonschema:"nullable"`
	Expire     *int64 `json:"expire" jsonschema:"nullable"`
	// Lines is how many lines shadow has of this name.
	Lines  int     `json:"lines"`
	Source *Source `json:"source" jsonschema:"nullable"`
}

// Groups is the domain "groups": the lines of group in their order.
type Groups []Group

// Group is one group with what gshadow adds to it.
type Group struct {
	Name     string   `json:"name"`
	GID      uint32   `json:"gid"`
	Members  []string `json:"members"`
	Password string   `json:"password_in_group"` // as User.Password
	// GShadow is nil when gshadow could not be read or the guest has none.
	GShadow *GShadow `json:"gshadow" jsonschema:"nullable"`
	Source  Source   `json:"source"`
}

// GShadow is the line of gshadow(5) of a group.
type GShadow struct {
	State   string   `json:"state"` // one of the Password constants
	Admins  []string `json:"admins"`
	Members []string `json:"members"`
	Source  *Source  `json:"source" jsonschema:"nullable"`
}

// NIS is the domain "nis": lines of passwd, shadow, group and gshadow that begin with + or - and take in or leave out
// accounts of a network service.
type NIS []NISEntry

// NISEntry is one such line.
type NISEntry struct {
	Name   string `json:"name"` // with its sign: "+", "-bob", "+@admins"
	Source Source `json:"source"`
}

// Shells is the domain "shells": the lines of /etc/shells.
type Shells []string

// LoginDefs is the domain "login_defs": the settings of login.defs(5) by name.
type LoginDefs map[string]*Value[string]

// Useradd is the domain "useradd": the settings of /etc/default/useradd by name.
type Useradd map[string]*Value[string]

// NSSwitch is the domain "nsswitch": the sources of each database of nsswitch.conf(5) in their order. An action such as
// [NOTFOUND=return] stands as one entry behind the source it belongs to.
type NSSwitch map[string][]string
