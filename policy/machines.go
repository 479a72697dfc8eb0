package policy

import (
	"slices"
	"strings"

	"github.com/guestctl/guestctl/internal/nearest"
)

// osIDs are the operating systems that the ID of an os-release names most often (os-release(5)).
const osIDs = `almalinux alpine altlinux amzn arch archarm azurelinux bottlerocket centos clear-linux-os cos debian devuan elementary
eurolinux fedora flatcar gentoo kali linuxmint mageia manjaro mariner miraclelinux nixos ol openEuler openmandriva opensuse-leap
opensuse-tumbleweed oracle photon pop postmarketos proxmox raspbian rhel rocky sl slackware sle-micro sled sles steamos ubuntu void
wolfi`

const minDoubtful = 4 // letters; everything that is shorter looks like something else

// archNames are the names that kernels give to architectures (uname -m).
const archNames = `aarch64 armv6l armv7l i386 i586 i686 loongarch64 mips64 ppc64 ppc64le riscv64 s390x x86_64`

// doubtful warns of a name that is none of the known ones and looks like one of them: a condition that is misspelt holds for no guest,
// and its checks would be silent everywhere. Any other name is the author's business.
func (c *compiler) doubtful(at int, what, name, known string) {
	names := strings.Fields(known)
	if len(name) < minDoubtful || slices.Contains(names, name) {
		return
	}
	if near := nearest.Word(name, names); near != "" {
		c.warn(at, "no %s %s is known, did you mean %s?", what, quote(name), near)
	}
}
