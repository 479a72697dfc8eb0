package facts

// CloudInit is the domain "cloud_init": what is there of cloud-init. User data may hold secrets: only its presence is told.
type CloudInit struct {
	Installed bool     `json:"installed"`                      // the program is there
	Disabled  *Source  `json:"disabled" jsonschema:"nullable"` // the file that keeps it from running
	Configs   []string `json:"configs"`                        // files of configuration, in the order of reading
	// Datasource is where the last boot had its data from, such as "DataSourceNoCloud"; InstanceID the instance it took
	// itself for. An image that has either was booted: its next instance runs cloud-init anew only under another id.
	Datasource *Value[string] `json:"datasource" jsonschema:"nullable"`
	InstanceID *Value[string] `json:"instance_id" jsonschema:"nullable"`
	Instances  []string       `json:"instances"` // directories of instances that are kept
	Seeds      []string       `json:"seeds"`     // data that waits on the disk for a boot
	// Data are files with user data, vendor data or what was made of them, which are not empty.
	Data []string `json:"data"`
}

// Containers is the domain "containers": the stores of container engines on the disk, and what starts containers. The
// packages in them are not packages of the guest.
type Containers struct {
	Stores    []ContainerStore `json:"stores"`
	Quadlets  []string         `json:"quadlets"`  // units of podman: .container, .pod, .kube …
	Manifests []string         `json:"manifests"` // static pods of the kubelet, and of K3s and RKE2
	Configs   []string         `json:"configs"`   // of the engines
}

// ContainerStore is one directory that an engine keeps things in.
type ContainerStore struct {
	Engine string `json:"engine"` // "docker", "podman", "containerd", "cri-o", "kubernetes", "k3s", "rke2", "lxc", "lxd", "incus", "nspawn"
	Path   string `json:"path"`
	// Containers and Images count what is in the store; they are nil where the store is only known to be there.
	Containers *int `json:"containers" jsonschema:"nullable"`
	Images     *int `json:"images" jsonschema:"nullable"`
}
