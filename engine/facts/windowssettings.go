package facts

// WindowsSecurity is the domain "windows_security": options of security. A number that is nil is not set, and Windows documents no
// default that holds for every version.
type WindowsSecurity struct {
	LSA        WindowsLSA                      `json:"lsa"`
	SMB        WindowsSMB                      `json:"smb"`
	UAC        WindowsUAC                      `json:"uac"`
	Logon      WindowsLogon                    `json:"logon"`
	PowerShell WindowsPowerShell               `json:"powershell"`
	Network    WindowsNetwork                  `json:"network"`
	System     WindowsSystem                   `json:"system"`
	SChannel   map[string]WindowsSChannelLevel `json:"schannel"` // by protocol as the registry has it: "TLS 1.0", "SSL 3.0"
}

// WindowsLSA is the local security authority: Control\Lsa and what is below it.
type WindowsLSA struct {
	LMCompatibilityLevel       *Value[int] `json:"lm_compatibility_level" jsonschema:"nullable"` // default 3
	NoLMHash                   *Value[int] `json:"no_lm_hash"`                                   // default 1
	RestrictAnonymous          *Value[int] `json:"restrict_anonymous"`                           // default 0
	RestrictAnonymousSAM       *Value[int] `json:"restrict_anonymous_sam"`                       // default 1
	EveryoneIncludesAnonymous  *Value[int] `json:"everyone_includes_anonymous"`                  // default 0
	LimitBlankPasswordUse      *Value[int] `json:"limit_blank_password_use"`                     // default 1
	RunAsPPL                   *Value[int] `json:"run_as_ppl" jsonschema:"nullable"`
	DisableDomainCreds         *Value[int] `json:"disable_domain_creds"` // default 0
	ForceGuest                 *Value[int] `json:"force_guest"`          // default 0
	CrashOnAuditFail           *Value[int] `json:"crash_on_audit_fail"`  // default 0
	NTLMMinClientSec           *Value[int] `json:"ntlm_min_client_sec"`  // default 0x20000000
	NTLMMinServerSec           *Value[int] `json:"ntlm_min_server_sec"`  // default 0x20000000
	RestrictSendingNTLMTraffic *Value[int] `json:"restrict_sending_ntlm_traffic" jsonschema:"nullable"`
	AllowNullSessionFallback   *Value[int] `json:"allow_null_session_fallback" jsonschema:"nullable"`
	UseMachineID               *Value[int] `json:"use_machine_id" jsonschema:"nullable"`
	// RestrictRemoteSAM is a security descriptor in words; "" where it is not set.
	RestrictRemoteSAM *Value[string] `json:"restrict_remote_sam" jsonschema:"nullable"`
	// WDigestUseLogonCredential of 1 keeps passwords in memory that can be read.
	WDigestUseLogonCredential *Value[int] `json:"wdigest_use_logon_credential"` // default 0
	// CredentialGuard is LsaCfgFlags: 1 with a lock in the firmware, 2 without.
	CredentialGuard *Value[int] `json:"credential_guard" jsonschema:"nullable"`
	// Kerberos is SupportedEncryptionTypes of policy.
	KerberosEncryption *Value[int] `json:"kerberos_encryption" jsonschema:"nullable"`
	// SecurityPackages and NotificationPackages are libraries that see passwords.
	SecurityPackages     *Value[[]string] `json:"security_packages" jsonschema:"nullable"`
	NotificationPackages *Value[[]string] `json:"notification_packages" jsonschema:"nullable"`
	// LDAPClientIntegrity is the signing of LDAP: 1 negotiated, 2 required.
	LDAPClientIntegrity *Value[int] `json:"ldap_client_integrity"` // default 1
}

