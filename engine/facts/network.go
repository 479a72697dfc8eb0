package facts

// Network is the domain "network": what a guest's files say of its network. What runs, and what DHCP or a hypervisor
// gives at run time, is not known here.
type Network struct {
	// Managers are the programs that set up interfaces and are installed or have files.
	Managers []NetworkManager `json:"managers"`
	// Interfaces are in the order of the managers and of their files, one for each stanza, file or definition.
	Interfaces []NetworkInterface `json:"interfaces"`
	// Gateways, DNS and Search are set for the guest and not for one interface, by the files of network-scripts and wicked.
	Gateways []NetworkLine `json:"gateways"`
	DNS      []NetworkLine `json:"dns"`
	Search   []NetworkLine `json:"search"`
	// Resolver is /etc/resolv.conf; nil when there is none.
	Resolver *Resolver   `json:"resolver" jsonschema:"nullable"`
	Hosts    []HostEntry `json:"hosts"` // lines of /etc/hosts
	// Ignored are lines and files that the program which reads them skips.
	Ignored []Ignored `json:"ignored"`
}

// NetworkManager is a program that sets up interfaces.
type NetworkManager struct {
	Name string `json:"name"` // as in NetworkInterface.Manager, or "dhcpcd" or "connman", whose files are not read
	// Starts is whether boot or a trigger starts it; nil when the guest's units are not known.
	Starts *bool    `json:"starts" jsonschema:"nullable"`
	Units  []string `json:"units"` // that stand for it
}

// NetworkInterface is what one place says of one interface, or of those that a pattern matches.
type NetworkInterface struct {
	// Name is the interface, or patterns such as "en*"; where something else chooses it, as "mac=52:54:00:12:34:56".
	Name string `json:"name"`
	ID   string `json:"id,omitempty"`   // of the connection or definition, where it is not the name
	Kind string `json:"kind,omitempty"` // as the file calls it: "ethernet", "ethernets", "Bond", "loopback"
	// Manager is "ifupdown", "networkd", "netplan", "networkmanager", "network-scripts" or "wicked". The files of
	// network-scripts are read by NetworkManager too.
	Manager  string `json:"manager"`
	Renderer string `json:"renderer,omitempty"` // of netplan: "networkd" or "NetworkManager"
	// Method4 and Method6 say where addresses come from: "dhcp", "static", "manual" for an interface that gets none from
	// its manager, "auto" for router advertisements, "loopback", "disabled" or the manager's own word; "" where the file
	// says nothing of the family. With "dhcp" and "auto" there may be addresses besides.
	Method4 string `json:"method4"`
	Method6 string `json:"method6"`
	// Start is "auto", "hotplug" or "manual": whether the manager sets the interface up by itself.
	Start string `json:"start"`
	// Starts is whether anything starts the manager; nil when the guest's units are not known.
	Starts    *bool         `json:"starts" jsonschema:"nullable"`
	Addresses []NetworkLine `json:"addresses"` // with the length of the prefix where the file says it
	Gateways  []NetworkLine `json:"gateways"`  // of default routes
	DNS       []NetworkLine `json:"dns"`
	Search    []NetworkLine `json:"search"`
	// Hidden is the file that takes the interface first, so that this one has no effect.
	Hidden string `json:"hidden,omitempty"`
	Source Source `json:"source"`
}

// NetworkLine is one value and where it is written.
type NetworkLine struct {
	Value  string `json:"value"`
	Source Source `json:"source"`
}

// Resolver is resolv.conf(5).
type Resolver struct {
	Path string `json:"path"`
	Link string `json:"link,omitempty"` // the target, where it is a link
	// Present is false for a link to a file that is made at run time: then the lists are empty and nothing is known.
	Present     bool          `json:"present"`
	Nameservers []NetworkLine `json:"nameservers"` // the first three, which count
	// Search is the last search or domain line.
	Search  *Value[[]string] `json:"search" jsonschema:"nullable"`
	Options []NetworkLine    `json:"options"`
}

// HostEntry is one line of hosts(5).
type HostEntry struct {
	Address string   `json:"address"`
	Names   []string `json:"names"`
	Source  Source   `json:"source"`
}
