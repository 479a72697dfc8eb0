package facts

// WindowsRemote is the domain "windows_remote": how the guest can be reached. What group policy says goes before what is set beside it,
// which is then shadowed.
type WindowsRemote struct {
	RDP   WindowsRDP   `json:"rdp"`
	WinRM WindowsWinRM `json:"winrm"`
	// SSH is whether OpenSSH's server is installed, and Telnet whether that of Telnet is.
	SSH    bool `json:"ssh"`
	Telnet bool `json:"telnet"`
	// RemoteAssistance is fAllowToGetHelp.
	RemoteAssistance *Value[int] `json:"remote_assistance" jsonschema:"nullable"`
}

// WindowsRDP is remote desktop.
type WindowsRDP struct {
	Enabled *Value[bool] `json:"enabled"` // fDenyTSConnections, default false
	// NLA is UserAuthentication: who connects proves who they are first.
	NLA                    *Value[int] `json:"nla" jsonschema:"nullable"`
	SecurityLayer          *Value[int] `json:"security_layer" jsonschema:"nullable"`       // 2 is TLS
	MinEncryptionLevel     *Value[int] `json:"min_encryption_level" jsonschema:"nullable"` // 3 is high
	Port                   *Value[int] `json:"port"`                                       // default 3389
	PromptForPassword      *Value[int] `json:"prompt_for_password" jsonschema:"nullable"`
	DisablePasswordSaving  *Value[int] `json:"disable_password_saving" jsonschema:"nullable"`
	DisableDrives          *Value[int] `json:"disable_drives" jsonschema:"nullable"` // fDisableCdm
	EncryptRPCTraffic      *Value[int] `json:"encrypt_rpc_traffic" jsonschema:"nullable"`
	MaxIdleMillis          *Value[int] `json:"max_idle_milliseconds" jsonschema:"nullable"`
	MaxDisconnectionMillis *Value[int] `json:"max_disconnection_milliseconds" jsonschema:"nullable"`
}

// WindowsWinRM is remote management, by policy or as it was configured.
type WindowsWinRM struct {
	Start                   string      `json:"start"` // of the service: "automatic"
	ServiceAllowBasic       *Value[int] `json:"service_allow_basic" jsonschema:"nullable"`
	ServiceAllowUnencrypted *Value[int] `json:"service_allow_unencrypted" jsonschema:"nullable"`
	ServiceAllowAutoConfig  *Value[int] `json:"service_allow_auto_config" jsonschema:"nullable"`
	ServiceDisableRunAs     *Value[int] `json:"service_disable_run_as" jsonschema:"nullable"`
	ClientAllowBasic        *Value[int] `json:"client_allow_basic" jsonschema:"nullable"`
	ClientAllowUnencrypted  *Value[int] `json:"client_allow_unencrypted" jsonschema:"nullable"`
	ClientAllowDigest       *Value[int] `json:"client_allow_digest" jsonschema:"nullable"`
	// Listeners are what it listens on: "*:HTTP:5985".
	Listeners []string `json:"listeners"`
}

// WindowsFirewall is the domain "windows_firewall".
type WindowsFirewall struct {
	// Service is the start of the firewall's service: "automatic"; "disabled" makes everything below mean nothing.
	Service string                 `json:"service"`
	Domain  WindowsFirewallProfile `json:"domain"`
	Private WindowsFirewallProfile `json:"private"`
	Public  WindowsFirewallProfile `json:"public"`
	// Rules are those that are active, of the machine and of group policy, in the order of their names.
	Rules []WindowsFirewallRule `json:"rules"`
	Count int                   `json:"count"` // of all rules
}

