package facts

// Firewall is the domain "firewall": the rules each firewall would load. A part is nil when the guest has no trace of that
// firewall. Enabled says whether boot starts its unit, and is nil when the units are not known.
type Firewall struct {
	// Active names the firewalls that a boot starts. More than one of them is a mistake in itself.
	Active    []string   `json:"active"`
	NFTables  *NFTables  `json:"nftables" jsonschema:"nullable"`
	UFW       *UFW       `json:"ufw" jsonschema:"nullable"`
	IPTables  *IPTables  `json:"iptables" jsonschema:"nullable"`
	FirewallD *FirewallD `json:"firewalld" jsonschema:"nullable"`
}

// NFTables is what /etc/nftables.conf, or the file the unit names, makes.
type NFTables struct {
	Enabled *bool      `json:"enabled" jsonschema:"nullable"`
	Files   []string   `json:"files"`
	Tables  []NFTTable `json:"tables"`
}

// NFTTable is one table.
type NFTTable struct {
	Family string     `json:"family"` // "ip" where none is named
	Name   string     `json:"name"`
	Chains []NFTChain `json:"chains"`
}

// NFTChain is one chain. Hook, Type, Priority and Policy are those of a base chain and "" for others, which nothing but
// jumps reaches.
type NFTChain struct {
	Name     string    `json:"name"`
	Type     string    `json:"type"`
	Hook     string    `json:"hook"`
	Priority string    `json:"priority"`
	Policy   string    `json:"policy"` // of a base chain "accept" where it says nothing
	Rules    int       `json:"rules"`
	Lines    []NFTRule `json:"lines"` // the first of them
	Source   Source    `json:"source"`
}

// NFTRule is one rule as its file has it, with variables filled in.
type NFTRule struct {
	Text   string `json:"text"`
	Source Source `json:"source"`
}

// UFW is the configuration of ufw(8).
type UFW struct {
	// Enabled is set when ufw.conf says so and boot starts the unit: both are needed.
	Enabled *bool `json:"enabled" jsonschema:"nullable"`
	// Switch is ENABLED= of ufw.conf; Started is whether boot starts the unit.
	Switch         *Value[string] `json:"switch" jsonschema:"nullable"`
	Started        *bool          `json:"started" jsonschema:"nullable"`
	DefaultInput   *Value[string] `json:"default_input" jsonschema:"nullable"` // "DROP", "REJECT" or "ACCEPT"
	DefaultOutput  *Value[string] `json:"default_output" jsonschema:"nullable"`
	DefaultForward *Value[string] `json:"default_forward" jsonschema:"nullable"`
	IPv6           *Value[string] `json:"ipv6" jsonschema:"nullable"`
	LogLevel       *Value[string] `json:"loglevel" jsonschema:"nullable"`
	Rules          []UFWRule      `json:"rules"`
}

// UFWRule is one rule of the user: the fields of a "### tuple ###" line of user.rules.
type UFWRule struct {
	Action    string `json:"action"` // "allow", "deny", "reject", "limit", with "_log" behind it as ufw has it
	Protocol  string `json:"protocol"`
	Port      string `json:"port"`
	To        string `json:"to"`
	FromPort  string `json:"from_port"`
	From      string `json:"from"`
	Direction string `json:"direction"` // "in", "out" and the interface behind it
	IPv6      bool   `json:"ipv6"`
	Route     bool   `json:"route,omitempty"`
	Source    Source `json:"source"`
}

// IPTables is what iptables-restore(8) would load.
type IPTables struct {
	Enabled *bool           `json:"enabled" jsonschema:"nullable"`
	Tables  []IPTablesTable `json:"tables"`
}

// IPTablesTable is one table of one file.
type IPTablesTable struct {
	Family string          `json:"family"` // "ip" or "ip6"
	Name   string          `json:"name"`
	Chains []IPTablesChain `json:"chains"`
	Path   string          `json:"path"`
}

// IPTablesChain is one chain. Policy is "" for a chain of the user.
type IPTablesChain struct {
	Name   string    `json:"name"`
	Policy string    `json:"policy"`
	Rules  int       `json:"rules"`
	Lines  []NFTRule `json:"lines"` // the first of them
	Source *Source   `json:"source" jsonschema:"nullable"`
}

// FirewallD is the permanent configuration of firewalld.
type FirewallD struct {
	Enabled     *bool           `json:"enabled" jsonschema:"nullable"`
	DefaultZone *Value[string]  `json:"default_zone" jsonschema:"nullable"`
	Backend     *Value[string]  `json:"backend" jsonschema:"nullable"`
	Zones       []FirewallDZone `json:"zones"`
}

// FirewallDZone is one zone: that of /etc where both directories have it.
type FirewallDZone struct {
	Name       string   `json:"name"`
	Target     string   `json:"target"` // "default", "ACCEPT", "DROP" or "%%REJECT%%"
	Interfaces []string `json:"interfaces"`
	Sources    []string `json:"sources"`
	Services   []string `json:"services"`
	Ports      []string `json:"ports"` // "443/tcp"
	Protocols  []string `json:"protocols"`
	Forward    bool     `json:"forward"`
	Masquerade bool     `json:"masquerade"`
	RichRules  int      `json:"rich_rules"`
	Path       string   `json:"path"`
}