// WindowsSMB is file sharing.
type WindowsSMB struct {
	// SMB1Server is SMB1 of LanmanServer; nil where it is not written: then it is there if its feature is. SMB1Driver is the start of
	// the client's driver (mrxsmb10): 4 is disabled, nil is not installed.
	SMB1Server              *Value[int] `json:"smb1_server" jsonschema:"nullable"`
	SMB1Driver              *Value[int] `json:"smb1_driver" jsonschema:"nullable"`
	ServerSigningRequired   *Value[int] `json:"server_signing_required" jsonschema:"nullable"`
	ServerSigningEnabled    *Value[int] `json:"server_signing_enabled" jsonschema:"nullable"`
	ClientSigningRequired   *Value[int] `json:"client_signing_required" jsonschema:"nullable"`
	ClientSigningEnabled    *Value[int] `json:"client_signing_enabled" jsonschema:"nullable"`
	ClientPlainTextPassword *Value[int] `json:"client_plain_text_password"` // default 0
	InsecureGuestAuth       *Value[int] `json:"insecure_guest_auth" jsonschema:"nullable"`
	RestrictNullSessAccess  *Value[int] `json:"restrict_null_session_access"` // default 1
	AutoDisconnectMinutes   *Value[int] `json:"auto_disconnect_minutes"`      // default 15
	EncryptData             *Value[int] `json:"encrypt_data"`                 // default 0
	// NullSessionPipes and NullSessionShares can be reached without an account.
	NullSessionPipes  *Value[[]string] `json:"null_session_pipes" jsonschema:"nullable"`
	NullSessionShares *Value[[]string] `json:"null_session_shares" jsonschema:"nullable"`
	Shares            []WindowsShare   `json:"shares"`
}

// WindowsShare is a share that a person made.
type WindowsShare struct {
	Name   string `json:"name"`
	Path   string `json:"path"` // as written: `C:\Data`
	Source Source `json:"source"`
}

// WindowsUAC is user account control: Policies\System.
type WindowsUAC struct {
	Enabled                    *Value[int] `json:"enabled"`                       // EnableLUA, default 1
	ConsentPromptAdmin         *Value[int] `json:"consent_prompt_admin"`          // default 5
	ConsentPromptUser          *Value[int] `json:"consent_prompt_user"`           // default 3
	SecureDesktop              *Value[int] `json:"secure_desktop"`                // default 1
	FilterAdministratorToken   *Value[int] `json:"filter_administrator_token"`    // default 0
	LocalAccountTokenFilter    *Value[int] `json:"local_account_token_filter"`    // LocalAccountTokenFilterPolicy, default 0
	EnableInstallerDetection   *Value[int] `json:"enable_installer_detection"`    // default 1 for clients
	EnableSecureUIAPaths       *Value[int] `json:"enable_secure_uia_paths"`       // default 1
	EnableVirtualization       *Value[int] `json:"enable_virtualization"`         // default 1
	ValidateAdminCodeSignature *Value[int] `json:"validate_admin_code_signature"` // default 0
}

// WindowsLogon is what a person meets before and while logging on.
type WindowsLogon struct {
	DontDisplayLastUserName *Value[int]    `json:"dont_display_last_user_name"` // default 0
	DisableCAD              *Value[int]    `json:"disable_cad" jsonschema:"nullable"`
	InactivityTimeoutSecs   *Value[int]    `json:"inactivity_timeout_secs"` // default 0: never
	LegalNoticeCaption      *Value[string] `json:"legal_notice_caption"`
	LegalNoticeText         *Value[string] `json:"legal_notice_text"`
	ShutdownWithoutLogon    *Value[int]    `json:"shutdown_without_logon" jsonschema:"nullable"`
	CachedLogonsCount       *Value[int]    `json:"cached_logons_count"` // default 10
	SmartCardRemoval        *Value[int]    `json:"smart_card_removal"`  // ScRemoveOption, default 0
	PasswordExpiryWarning   *Value[int]    `json:"password_expiry_warning"`
	// AutoAdminLogon of 1 logs a user on without being asked.
	AutoAdminLogon      *Value[int] `json:"auto_admin_logon"` // default 0
	NoConnectedUser     *Value[int] `json:"no_connected_user" jsonschema:"nullable"`
	EnumerateLocalUsers *Value[int] `json:"enumerate_local_users" jsonschema:"nullable"`
	MaxDevicePasswords  *Value[int] `json:"max_device_password_failed_attempts" jsonschema:"nullable"`
}

// WindowsPowerShell is what group policy says of Windows PowerShell, and whether its second version is there.
type WindowsPowerShell struct {
	ScriptBlockLogging *Value[int]    `json:"script_block_logging" jsonschema:"nullable"`
	ModuleLogging      *Value[int]    `json:"module_logging" jsonschema:"nullable"`
	Transcription      *Value[int]    `json:"transcription" jsonschema:"nullable"`
	ExecutionPolicy    *Value[string] `json:"execution_policy" jsonschema:"nullable"`
	Version2           *Value[string] `json:"version_2" jsonschema:"nullable"`
}

