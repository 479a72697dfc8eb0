package facts

// MTA is the domain "mta": the program that takes in mail, and from where.
type MTA struct {
	// Program is "postfix", "exim4", "sendmail", "opensmtpd", "nullmailer", "msmtp", or "" for another one that has taken the
	// place of sendmail(8). Of several it is the one that boot starts.
	Program string `json:"program"`
	// Installed is unset where only its configuration is left.
	Installed bool `json:"installed"`
	// Enabled is whether boot or a trigger starts it; nil when the guest's units are not known.
	Enabled *bool `json:"enabled" jsonschema:"nullable"`
	// Listen are the addresses it is configured to take mail at, as they are written and with variables filled in.
	Listen []MTAAddress `json:"listen"`
	// LoopbackOnly is whether all of these are the machine's own; nil where that cannot be told.
	LoopbackOnly *bool `json:"loopback_only" jsonschema:"nullable"`
}

// MTAAddress is one address, or a word such as "all" or "loopback-only". Its source is nil for a default.
type MTAAddress struct {
	Value  string  `json:"value"`
	Source *Source `json:"source" jsonschema:"nullable"`
}
