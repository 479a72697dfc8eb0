package facts

// Apt is the domain "apt": where apt takes packages from and what it checks.
type Apt struct {
	Sources []AptSource `json:"sources"`
	// Conf has the settings by key in lower case, since apt minds no case: "apt::get::allowunauthenticated".
	Conf map[string]*Value[string] `json:"conf"`
	// Lists has what was added to a list, by its key in lower case without the "::" at its end:
	// "unattended-upgrade::allowed-origins".
	Lists map[string][]Value[string] `json:"lists"`
	Keys  []string                   `json:"keys"` // keyrings that every source without signed_by may be signed by
}

// AptSource is one line of sources.list(5), or one stanza of a .sources file.
type AptSource struct {
	Types         []string `json:"types"` // "deb", "deb-src"
	URIs          []string `json:"uris"`  // without passwords
	Suites        []string `json:"suites"`
	Components    []string `json:"components"`
	Architectures []string `json:"architectures"`
	Enabled       bool     `json:"enabled"`
	// Trusted is nil where nothing is said: then the signature decides. True accepts packages that nobody signed.
	Trusted  *bool  `json:"trusted" jsonschema:"nullable"`
	SignedBy string `json:"signed_by,omitempty"` // paths or fingerprints; "embedded" for a key in the file
	// Options has the other options by their names in lower case, such as allow-insecure.
	Options map[string]string `json:"options,omitempty"`
	Source  Source            `json:"source"`
}

// Repositories is what the domains "dnf" and "zypper" are made of: repositories and what is checked of them.
type Repositories struct {
	Main  map[string]*Value[string] `json:"main"` // settings of [main]
	Repos []Repo                    `json:"repos"`
	Vars  map[string]*Value[string] `json:"vars,omitempty"` // $releasever and its like
}

// Dnf is the domain "dnf": dnf.conf(5), or yum.conf(5).
type Dnf Repositories

// Zypper is the domain "zypper": zypp.conf and repos.d.
type Zypper Repositories

// Repo is one repository. What it does not set itself comes from [main], or is a default.
type Repo struct {
	ID           string            `json:"id"`
	Name         string            `json:"name"`
	URLs         []string          `json:"urls"` // baseurl, mirrorlist and metalink, without passwords
	Enabled      *Value[bool]      `json:"enabled"`
	GPGCheck     *Value[bool]      `json:"gpgcheck"` // of packages
	RepoGPGCheck *Value[bool]      `json:"repo_gpgcheck"`
	SSLVerify    *Value[bool]      `json:"sslverify"`
	GPGKeys      []string          `json:"gpgkey"`
	Settings     map[string]string `json:"settings"` // all of them, as written, save for secrets
	Source       Source            `json:"source"`   // of its section
}

// Apk is the domain "apk": where apk takes packages from.
type Apk struct {
	Repositories []ApkRepository `json:"repositories"`
	Keys         []string        `json:"keys"` // trusted ones, by path
}

// ApkRepository is one line of apk-repositories(5).
type ApkRepository struct {
	URL    string `json:"url"` // without a password
	Tag    string `json:"tag,omitempty"`
	Source Source `json:"source"`
}

// Pacman is the domain "pacman": pacman.conf(5).
type Pacman struct {
	Options  map[string]*Value[string] `json:"options"` // that have one value; a flag has ""
	SigLevel []Value[string]           `json:"siglevel"`
	// PackageSignature is what SigLevel comes to for packages: "required", "optional" or "never".
	PackageSignature string          `json:"package_signature"`
	IgnorePkg        []Value[string] `json:"ignore_pkg"`
	IgnoreGroup      []Value[string] `json:"ignore_group"`
	Repos            []PacmanRepo    `json:"repos"`
}

// PacmanRepo is one repository.
type PacmanRepo struct {
	Name             string          `json:"name"`
	Servers          []string        `json:"servers"`
	SigLevel         []Value[string] `json:"siglevel"` // its own
	PackageSignature string          `json:"package_signature"`
	Source           Source          `json:"source"`
}

// CryptoPolicy is the domain "crypto_policy": the system-wide policy of RHEL and its kin (crypto-policies(7)).
type CryptoPolicy struct {
	Configured *Value[string] `json:"configured" jsonschema:"nullable"` // /etc/crypto-policies/config, whole
	State      *Value[string] `json:"state" jsonschema:"nullable"`      // what was applied last
	Policy     string         `json:"policy"`                           // of State: "DEFAULT"
	Modules    []string       `json:"modules"`                          // of State: "NO-SHA1"
	Drift      bool           `json:"drift"`                            // configured and not applied
	BackEnds   []BackEnd      `json:"back_ends"`
}

// BackEnd is the configuration of one library or program.
type BackEnd struct {
	Name   string `json:"name"`   // "opensshserver"
	Path   string `json:"path"`   // of the link or file
	Target string `json:"target"` // of the link; "" for a file, which a module or a person wrote
	Policy string `json:"policy"` // that the target belongs to; "" when that cannot be told
	Exists bool   `json:"exists"` // what it leads to
}

// FIPS is the domain "fips": what would put the guest into FIPS mode.
type FIPS struct {
	// Kernel is the argument fips= of the default boot entry; nil when it has none or the entry is not known.
	Kernel *KernelSetting `json:"kernel" jsonschema:"nullable"`
	// Enabled is whether the kernel would start in FIPS mode; nil when the boot entry is not known.
	Enabled *bool   `json:"enabled" jsonschema:"nullable"`
	Marker  *Source `json:"marker" jsonschema:"nullable"` // /etc/system-fips
	Dracut  *Source `json:"dracut" jsonschema:"nullable"` // what puts FIPS into the initramfs
}

// Certificates is the domain "certificates": the X.509 certificates of the guest's hosts and authorities.
type Certificates []Certificate

// Certificate is one certificate. A file with several is several.
type Certificate struct {
	Subject     string   `json:"subject"`
	Issuer      string   `json:"issuer"`
	Serial      string   `json:"serial"` // hexadecimal
	NotBefore   string   `json:"not_before"`
	NotAfter    string   `json:"not_after"`
	NotAfterDay int      `json:"not_after_day"` // in days since 1970-01-01 UTC
	CA          bool     `json:"ca"`
	SelfSigned  bool     `json:"self_signed"`
	Names       []string `json:"names"`     // DNS names and addresses
	Signature   string   `json:"signature"` // algorithm
	Key         string   `json:"key"`       // algorithm and size: "RSA 2048", "ECDSA P-256"
	SHA256      string   `json:"sha256"`    // fingerprint
	Use         string   `json:"use"`       // "host" or "authority", by where it lies
	Index       int      `json:"index"`     // in its file, from 0
	Source      Source   `json:"source"`
}