// WindowsNetwork is name resolution and TCP/IP.
type WindowsNetwork struct {
	EnableMulticast         *Value[int] `json:"enable_multicast" jsonschema:"nullable"` // LLMNR by policy: 0 is off
	NetBIOSNodeType         *Value[int] `json:"netbios_node_type" jsonschema:"nullable"`
	DisableIPSourceRouting  *Value[int] `json:"disable_ip_source_routing" jsonschema:"nullable"`
	DisableIPSourceRouting6 *Value[int] `json:"disable_ip_source_routing_v6" jsonschema:"nullable"`
	EnableICMPRedirect      *Value[int] `json:"enable_icmp_redirect"` // default 1
	NoNameReleaseOnDemand   *Value[int] `json:"no_name_release_on_demand" jsonschema:"nullable"`
	// HardenedPaths are the shares that are asked for authentication and integrity: `\\*\SYSVOL`.
	HardenedPaths map[string]*Value[string] `json:"hardened_paths"`
}

// WindowsSystem is the rest: libraries, devices, crypto.
type WindowsSystem struct {
	SafeDLLSearchMode       *Value[int]      `json:"safe_dll_search_mode"`                                // default 1
	DisableExceptionChain   *Value[int]      `json:"disable_exception_chain_validation"`                  // default 0: SEHOP is on
	ProtectionMode          *Value[int]      `json:"protection_mode"`                                     // default 1
	FIPS                    *Value[int]      `json:"fips"`                                                // FipsAlgorithmPolicy, default 0
	NoDriveTypeAutoRun      *Value[int]      `json:"no_drive_type_auto_run" jsonschema:"nullable"`        // 255: autorun is off for all
	NoAutorun               *Value[int]      `json:"no_autorun" jsonschema:"nullable"`                    // 1: no commands
	AlwaysInstallElevated   *Value[int]      `json:"always_install_elevated"`                             // default 0
	SpoolerRemote           *Value[int]      `json:"spooler_remote" jsonschema:"nullable"`                // RegisterSpoolerRemoteRpcEndPoint: 2 is off
	PointAndPrintNoWarning  *Value[int]      `json:"point_and_print_no_warning" jsonschema:"nullable"`    // NoWarningNoElevationOnInstall
	RestrictDriverInstall   *Value[int]      `json:"restrict_driver_install" jsonschema:"nullable"`       // RestrictDriverInstallationToAdministrators
	DriverLoadPolicy        *Value[int]      `json:"driver_load_policy" jsonschema:"nullable"`            // early launch antimalware
	ProcessCreationCmdLine  *Value[int]      `json:"process_creation_command_line" jsonschema:"nullable"` // in events: 1 is on
	VirtualizationSecurity  *Value[int]      `json:"virtualization_based_security" jsonschema:"nullable"`
	ClearPageFileAtShutdown *Value[int]      `json:"clear_page_file_at_shutdown"` // default 0
	ScreenSaverGraceSeconds *Value[int]      `json:"screen_saver_grace_seconds" jsonschema:"nullable"`
	RemoteRegistryPaths     *Value[[]string] `json:"remote_registry_paths" jsonschema:"nullable"`
	StrongCryptoNET4        *Value[int]      `json:"strong_crypto_net4" jsonschema:"nullable"`
	SmartScreen             *Value[int]      `json:"smart_screen" jsonschema:"nullable"`
	AllowTelemetry          *Value[int]      `json:"allow_telemetry" jsonschema:"nullable"`
}

// WindowsSChannelLevel is one protocol of TLS; nil is what the version of Windows does by itself.
type WindowsSChannelLevel struct {
	Server WindowsSChannelSide `json:"server"`
	Client WindowsSChannelSide `json:"client"`
}

// WindowsSChannelSide is one side of it.
type WindowsSChannelSide struct {
	Enabled           *Value[int] `json:"enabled" jsonschema:"nullable"` // 0 is off
	DisabledByDefault *Value[int] `json:"disabled_by_default" jsonschema:"nullable"`
}
