package engine

import (
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/filesys/btrfs"
	"github.com/guestctl/guestctl/engine/filesys/erofs"
	"github.com/guestctl/guestctl/engine/filesys/exfat"
	"github.com/guestctl/guestctl/engine/filesys/ext4"
	"github.com/guestctl/guestctl/engine/filesys/fat"
	"github.com/guestctl/guestctl/engine/filesys/iso9660"
	"github.com/guestctl/guestctl/engine/filesys/ntfs"
	"github.com/guestctl/guestctl/engine/filesys/squashfs"
	"github.com/guestctl/guestctl/engine/filesys/xfs"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/engine/image/compressed"
	"github.com/guestctl/guestctl/engine/image/parallels"
	"github.com/guestctl/guestctl/engine/image/qcow2"
	"github.com/guestctl/guestctl/engine/image/raw"
	"github.com/guestctl/guestctl/engine/image/vdi"
	"github.com/guestctl/guestctl/engine/image/vhd"
	"github.com/guestctl/guestctl/engine/image/vhdx"
	"github.com/guestctl/guestctl/engine/image/vmdk"
	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/engine/volume/gpt"
	"github.com/guestctl/guestctl/engine/volume/luks"
	"github.com/guestctl/guestctl/engine/volume/lvm"
	"github.com/guestctl/guestctl/engine/volume/mbr"
	"github.com/guestctl/guestctl/engine/volume/md"
)

// Images lists the container formats in the order they are tried. Raw fits everything and stands last.
func Images() []image.Format {
	return []image.Format{
		qcow2.Format,
		vdi.Format,
		vhdx.Format,
		vhd.Format,
		vmdk.Format,
		parallels.Format,
		compressed.Gzip,
		compressed.XZ,
		compressed.Zstd,
		raw.Format,
	}
}

// Volumes lists the partition tables, volume managers, RAID and encryption in the order they are tried, and in which sets of members
// are opened. A disk that is a member of an array can begin with the partition table that is in the array, and a GPT disk also has an
// MBR.
func Volumes() []volume.Format {
	return []volume.Format{
		md.Format,
		gpt.Format,
		luks.Format,
		mbr.Format,
		lvm.Format,
	}
}

// FileSystems lists the file systems in the order they are tried.
func FileSystems() []filesys.Format {
	return []filesys.Format{
		ext4.Format,
		xfs.Format,
		btrfs.Format,
		fat.Format,
		exfat.Format,
		ntfs.Format,
		iso9660.Format,
		squashfs.Format,
		erofs.Format,
	}
}

// Signature recognises something that is named and not read, so that a person learns why it could not be judged.
type Signature struct {
	Name  string
	Probe binread.Probe
	Kind  error // binread.ErrEncrypted, binread.ErrUnsupported, or nil for what holds no files
}

// Signatures lists what is recognised and not read.
func Signatures() []Signature {
	m, unsupported, encrypted := binread.Magic, binread.ErrUnsupported, binread.ErrEncrypted
	return []Signature{
		{"BitLocker", m(3, "-FVE-FS-"), encrypted},
		{"F2FS", m(1024, "\x10\x20\xf5\xf2"), unsupported},
		{"ReFS", m(3, "ReFS\x00\x00\x00\x00"), unsupported},
		{"VMFS", m(1<<20, "\x0d\xd0\x01\xc0"), unsupported},
		{"ZFS", m(0x20000-1024+8, "\x0c\xb1\xba\x00"), unsupported},
		{"bcache", m(4096+24, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"), unsupported},
		{"swap", binread.AnyOf(m(4086, "SWAPSPACE2"), m(4086, "SWAP-SPACE"), m(65526, "SWAPSPACE2")), nil},
		{"gzip", m(0, "\x1f\x8b\x08"), unsupported},
		{"xz", m(0, "\xfd7zXZ\x00"), unsupported},
		{"zstd", m(0, "\x28\xb5\x2f\xfd"), unsupported},
		{"OVA (tar)", m(257, "ustar"), unsupported},
	}
}
