package gpt

import (
	"strings"

	diskfs "github.com/diskfs/go-diskfs/partition/gpt"
)

// dynamic is the kind of partitions in which Windows keeps volumes of its own.
const dynamic = "Microsoft LDM data"

// kinds are the partition types in words, as fdisk has them.
var kinds = map[diskfs.Type]string{
	diskfs.EFISystemPartition:       "EFI System",
	diskfs.MBRPartitionScheme:       "MBR partition scheme",
	diskfs.BIOSBoot:                 "BIOS boot",
	diskfs.PowerPCPRePBoot:          "PowerPC PReP boot",
	diskfs.LinuxFilesystem:          "Linux filesystem",
	diskfs.LinuxServerData:          "Linux server data",
	diskfs.LinuxRootX86:             "Linux root (x86)",
	diskfs.LinuxRootX86_64:          "Linux root (x86-64)",
	diskfs.LinuxRootArm:             "Linux root (ARM)",
	diskfs.LinuxRootArm64:           "Linux root (ARM-64)",
	diskfs.LinuxReserved:            "Linux reserved",
	diskfs.LinuxHome:                "Linux home",
	diskfs.LinuxRAID:                "Linux RAID",
	diskfs.LinuxExtendedBoot:        "Linux extended boot",
	diskfs.LinuxLVM:                 "Linux LVM",
	diskfs.LinuxSwap:                "Linux swap",
	diskfs.LinuxDMCrypt:             "Linux dm-crypt",
	diskfs.LinuxLUKS:                "Linux LUKS",
	diskfs.MicrosoftReserved:        "Microsoft reserved",
	diskfs.MicrosoftBasicData:       "Microsoft basic data",
	diskfs.MicrosoftLDMMetadata:     "Microsoft LDM metadata",
	diskfs.MicrosoftLDMData:         dynamic,
	diskfs.MicrosoftWindowsRecovery: "Windows recovery environment",
	diskfs.MicrosoftStorageSpaces:   "Microsoft Storage Spaces",
	diskfs.FreeBSDData:              "FreeBSD data",
	diskfs.FreeBSDBoot:              "FreeBSD boot",
	diskfs.FreeBSDSwap:              "FreeBSD swap",
	diskfs.FreeBSDUFS:               "FreeBSD UFS",
	diskfs.FreeBSDZFS:               "FreeBSD ZFS",
	diskfs.AppleHFS:                 "Apple HFS/HFS+",
	diskfs.AppleAPFS:                "Apple APFS",
	diskfs.SolarisUsrAndAppleZFS:    "Solaris /usr & Apple ZFS",
	diskfs.CephOSD:                  "Ceph OSD",
	diskfs.VMwareVMFS:               "VMware VMFS",

	// the Discoverable Partitions Specification (UAPI group), which go-diskfs does not name
	"8484680C-9521-48C6-9C11-B0720656F69E": "Linux /usr (x86-64)",
	"2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5": "Linux root verity (x86-64)",
	"77FF5F63-E7B6-4633-ACF4-1565B864C0E6": "Linux /usr verity (x86-64)",
	"4D21B016-B534-45C2-A9FB-5C16E091FD2D": "Linux variable data",
	"7EC6F557-3BC5-4ACA-B293-16EF5DF639D1": "Linux temporary data",
	"773F91EF-66D4-49B5-BD83-D683BF40AD16": "Linux user's home",
}

// kindOf names a partition type; one without a name is its GUID.
func kindOf(guid string) string {
	if name, ok := kinds[diskfs.Type(guid)]; ok {
		return name
	}
	return strings.ToLower(guid)
}
