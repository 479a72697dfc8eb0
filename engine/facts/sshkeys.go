package facts

// SSHKeys is the domain "ssh_keys": the keys that identify the guest and those that let people in.
type SSHKeys struct {
	Host       []SSHHostKey        `json:"host"`
	Authorized []SSHAuthorizedFile `json:"authorized"`
	// Private has the private keys of users, by the names that ssh-keygen gives them.
	Private []SSHPrivateKey `json:"private"`
}

// SSHHostKey is one key of the server.
type SSHHostKey struct {
	Key     *SSHKey        `json:"public" jsonschema:"nullable"` // nil: the file beside the private key is missing or no key
	Private *SSHPrivateKey `json:"private" jsonschema:"nullable"`
}

// SSHPrivateKey says that there is a private key. Its content is not read.
type SSHPrivateKey struct {
	Path string `json:"path"`
	User string `json:"user,omitempty"`
	Type string `json:"type"` // by the file's name: "rsa", "ecdsa", "ed25519", "dsa" or ""
	Mode string `json:"mode"` // four octal digits
	UID  uint32 `json:"uid"`
	GID  uint32 `json:"gid"`
}

// SSHAuthorizedFile is one file of keys that let a user in.
type SSHAuthorizedFile struct {
	User string   `json:"user"`
	Path string   `json:"path"`
	Mode string   `json:"mode"`
	UID  uint32   `json:"uid"`
	Keys []SSHKey `json:"keys"`
}

// SSHKey is one public key.
type SSHKey struct {
	Type        string   `json:"type"` // "ssh-ed25519"
	Bits        int      `json:"bits"`
	Fingerprint string   `json:"fingerprint"` // "SHA256:…"
	Comment     string   `json:"comment"`
	Options     []string `json:"options,omitempty"` // such as command="…", from="…", with secrets blanked
	Source      Source   `json:"source"`
}
