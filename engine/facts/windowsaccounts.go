package facts

// WindowsAccounts is the domain "windows_accounts": the accounts of SAM. No hash and no key ever enters the document.
type WindowsAccounts struct {
	// SID is that of the machine, in front of the number of each of its accounts: "S-1-5-21-1-2-3".
	SID    string         `json:"sid"`
	Users  []WindowsUser  `json:"users"`
	Groups []WindowsGroup `json:"groups"`
}

// WindowsUser is one account.
type WindowsUser struct {
	Name     string `json:"name"`
	RID      uint32 `json:"rid"` // 500 is the built-in administrator, 501 the guest
	SID      string `json:"sid"`
	FullName string `json:"full_name"`
	Comment  string `json:"comment"`
	Disabled bool   `json:"disabled"`
	Locked   bool   `json:"locked"` // by too many wrong passwords
	// PasswordSet is whether a hash of a password is there; an account without one logs in with an empty password.
	PasswordSet          bool `json:"password_set"`
	PasswordNotRequired  bool `json:"password_not_required"`
	PasswordNeverExpires bool `json:"password_never_expires"`
	SmartcardRequired    bool `json:"smartcard_required"`
	MustChangePassword   bool `json:"must_change_password"`
	// Reversible is a password that is kept so that it can be read again.
	Reversible bool `json:"reversible"`
	// PasswordDay, LastLogonDay and ExpiresDay are in days since 1970-01-01 UTC; nil for never.
	PasswordDay  *int     `json:"password_day" jsonschema:"nullable"`
	LastLogonDay *int     `json:"last_logon_day" jsonschema:"nullable"`
	ExpiresDay   *int     `json:"expires_day" jsonschema:"nullable"`
	BadPasswords int      `json:"bad_passwords"`
	Logons       int      `json:"logons"`
	Groups       []string `json:"groups"` // local ones it is a member of
	Profile      string   `json:"profile,omitempty"`
	Source       Source   `json:"source"`
}

// WindowsGroup is a local group.
type WindowsGroup struct {
	Name    string          `json:"name"`
	RID     uint32          `json:"rid"` // 544 is Administrators, whatever it is called in the guest's language
	SID     string          `json:"sid"` // "S-1-5-32-544"
	Comment string          `json:"comment"`
	Members []WindowsMember `json:"members"`
	Source  Source          `json:"source"`
}

// WindowsMember is a member of a group.
type WindowsMember struct {
	SID  string `json:"sid"`
	Name string `json:"name"` // "" for one that SAM does not know, such as a user of the domain
}

// WindowsAccountPolicy is the domain "windows_account_policy": the rules for passwords and for locking accounts out, of SAM.
type WindowsAccountPolicy struct {
	MinLength  *Value[int]  `json:"min_length"`
	History    *Value[int]  `json:"history"`      // passwords that are remembered
	MaxAgeDays *Value[int]  `json:"max_age_days"` // 0: a password never expires
	MinAgeDays *Value[int]  `json:"min_age_days"`
	Complexity *Value[bool] `json:"complexity"`
	Reversible *Value[bool] `json:"reversible"`
	// LockoutThreshold is after how many wrong passwords an account is locked; 0 for never.
	LockoutThreshold *Value[int] `json:"lockout_threshold"`
	// LockoutMinutes is for how long; 0 until a person unlocks it. WindowMinutes is when wrong passwords are forgotten.
	LockoutMinutes *Value[int]  `json:"lockout_minutes"`
	WindowMinutes  *Value[int]  `json:"window_minutes"`
	LockoutAdmins  *Value[bool] `json:"lockout_admins"`
}

// WindowsAuditPolicy is the domain "windows_audit_policy": what is written to the log of security.
type WindowsAuditPolicy struct {
	// Subcategories by their English names: "Credential Validation".
	Subcategories map[string]WindowsAudit `json:"subcategories"`
	// Force is whether the subcategories go before the older categories (SCENoApplyLegacyAuditPolicy).
	Force  *Value[int] `json:"force_subcategories" jsonschema:"nullable"`
	Source Source      `json:"source"`
}

// WindowsAudit is what is logged of one subcategory.
type WindowsAudit struct {
	Category string `json:"category"` // "Account Logon"
	Success  bool   `json:"success"`
	Failure  bool   `json:"failure"`
}

// WindowsRights is the domain "windows_rights": who has which right or privilege: "SeDebugPrivilege" → SIDs.
type WindowsRights map[string][]WindowsMember

// WindowsSecrets is the domain "windows_secrets": where secrets lie open. Only that they are there is told.
type WindowsSecrets struct {
	// AutoLogon is whether a user is logged on without being asked.
	AutoLogon bool            `json:"auto_logon"`
	Found     []WindowsSecret `json:"found"`
}

// WindowsSecret is one of them.
type WindowsSecret struct {
	// Kind is "default-password" (of Winlogon), "answer-file" (with a password), "group-policy" (cpassword), "vnc", "putty-proxy", "snmp-community".
	Kind string `json:"kind"`
	// Name is the element, value or community's key it stands in; never its content.
	Name   string `json:"name"`
	User   string `json:"user,omitempty"`
	Source Source `json:"source"`
}
