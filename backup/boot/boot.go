// Package boot proves, without running anything, that a Linux guest would start on a machine: from the firmware's first sector to the
// login prompt, one link after the other, each with its evidence.
//
// It follows the BIOS path with GRUB (GNU GRUB 2.06 and 2.12, i386-pc); the path of UEFI (UEFI 2.10, section 3.5) through shim and its
// fallback to GRUB, to systemd-boot with the entries of the Boot Loader Specification, or to a unified kernel image; the x86 boot protocol
// of Linux (Documentation/arch/x86/boot.rst), initrds of cpio archives (Documentation/driver-api/early-userspace/buffer-format.rst), and
// systemd. What it recognises and does not follow is unknown with the reason: EXTLINUX beyond its first sectors, other inits than systemd,
// boot loaders that only a variable of the firmware starts. Keys of Secure Boot are not looked at. Nothing unknown makes a guest bootable.
package boot

import (
	"context"
	"debug/elf"
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/finding"
)

// Options say what is to be proven.
type Options struct {
	// Target is what the machine would be restored on, one of Targets; "" asks for a driver of any disk.
	Target string
	// Firmware is whose way is followed, one of Firmwares; "" is FirmwareAuto.
	Firmware string
	// Packages are the digests of the guest's packages. Where it is nil they are read from the guest.
	Packages *shipped.Index
}

// Proof is the chain of links from the firmware to a login, and what it is about.
type Proof struct {
	Status   finding.Status `json:"status"`
	Firmware string         `json:"firmware"` // whose way was followed: "bios", "uefi", "bios+uefi", or "" where there is none
	Target   string         `json:"target,omitempty"`
	Entry    string         `json:"entry"`   // title of what an unattended boot starts
	Kernel   string         `json:"kernel"`  // its path in the guest
	Release  string         `json:"release"` // of the kernel, as uname -r
	Initrds  []string       `json:"initrds"`
	Root     string         `json:"root"` // the kernel's argument
	Drivers  []string       `json:"drivers"`
	Identity Identity       `json:"identity"`
	Links    []Link         `json:"links"`
}

// Identity tells one machine's backup from another's.
type Identity struct {
	MachineID string `json:"machine_id"`
	RootUUID  string `json:"root_uuid"`
}

// Link is one step of a boot.
type Link struct {
	ID       string             `json:"id"` // "backup.boot/kernel"
	Title    string             `json:"title"`
	Status   finding.Status     `json:"status"`
	Expected string             `json:"expected"`
	Actual   string             `json:"actual"`
	Message  string             `json:"message"`
	Where    []finding.Location `json:"where"`
	Notes    []string           `json:"notes,omitempty"`
	Fix      string             `json:"fix,omitempty"`

	// absent is set when there is nothing that later links could look at.
	absent bool
}

const prefix = "backup.boot/"

// link is how one link is judged.
type link struct {
	id, title, expected string
	// needs is the link without which there is nothing to look at.
	needs string
	judge func(*prover, *verdict)
	// of is the firmware whose way the link is on; "" is any.
	of string
}

// chain is the boot, in its order.
var chain = []link{
	{"firmware", "The firmware finds a boot loader", "boot code in the first sector that leads to a boot loader", "", (*prover).firmware, bios},
	{"loader", "The boot loader is whole", "a core image that unpacks, with the modules that reach its configuration", "firmware", (*prover).loader, bios},
	{"uefi", "UEFI firmware finds a boot loader", "a program on an EFI system partition that firmware starts by itself, and that leads to a boot loader", "", (*prover).uefi, uefi},
	{"uefi-loader", "The boot loader for UEFI finds its menu", "a boot loader with all that it needs to reach its menu", "uefi", (*prover).uefiLoader, uefi},
	{"config", "The boot menu starts a kernel without a user", "a default entry with a kernel on the disk that the menu names", "", (*prover).config, ""},
	{"kernel", "The kernel is whole", "a kernel of its declared size and content", "config", (*prover).kernel, ""},
	{"initrd", "The initrd is whole and reaches the root file system", "archives that unpack, with an init and the drivers of disk and file system", "kernel", (*prover).initrd, ""},
	{"root", "The kernel is told the root file system of this guest", "root= that names the file system of this guest", "config", (*prover).root, ""},
	{"modules", "The modules of the kernel are installed", "a directory of modules of the kernel's release", "kernel", (*prover).modules, ""},
	{"init", "The init system starts", "an init, its programs and all libraries they need", "", (*prover).init, ""},
	{"target", "The default target starts", "a target that exists, is not masked and ends in a login", "", (*prover).target, ""},
	{"fstab", "Everything that a boot waits for can be mounted", "a source on these disks for every mount that a boot needs", "", (*prover).fstab, ""},
	{"accounts", "root can log in", "root with the id 0 in /etc/passwd, and its shell", "", (*prover).accounts, ""},
	{"space", "The root file system has room", "free blocks and inodes", "", (*prover).space, ""},
	{"identity", "The backup is of a machine that can be told from others", "a machine id, or none to be made at the first boot", "", (*prover).identity, ""},
}

