package facts

// Packages is the domain "packages": what the guest's package database says.
type Packages struct {
	Manager string `json:"manager"` // "dpkg", "rpm", "apk", "pacman", "windows"
	// Installed has the packages whose files are on the guest, by name. Several versions or architectures of one name
	// are several entries.
	Installed map[string][]Package `json:"installed"`
	// Residual has removed packages of which something is left, such as dpkg's config-files state.
	Residual map[string][]Package `json:"residual"`
	Count    int                  `json:"count"` // entries in Installed
	// Keys are the public keys that rpm trusts, which it keeps among the packages as "gpg-pubkey".
	Keys []Package `json:"keys,omitempty"`
}

// Package is one installed version of a package.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"` // whole: 1:2.3-4
	Arch    string `json:"arch"`
	// Want, Error and State are dpkg's three words; of other managers only State is set, to "installed".
	Want  string `json:"want,omitempty"`
	Error string `json:"error,omitempty"`
	State string `json:"state"`
	// Held is set when the manager is told to leave this version alone; HeldBy is where it is told, unless that is the
	// package's own record.
	Held   bool    `json:"held"`
	HeldBy *Source `json:"held_by,omitempty"`
	// Auto is set for a package that is only there because another needs it, and nil where the manager does not say.
	Auto *bool `json:"auto" jsonschema:"nullable"`
	// Signed is set when the manager noted a signature of the package: rpm one that it keeps, pacman that it checked one. It is nil where
	// the manager keeps none of packages, as dpkg and apk, which go by that of the repository. Nobody looks here who signed.
	Signed *bool `json:"signed,omitempty"`
	// InstallTime is when this version was installed, in seconds since 1970-01-01 UTC; 0 when not known.
	InstallTime int64  `json:"install_time,omitempty"`
	Vendor      string `json:"vendor,omitempty"` // rpm; of Windows the publisher
	Module      string `json:"module,omitempty"` // rpm's modularity label
	// SourceName is the source package.
	SourceName string `json:"source_package,omitempty"`
	// Provides lists the virtual packages it stands for.
	Provides []Provide `json:"provides,omitempty"`
	Source   Source    `json:"source"` // of its record
}

// Provide is a virtual package, with a version where the package gives one.
type Provide struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// Complete reports whether the package is completely installed. A package that is unpacked, half-configured or waits for
// triggers is present and not installed.
func (p Package) Complete() bool { return p.State == "installed" }
