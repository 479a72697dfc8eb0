package facts

// The domains of Windows guests. Every value of the registry says as its source the file of the hive, with the key, the name and the
// value as the text. What a guest of another kind has none of is absent.

// Windows is the domain "windows": which Windows the guest is, and the hives of its registry.
type Windows struct {
	// Name is what it is called: "Windows Server 2022 Datacenter". The registry's own ProductName says Windows 10 on Windows 11.
	Name        string `json:"name"`
	ProductName string `json:"product_name"`
	Version     string `json:"version"` // "10.0.20348"
	Build       int    `json:"build"`   // 20348
	// UBR counts the updates of the build; nil where the guest does not say.
	UBR            *int   `json:"ubr" jsonschema:"nullable"`
	DisplayVersion string `json:"display_version,omitempty"` // "21H2"
	Edition        string `json:"edition"`                   // "ServerDatacenter"
	// InstallationType is "Client", "Server", "Server Core" or "Nano Server".
	InstallationType string `json:"installation_type"`
	// ProductType is "workstation", "server" or "domain-controller"; "" where the guest does not say.
	ProductType string `json:"product_type"`
	Arch        string `json:"arch"` // as uname -m: "x86_64", "aarch64"
	InstallTime string `json:"install_time,omitempty"`
	SystemRoot  string `json:"system_root"` // guest path: "/Windows"
	// ComputerName is its NetBIOS name; DNSName and DNSDomain are those of TCP/IP.
	ComputerName *Value[string] `json:"computer_name" jsonschema:"nullable"`
	DNSName      *Value[string] `json:"dns_name" jsonschema:"nullable"`
	DNSDomain    *Value[string] `json:"dns_domain" jsonschema:"nullable"`
	// Domain is the domain or workgroup it belongs to, and Joined whether that is a domain; nil where SECURITY was not read.
	Domain *Value[string] `json:"domain" jsonschema:"nullable"`
	Joined *bool          `json:"joined" jsonschema:"nullable"`
	Hives  []WindowsHive  `json:"hives"`
	Drives []WindowsDrive `json:"drives"`
	Source Source         `json:"source"`
}

// WindowsHive is a file of the registry.
type WindowsHive struct {
	Name string `json:"name"` // where it is mounted: `HKLM\SYSTEM`, `HKU\S-1-5-21-…-500`
	Path string `json:"path"`
	// Condition is "clean", "replayed" (its log was applied in memory), "dirty" (what is read may be old), "absent" (of a user whose
	// profile is gone) or "unread".
	Condition string `json:"condition"`
	Written   string `json:"written,omitempty"`
}

// WindowsDrive is a drive letter.
type WindowsDrive struct {
	Letter string `json:"letter"` // "C:"
	Path   string `json:"path"`   // where the guest's tree has it: "/" of C:, "/D:" of D:
	Device string `json:"device"` // of the volume: "p3"; "" where it is on none of the disks
	Source Source `json:"source"`
}

// WindowsSoftware is the domain "windows_software": the programs that have an entry for being uninstalled.
type WindowsSoftware []WindowsProgram

// WindowsProgram is one of them.
type WindowsProgram struct {
	Name        string `json:"name"` // as shown: "7-Zip 23.01 (x64)"
	Version     string `json:"version"`
	Publisher   string `json:"publisher"`
	InstallDate string `json:"install_date,omitempty"` // YYYY-MM-DD
	Location    string `json:"location,omitempty"`     // of its files
	ID          string `json:"id"`                     // of the entry, often a product code
	Arch        string `json:"arch"`                   // "x86" for the 32-bit view of a 64-bit guest, else that of the guest
	User        string `json:"user,omitempty"`         // SID, of a program that only one user has
	Component   bool   `json:"component"`              // hidden from the list that people see
	Source      Source `json:"source"`
}

// WindowsUpdates is the domain "windows_updates": the packages of component based servicing, which are updates, languages and features.
type WindowsUpdates struct {
	Packages []WindowsUpdate `json:"packages"`
	// KBs are the articles of packages that are installed: "KB5034129".
	KBs []string `json:"kbs"`
	// Newest is when the last of them was installed.
	Newest string `json:"newest,omitempty"`
	// Policy is how updates are to come.
	Policy WindowsUpdatePolicy `json:"policy"`
}

