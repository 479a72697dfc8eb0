package guest

// Disk is a disk of the machine, or a volume on one, as it was found. It is for facts: nothing is mounted by it.
type Disk struct {
	Device    string
	Number    int   // of the partition; 0 for a disk
	Size      int64 // bytes
	Kind      string
	PartUUID  string
	PartLabel string
	// Encrypted names how the bytes are encrypted on the disks: "aes-xts-plain64"; "" where they lie plainly on one.
	Encrypted string
	Devices   []string // as Volume has them, with the names of the guest's crypttab
	Content   string   // "gpt", "ext4", "LUKS"; "" when nothing was recognised
	UUID      string   // of the table or file system
	Label     string   // of the file system
	Unread    string   // why the content could not be read; "" when it was
	Parts     []Disk   // of a disk: every volume found on it
}
