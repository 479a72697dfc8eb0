package facts

// ImageState is the domain "image_state": what a golden image should not hand down to the machines made from it. Keys of SSH,
// the machine's id, cloud-init and people's files are in domains of their own. Sizes are in bytes. A member is nil where one of
// its places may be on a volume that the disks do not hold.
type ImageState struct {
	RandomSeeds []StateFile `json:"random_seeds" jsonschema:"nullable"` // of systemd, of System V init, and of systemd-boot
	DHCPLeases  []StateFile `json:"dhcp_leases" jsonschema:"nullable"`
	// UdevNetRules are rules, and configuration of interfaces, that hold for one hardware address.
	UdevNetRules []NetRule `json:"udev_net_rules" jsonschema:"nullable"`
	// PackageCaches are the directories of package managers with files that can be fetched again.
	PackageCaches []PackageCache `json:"package_caches" jsonschema:"nullable"`
	Crash         []StateFile    `json:"crash" jsonschema:"nullable"` // core dumps and crash reports
	// TmpFiles counts what is below /tmp and /var/tmp on the disks.
	TmpFiles   map[string]int `json:"tmp_files" jsonschema:"nullable"`
	MailSpools []StateFile    `json:"mail_spools" jsonschema:"nullable"`
	// Unattended are answer files and logs of an installation, and data of cloud-init that holds a password.
	Unattended []AnswerFile `json:"unattended" jsonschema:"nullable"`
	RHSM       []StatePath  `json:"rhsm" jsonschema:"nullable"` // certificates and state of Red Hat's subscription manager
}

// StateFile is one file.
type StateFile struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
}

// StatePath is one file of which only its being there counts.
type StatePath struct {
	Path string `json:"path"`
}

// NetRule is one line that names a hardware address.
type NetRule struct {
	Path string `json:"path"`
	Line int    `json:"line"`
	MAC  string `json:"mac"` // in lower case with colons
}

// PackageCache is one directory with files in it.
type PackageCache struct {
	Path  string `json:"path"`
	Files int    `json:"files"`
	Bytes int64  `json:"bytes"`
}

// AnswerFile is one file of an installation. A password itself is not told.
type AnswerFile struct {
	Path        string `json:"path"`
	HasPassword bool   `json:"has_password"`
	Line        int    `json:"line,omitempty"` // of the first password
}
