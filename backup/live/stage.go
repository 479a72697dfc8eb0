package live

import (
	"regexp"
	"strings"
)

// Stage is how far a boot came.
type Stage string

// The stages, in their order.
const (
	Firmware  Stage = "firmware"
	Loader    Stage = "boot loader"
	Kernel    Stage = "kernel"
	Initrd    Stage = "initrd"
	Root      Stage = "root mounted"
	Userspace Stage = "userspace"
	Ready     Stage = "ready"
	Off       Stage = "powered off"
	Read      Stage = "overlay read"
)

// order numbers the stages.
func (s Stage) order() int {
	for i, other := range [...]Stage{Firmware, Loader, Kernel, Initrd, Root, Userspace, Ready, Off, Read} {
		if s == other {
			return i
		}
	}
	return -1
}

// sign is a text on a console that tells something of a boot.
type sign struct {
	text  *regexp.Regexp
	stage Stage // that has been reached where it is seen
	// stuck is set where the machine now waits for a person, or stands still. What moves on afterwards was not stuck.
	stuck bool
	// loads is set where a boot loader says that it loads a kernel, which may fail.
	loads bool
	// person is set where a running system wants a person to mend it.
	person bool
}

const maxSaid = 160 // bytes of a line that a guest says

// signs returns the texts that are known. What a boot loader or a kernel echoes of its command line must match none.
func signs() []sign {
	at := func(stage Stage, text string) sign {
		return sign{text: regexp.MustCompile(`(?m)^.*(?:` + text + `).*$`), stage: stage}
	}
	stuck := func(stage Stage, text string) sign {
		s := at(stage, text)
		s.stuck = true
		return s
	}
	person := func(stage Stage, text string) sign {
		s := stuck(stage, text)
		s.person = true
		return s
	}
	return []sign{
		stuck(Firmware, `No bootable device|not a bootable disk|No bootable option or device|Missing operating system|Boot failed: could not read`),
		at(Loader, `GRUB loading|Welcome to GRUB|GNU GRUB +version|SYSLINUX [0-9]|EXTLINUX [0-9]`),
		stuck(Loader, `grub rescue>|^grub>|Enter username:|^error: |Geom Error|Hard Disk Error`),
		{text: regexp.MustCompile(`(?m)^.*Loading (?:Linux|initial ramdisk).*$`), stage: Loader, loads: true},
		at(Kernel, `Linux version [0-9]`),
		stuck(Kernel, `Kernel panic - not syncing|-- System halted|Unable to mount root fs`),
		at(Initrd, `Loading, please wait|Begin: Running /scripts|dracut-cmdline`),
		stuck(Initrd, `ALERT! +.* does not exist|\(initramfs\) *$|dracut:/#|rdsosreport\.txt`),
		at(Root, `EXT4-fs \([a-z0-9-]+\): mounted filesystem|XFS \([a-z0-9-]+\): Ending clean mount`),
		at(Userspace, `systemd\[1\]: (?:Hostname set|Set hostname|Queued start job|Detected architecture)|Welcome to .*(?:Linux|Ubuntu|Fedora|CentOS)`),
		person(Userspace, `You are in (?:emergency|rescue) mode|Give root password for maintenance|Press Enter for maintenance|the root account is locked`),
		at(Ready, `^[\w.-]+ login: *$`),
	}
}

// told is the line in which a sign stands.
func told(text string, at []int) string {
	line := strings.TrimSpace(text[at[0]:at[1]])
	if len(line) > maxSaid {
		line = strings.ToValidUTF8(line[:maxSaid], "") + "…"
	}
	return line
}

// controls are the sequences by which a program moves the cursor or sets colours (ECMA-48), and characters without a shape.
func controls() *regexp.Regexp {
	return regexp.MustCompile("\x1b\\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Za-z0-9]|\x1b.|[\x00-\x08\x0b-\x1f\x7f]")
}
