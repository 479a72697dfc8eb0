package filesys

// Secured is implemented by file systems whose files belong to security identifiers, as those of Windows do, and not to numbers.
type Secured interface {
	// Security says to whom a node belongs and who may do what with it. Where nothing says so, it is the zero value.
	Security(n Node) (Security, error)
}

// Security is what a security descriptor says ([MS-DTYP] 2.4.6), without what is to be audited.
type Security struct {
	Owner, Group string // "S-1-5-32-544", or ""
	// Listed is set where there is a list of who may do what. Where there is none, everybody may do everything; an empty list lets
	// nobody do anything.
	Listed    bool
	Protected bool     // the list takes nothing over from the folder above
	Access    []Access // in their order, which matters
}

// Access is one entry of an access list ([MS-DTYP] 2.4.4).
type Access struct {
	Type  uint8  // 0 allows, 1 denies; others have conditions or are for directory services
	Flags uint8  // what inherits it
	Mask  uint32 // what may be done
	SID   string // who; "" where the type is one whose form is not known
}

// AccountName is the name of a well-known security identifier ([MS-DTYP] 2.4.2.4), or the identifier itself: other accounts have their
// names in the registry.
func AccountName(sid string) string {
	for _, known := range [...]struct{ sid, name string }{
		{"S-1-0-0", "NULL SID"},
		{"S-1-1-0", "Everyone"},
		{"S-1-2-0", "LOCAL"},
		{"S-1-2-1", "CONSOLE LOGON"},
		{"S-1-3-0", "CREATOR OWNER"},
		{"S-1-3-1", "CREATOR GROUP"},
		{"S-1-3-4", "OWNER RIGHTS"},
		{"S-1-5-2", `NT AUTHORITY\NETWORK`},
		{"S-1-5-3", `NT AUTHORITY\BATCH`},
		{"S-1-5-4", `NT AUTHORITY\INTERACTIVE`},
		{"S-1-5-6", `NT AUTHORITY\SERVICE`},
		{"S-1-5-7", `NT AUTHORITY\ANONYMOUS LOGON`},
		{"S-1-5-9", `NT AUTHORITY\ENTERPRISE DOMAIN CONTROLLERS`},
		{"S-1-5-10", `NT AUTHORITY\SELF`},
		{"S-1-5-11", `NT AUTHORITY\Authenticated Users`},
		{"S-1-5-12", `NT AUTHORITY\RESTRICTED`},
		{"S-1-5-13", `NT AUTHORITY\TERMINAL SERVER USER`},
		{"S-1-5-14", `NT AUTHORITY\REMOTE INTERACTIVE LOGON`},
		{"S-1-5-18", `NT AUTHORITY\SYSTEM`},
		{"S-1-5-19", `NT AUTHORITY\LOCAL SERVICE`},
		{"S-1-5-20", `NT AUTHORITY\NETWORK SERVICE`},
		{"S-1-5-32-544", `BUILTIN\Administrators`},
		{"S-1-5-32-545", `BUILTIN\Users`},
		{"S-1-5-32-546", `BUILTIN\Guests`},
		{"S-1-5-32-547", `BUILTIN\Power Users`},
		{"S-1-5-32-548", `BUILTIN\Account Operators`},
		{"S-1-5-32-549", `BUILTIN\Server Operators`},
		{"S-1-5-32-550", `BUILTIN\Print Operators`},
		{"S-1-5-32-551", `BUILTIN\Backup Operators`},
		{"S-1-5-32-552", `BUILTIN\Replicator`},
		{"S-1-5-32-555", `BUILTIN\Remote Desktop Users`},
		{"S-1-5-32-556", `BUILTIN\Network Configuration Operators`},
		{"S-1-5-32-558", `BUILTIN\Performance Monitor Users`},
		{"S-1-5-32-559", `BUILTIN\Performance Log Users`},
		{"S-1-5-32-568", `BUILTIN\IIS_IUSRS`},
		{"S-1-5-32-573", `BUILTIN\Event Log Readers`},
		{"S-1-5-32-578", `BUILTIN\Hyper-V Administrators`},
		{"S-1-5-32-580", `BUILTIN\Remote Management Users`},
		{"S-1-5-80-0", `NT SERVICE\ALL SERVICES`},
		{"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464", `NT SERVICE\TrustedInstaller`},
		{"S-1-5-83-0", `NT VIRTUAL MACHINE\Virtual Machines`},
		{"S-1-5-90-0", `Window Manager\Window Manager Group`},
		{"S-1-5-113", `NT AUTHORITY\Local account`},
		{"S-1-5-114", `NT AUTHORITY\Local account and member of Administrators group`},
		{"S-1-15-2-1", "ALL APPLICATION PACKAGES"},
		{"S-1-15-2-2", "ALL RESTRICTED APPLICATION PACKAGES"},
	} {
		if known.sid == sid {
			return known.name
		}
	}
	return sid
}