// WindowsUpdatePolicy is what group policy says of Windows Update; nil where it says nothing.
type WindowsUpdatePolicy struct {
	NoAutoUpdate *Value[int]    `json:"no_auto_update" jsonschema:"nullable"`
	AUOptions    *Value[int]    `json:"au_options" jsonschema:"nullable"`
	UseWUServer  *Value[int]    `json:"use_wu_server" jsonschema:"nullable"`
	WUServer     *Value[string] `json:"wu_server" jsonschema:"nullable"`
}

// WindowsUpdate is one package.
type WindowsUpdate struct {
	Name string `json:"name"`         // whole: "Package_for_KB5034129~31bf3856ad364e35~amd64~~10.0.1.3"
	KB   string `json:"kb,omitempty"` // "KB5034129"
	// State is "absent", "uninstall-pending", "resolving", "resolved", "staging", "staged", "superseded", "install-pending",
	// "partially-installed", "installed", "permanent", or its number where it has no name.
	State  string `json:"state"`
	Time   string `json:"time,omitempty"` // when it was installed
	Source Source `json:"source"`
}

// WindowsReboot is the domain "windows_reboot": what waits for the next start.
type WindowsReboot struct {
	Pending bool                  `json:"pending"`
	Reasons []WindowsRebootReason `json:"reasons"`
}

// WindowsRebootReason is one of the reasons: "servicing", "windows-update", "file-renames" or "computer-name".
type WindowsRebootReason struct {
	Reason string `json:"reason"`
	Count  int    `json:"count"` // of renames; 1 else
	Source Source `json:"source"`
}

// WindowsServices is the domain "windows_services": services and drivers by their names in lower case, since Windows minds no case.
type WindowsServices map[string]WindowsService

// WindowsService is one of them.
type WindowsService struct {
	Name        string `json:"name"`
	DisplayName string `json:"display_name"` // as written; "@…" names a text of a library
	// Kind is "driver", "file-system-driver", "service" (with a process of its own), "shared-service", "user-service" (made anew for
	// each session of a user) or "other".
	Kind string `json:"kind"`
	// Start is "boot", "system", "automatic", "manual", "disabled", or "" where it is not written.
	Start string `json:"start"`
	// Delayed is an automatic start some minutes later; Triggered is a start that events cause, too.
	Delayed    bool   `json:"delayed"`
	Triggered  bool   `json:"triggered"`
	ImagePath  string `json:"image_path"` // the command as written
	Program    string `json:"program"`    // guest path of the program or driver; "" where none can be told
	Exists     *bool  `json:"exists" jsonschema:"nullable"`
	ServiceDLL string `json:"service_dll,omitempty"` // guest path
	Account    string `json:"account"`               // as written: "LocalSystem", `NT AUTHORITY\LocalService`
	// Unquoted is a command whose program has a space in its path and no quotes around it: other programs may be started instead.
	Unquoted bool   `json:"unquoted"`
	Source   Source `json:"source"`
}

// WindowsEventLogs is the domain "windows_event_logs": the logs by their names: "Security", "Microsoft-Windows-PowerShell/Operational".
type WindowsEventLogs map[string]WindowsEventLog

// WindowsEventLog is how one log is kept.
type WindowsEventLog struct {
	MaxSize *Value[int] `json:"max_size" jsonschema:"nullable"` // bytes
	// Retention is 0 where the oldest events make room, -1 where nothing is overwritten.
	Retention  *Value[int]  `json:"retention" jsonschema:"nullable"`
	AutoBackup *Value[bool] `json:"auto_backup" jsonschema:"nullable"`
	Enabled    *Value[bool] `json:"enabled" jsonschema:"nullable"`
	// File is where it is, and FileSize how long that is; nil where it is not there.
	File     string `json:"file,omitempty"`
	FileSize *int   `json:"file_size" jsonschema:"nullable"`
}