// onMedium are the links of a live system that its root, a file on the medium, does not decide. Those that need them follow.
var onMedium = []string{"firmware", "uefi", "config", "space"}

// Domains are the facts that a proof needs.
func Domains() []string { return []string{"boot", "kernel", "default_target", "mounts", "selinux"} }

// Prove judges every link of the guest's boot. The error is that of the context, or says that no proof can be tried.
func Prove(ctx context.Context, m *engine.Machine, g *guest.Guest, doc *facts.Document, opts Options) (*Proof, error) {
	if _, ok := targets[opts.Target]; !ok && opts.Target != "" {
		return nil, fmt.Errorf("target %q, want one of %s", opts.Target, strings.Join(Targets(), ", "))
	}
	if opts.Firmware != "" && !slices.Contains(Firmwares(), opts.Firmware) {
		return nil, fmt.Errorf("firmware %q, want one of %s", opts.Firmware, strings.Join(Firmwares(), ", "))
	}
	p := &prover{ctx: ctx, machine: m, Guest: g, doc: doc, opts: opts, proof: &Proof{Target: opts.Target, Initrds: []string{}, Drivers: []string{}}}
	p.isa = elf.EM_NONE
	if p.opts.Packages == nil {
		index, err := shipped.Load(ctx, g)
		if err != nil {
			return nil, err
		}
		p.opts.Packages = index
	}
	laid := p.laidOut()
	for _, l := range chain {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if l.of != "" && !slices.Contains(laid, l.of) {
			continue
		}
		p.proof.Links = append(p.proof.Links, p.look(l))
	}
	p.proof.Status = p.proof.worst()
	return p.proof, nil
}

// prover follows one boot. What a link finds out, later ones use.
type prover struct {
	*guest.Guest

	ctx     context.Context
	machine *engine.Machine
	doc     *facts.Document
	opts    Options
	proof   *Proof

	disk         engine.Volume    // that the firmware starts
	start        int64            // sector of the boot loader's core image
	grubDir      string           // of GRUB's configuration; "" where GRUB is not the loader
	platform     string           // of GRUB's modules: "i386-pc"
	loaderKind   string           // what reads the menu, where that is known
	espDisk      engine.Volume    // that has the EFI system partition
	efi          *efiProgram      // the boot loader for UEFI
	unifiedEntry *facts.BootEntry // of a unified kernel image that firmware starts itself
	unifiedImage *peFile          // that the kernel is in, or nil
	entry        *facts.BootEntry
	release      string
	isa          elf.Machine // of the guest's programs
	systemd      bool
}

// look judges one link, or says why there is nothing to look at.
func (p *prover) look(l link) Link {
	v := &verdict{}
	for _, before := range p.proof.Links {
		if before.ID == prefix+l.needs && before.absent {
			v.unknown("", "not looked at because it depends on %s", before.ID)
			v.absent = true
		}
	}
	if len(p.Root.Layers) > 0 && slices.Contains(onMedium, l.id) {
		v.unknown("", "a live system: what starts it lies on its medium and not in its root, and is not followed")
		v.absent = true
	}
	if v.empty() {
		l.judge(p, v)
	}
	return v.link(l)
}

// Findings are the links as the program reports them.
func (p *Proof) Findings() []finding.Finding {
	all := make([]finding.Finding, len(p.Links))
	for i, l := range p.Links {
		all[i] = finding.Finding{
			ID: l.ID, Title: l.Title, Status: l.Status, Severity: finding.Critical, Expected: l.Expected, Actual: l.Actual, Message: l.Message,
			Where: l.Where, Notes: l.Notes, Fix: l.Fix, Fingerprint: finding.Fingerprint(l.ID, "", ""),
		}
	}
	return all
}

// worst is the status of the chain: it holds when every link does.
func (p *Proof) worst() finding.Status {
	has := func(s finding.Status) bool {
		return slices.ContainsFunc(p.Links, func(l Link) bool { return l.Status == s })
	}
	switch {
	case has(finding.Fail):
		return finding.Fail
	case has(finding.Unknown):
		return finding.Unknown
	}
	return finding.Pass
}

// factsOf returns a domain, or tells v why it is not there. What the collector could not read makes the link unknown.
func factsOf[T any](p *prover, v *verdict, name string) *T {
	st := p.doc.Collectors[name]
	for i, problem := range st.Problems {
		if i == maxTold {
			v.note("%d more problems of the facts about %s", len(st.Problems)-i, name)
			break
		}
		v.unknownAt(finding.Location{Path: problem.Path, Line: problem.Line}, "%s", problem.Message)
	}
	t, ok := facts.Get[T](p.doc, name)
	if !ok && v.empty() {
		v.unknown("", "the facts about %s are not there", name)
	}
	return t
}