// WindowsFirewallProfile is one profile. What group policy says goes before, and the other value is shadowed.
type WindowsFirewallProfile struct {
	Enabled  *Value[bool]   `json:"enabled"`  // default true
	Inbound  *Value[string] `json:"inbound"`  // "block" or "allow" of what no rule is for; default "block"
	Outbound *Value[string] `json:"outbound"` // default "allow"
	// NoNotifications, NoExceptions and the two AllowLocal are as in the registry.
	NoNotifications      *Value[bool]   `json:"no_notifications" jsonschema:"nullable"`
	NoExceptions         *Value[bool]   `json:"no_exceptions"` // default false
	AllowLocalRules      *Value[bool]   `json:"allow_local_rules"`
	AllowLocalIPsecRules *Value[bool]   `json:"allow_local_ipsec_rules"`
	LogDropped           *Value[bool]   `json:"log_dropped"` // default false
	LogAllowed           *Value[bool]   `json:"log_allowed"` // default false
	LogSize              *Value[int]    `json:"log_size"`    // KiB, default 4096
	LogFile              *Value[string] `json:"log_file" jsonschema:"nullable"`
}

// WindowsFirewallRule is one rule.
type WindowsFirewallRule struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`      // as written; "@…" names a text of a library
	Action    string   `json:"action"`    // "allow", "block", "bypass"
	Direction string   `json:"direction"` // "in" or "out"
	Profiles  []string `json:"profiles"`  // "domain", "private", "public"; all where empty
	Protocol  string   `json:"protocol"`  // "tcp", "udp", "icmp4", "icmp6", a number, or "any"
	LocalPort []string `json:"local_port"`
	RemoteIP  []string `json:"remote_ip"` // empty: any
	Program   string   `json:"program,omitempty"`
	Service   string   `json:"service,omitempty"`
	Policy    bool     `json:"policy"` // of group policy
	Source    Source   `json:"source"`
}

// WindowsDefender is the domain "windows_defender": Microsoft Defender Antivirus. What group policy says goes before what is set beside
// it, which is then shadowed.
type WindowsDefender struct {
	// Service is the start of WinDefend, "" where it is not there.
	Service           string       `json:"service"`
	Disabled          *Value[bool] `json:"disabled"`                                 // DisableAntiSpyware or DisableAntiVirus, default false
	RealTime          *Value[bool] `json:"real_time"`                                // monitoring, default true
	Behavior          *Value[bool] `json:"behavior_monitoring"`                      // default true
	Downloads         *Value[bool] `json:"scan_downloads"`                           // IOAV protection, default true
	Scripts           *Value[bool] `json:"scan_scripts"`                             // default true
	TamperProtection  *Value[int]  `json:"tamper_protection" jsonschema:"nullable"`  // 5 is on, 4 off, 1 set by a cloud service
	PUA               *Value[int]  `json:"pua_protection" jsonschema:"nullable"`     // 1 blocks, 2 audits
	Cloud             *Value[int]  `json:"cloud_reporting" jsonschema:"nullable"`    // SpynetReporting: 2 advanced
	Samples           *Value[int]  `json:"sample_submission" jsonschema:"nullable"`  // SubmitSamplesConsent
	NetworkProtection *Value[int]  `json:"network_protection" jsonschema:"nullable"` // 1 blocks
	ControlledFolders *Value[int]  `json:"controlled_folder_access" jsonschema:"nullable"`
	// AttackSurface are the rules of attack surface reduction by their GUID in lower case: 1 blocks, 2 audits, 6 warns.
	AttackSurface map[string]*Value[int] `json:"attack_surface_rules"`
	Exclusions    WindowsExclusions      `json:"exclusions"`
	// SignatureVersion and SignatureDay are of what malware is known by.
	SignatureVersion string `json:"signature_version,omitempty"`
	SignatureDay     *int   `json:"signature_day" jsonschema:"nullable"`
	ProductVersion   string `json:"product_version,omitempty"`
}

// WindowsExclusions are what is not scanned, by policy or not.
type WindowsExclusions struct {
	Paths      []Value[string] `json:"paths"`
	Extensions []Value[string] `json:"extensions"`
	Processes  []Value[string] `json:"processes"`
	IPs        []Value[string] `json:"ips"`
}

// WindowsAutostart is the domain "windows_autostart": what is started without being asked for, beside services and drivers.
type WindowsAutostart []WindowsStarted

// WindowsStarted is one of it.
type WindowsStarted struct {
	// Kind is "run", "run-once", "winlogon", "image-debugger", "silent-exit", "appinit", "active-setup", "boot-execute",
	// "lsa-package", "print-monitor", "startup-folder", "task", "logon-script", "appcert" or "netsh".
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Command string `json:"command"`        // what looks like a secret is blanked
	Program string `json:"program"`        // guest path; "" where none can be told
	User    string `json:"user,omitempty"` // SID of the user whose hive says it; of a task, whom it runs as
	Enabled bool   `json:"enabled"`
	// Usual is what every Windows has here, such as userinit.exe of Winlogon. Of tasks it is one below \Microsoft\Windows that starts a
	// program of System32 which is no shell and runs no scripts; whether it is Microsoft's is not looked at.
	Usual  bool   `json:"usual"`
	Source Source `json:"source"`
}

// WindowsImage is the domain "windows_image": how far an image is generalised, and whether it was shut down.
type WindowsImage struct {
	// ImageState is "IMAGE_STATE_COMPLETE", "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE" and their like.
	ImageState *Value[string] `json:"image_state" jsonschema:"nullable"`
	// Generalized is whether the next start makes a machine of its own of it.
	Generalized     bool        `json:"generalized"`
	SetupInProgress *Value[int] `json:"setup_in_progress" jsonschema:"nullable"`
	SetupType       *Value[int] `json:"setup_type" jsonschema:"nullable"`
	OOBEInProgress  *Value[int] `json:"oobe_in_progress" jsonschema:"nullable"`
	// CmdLine is what setup runs at the next start; what looks like a secret is blanked.
	CmdLine  *Value[string]   `json:"command_line" jsonschema:"nullable"`
	CloneTag *Value[[]string] `json:"clone_tag" jsonschema:"nullable"`
	// SysprepSucceeded is a file that sysprep leaves.
	SysprepSucceeded bool        `json:"sysprep_succeeded"`
	Rearm            *Value[int] `json:"rearm" jsonschema:"nullable"` // SkipRearm
	// Hibernated is a file of hibernation with a session in it: what is on the disks is not what the guest would go on with. It is nil
	// where the file could not be read.
	Hibernated      *bool       `json:"hibernated" jsonschema:"nullable"`
	HibernationFile bool        `json:"hibernation_file"`
	FastStartup     *Value[int] `json:"fast_startup" jsonschema:"nullable"` // HiberbootEnabled
	// Minidumps and MemoryDump are of crashes; they hold memory.
	Minidumps   int            `json:"minidumps"`
	MemoryDump  bool           `json:"memory_dump"`
	MachineGUID *Value[string] `json:"machine_guid" jsonschema:"nullable"`
}

// Registry is the domain "registry": what was asked for by path. A path names a key, or a key and a value behind an exclamation mark, as
// Microsoft writes policies: `HKLM\SYSTEM\CurrentControlSet\Control\Lsa!LmCompatibilityLevel`. It stands here as it was asked for.
type Registry map[string]RegistryEntry

// RegistryEntry is a key or a value.
type RegistryEntry struct {
	Exists    bool `json:"exists"`
	KeyExists bool `json:"key_exists"`
	// Type is "REG_DWORD", "REG_SZ" and so on; "" for a key and for what is absent.
	Type string `json:"type,omitempty"`
	// Text is the value as text: a text as it is, with variables as written; a number in decimal; several texts with line ends between them;
	// bytes in hexadecimal. Number and Texts hold the same, where it is a number or several texts.
	Text   string   `json:"text,omitempty"`
	Number *int     `json:"number" jsonschema:"nullable"`
	Texts  []string `json:"texts,omitempty"`
	// Redacted is a value that is a secret, or may be: only its type is told.
	Redacted bool `json:"redacted,omitempty"`
	// Keys and Values are the names in a key that was asked for itself.
	Keys   []string `json:"keys,omitempty"`
	Values []string `json:"values,omitempty"`
	// Written is when the key was written last.
	Written string `json:"key_written,omitempty"`
	// Error is why it could not be read: then nothing else is known.
	Error  string `json:"error,omitempty"`
	Source Source `json:"source"`
}
