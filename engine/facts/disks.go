package facts

// Disks is the domain "disks": the disks of the machine, with what they are divided into.
type Disks []MachineDisk

// MachineDisk is one disk.
type MachineDisk struct {
	Device     string      `json:"device"`
	Size       int64       `json:"size"`    // bytes
	Content    string      `json:"content"` // "gpt", "mbr", or what is on the bare disk: "ext4"
	UUID       string      `json:"uuid"`    // of the table or file system
	Label      string      `json:"label"`   // of the file system on the bare disk
	Partitions []Partition `json:"partitions"`
}

// Partition is one partition, or another volume on a disk.
type Partition struct {
	Device   string `json:"device"`
	Number   int    `json:"n"`
	Type     string `json:"type"` // of the partition, in words where they are known
	PartUUID string `json:"partuuid"`
	Name     string `json:"name"`   // of the partition
	FSType   string `json:"fstype"` // "" when nothing was recognised in it
	UUID     string `json:"uuid"`   // of the file system
	Label    string `json:"label"`  // of the file system
	Size     int64  `json:"size"`   // bytes
	// Encrypted names how it is encrypted on the disks: "aes-xts-plain64"; "" where it lies plainly on one.
	Encrypted string `json:"encrypted,omitempty"`
	// Devices are the names below /dev by which the guest knows it, where they are not those of a partition.
	Devices []string `json:"devices,omitempty"`
	// Unread says why the content could not be read; "" when it was, or when there is nothing to read.
	Unread string `json:"unread,omitempty"`
}
