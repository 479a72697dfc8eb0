package mbr

import (
	"fmt"

	diskfs "github.com/diskfs/go-diskfs/partition/mbr"
)

const protectiveGPT = diskfs.GPTProtective

// kinds are the partition types in words, as fdisk has them.
var kinds = map[diskfs.Type]string{
	diskfs.Fat12:         "FAT12",
	diskfs.Fat16:         "FAT16 <32M",
	diskfs.ExtendedCHS:   "Extended",
	diskfs.Fat16b:        "FAT16",
	diskfs.NTFS:          "HPFS/NTFS/exFAT",
	diskfs.Fat32CHS:      "W95 FAT32",
	diskfs.Fat32LBA:      "W95 FAT32 (LBA)",
	diskfs.Fat16bLBA:     "W95 FAT16 (LBA)",
	diskfs.ExtendedLBA:   "W95 Ext'd (LBA)",
	0x11:                 "Hidden FAT12",
	0x12:                 "Compaq diagnostics",
	0x17:                 "Hidden HPFS/NTFS",
	0x27:                 "Hidden NTFS WinRE",
	0x42:                 "SFS",
	diskfs.LinuxSwap:     "Linux swap / Solaris",
	diskfs.Linux:         "Linux",
	diskfs.LinuxExtended: "Linux extended",
	diskfs.LinuxLVM:      "Linux LVM",
	0xa5:                 "FreeBSD",
	0xa6:                 "OpenBSD",
	0xa9:                 "NetBSD",
	diskfs.HFS:           "HFS / HFS+",
	diskfs.Solaris8Boot:  "Solaris boot",
	0xbf:                 "Solaris",
	0xda:                 "Non-FS data",
	0xea:                 "Linux extended boot",
	diskfs.GPTProtective: "GPT",
	diskfs.EFISystem:     "EFI (FAT-12/16/32)",
	diskfs.VMWareFS:      "VMware VMFS",
	diskfs.VMWareSwap:    "VMware VMKCORE",
	0xfd:                 "Linux raid autodetect",
}

// kindOf names a partition type; one without a name is its number.
func kindOf(t diskfs.Type) string {
	if name, ok := kinds[t]; ok {
		return name
	}
	return fmt.Sprintf("type 0x%02x", byte(t))
}
