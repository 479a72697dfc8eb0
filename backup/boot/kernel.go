package boot

import (
	"context"
	"debug/elf"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/scanner/archive"
)

const (
	minKernel = 64 << 10
)

// payloads are the magic numbers of the compressed kernel in a bzImage (scripts/Makefile.lib of Linux).
var payloads = map[string]string{
	"gzip": "\x1f\x8b", "xz": "\xfd7zXZ\x00", "zstd": "\x28\xb5\x2f\xfd", "lz4": "\x02\x21\x4c\x18", "lzo": "\x89LZO", "lzma": "\x5d\x00\x00", "bzip2": "BZh",
}

// kernel looks at the image that the default entry starts.
func (p *prover) kernel(v *verdict) {
	path, b, read := p.kernelFile(v)
	if !read {
		v.absent = true
		return
	}
	b = p.unpackUnified(v, path, b)
	p.release = p.releaseOf(path, b)
	p.proof.Release = p.release
	switch {
	case len(b) < minKernel || isZero(b):
		v.fail(path, "is no kernel: %d bytes", len(b))
	case string(b[0x202:0x206]) == "HdrS":
		p.startedByUEFI(v, path, b)
		p.bzImage(v, path, b)
	case string(b[0x38:0x3c]) == "ARM\x64":
		p.startedByUEFI(v, path, b)
		p.arm64(v, path, b)
	case string(b[4:8]) == "zimg":
		v.unknown(path, "is a kernel that unpacks itself as a program of UEFI, which is not looked at")
	default:
		v.fail(path, "has neither the header of an x86 kernel nor of an arm64 one")
	}
}

// kernelFile reads the file that the default entry starts.
func (p *prover) kernelFile(v *verdict) (path string, b []byte, ok bool) {
	if p.unifiedEntry != nil {
		return p.efi.path(), p.efi.content, true
	}
	path = p.entry.Kernel
	o, err := p.Stat(path)
	if err != nil {
		v.unread(path, err)
		v.place(location(p.entry.Source))
		v.repair("install the kernel's package again, or write the menu: grub-mkconfig -o /boot/grub/grub.cfg")
		return path, nil, false
	}
	b, err = o.ReadAll(maxLoader)
	if err != nil {
		v.unread(o.Path, err)
		return o.Path, nil, false
	}
	return o.Path, b, true
}

// startedByUEFI tells whether the kernel is a program that firmware can start, where it has to.
func (p *prover) startedByUEFI(v *verdict, path string, b []byte) {
	if p.efi == nil {
		return
	}
	f, err := readPE(b)
	switch {
	case err != nil:
		v.unknown(path, "whether a boot loader for UEFI starts it is not known: %v", err)
	case !f.runsOn(p.programs()):
		v.fail(path, "is a program for another machine than the programs of the guest, which are for %s", p.programs())
	}
}

// signedKernel tells whether the kernel is what its signature is of.
func (p *prover) signedKernel(v *verdict, path string, b []byte) bool {
	if !isPE(b) {
		return false
	}
	f, err := readPE(b)
	if err != nil {
		return false // for a BIOS it need not be one
	}
	signed, err := f.signed()
	switch {
	case isCorrupt(err):
		v.fail(path, "%v", err)
		v.repair("install the kernel's package again")
	case err != nil:
		v.note("%s: %v", path, err)
	}
	return signed && err == nil
}

// releaseOf is the kernel's release: what its image says, or else the facts.
func (p *prover) releaseOf(path string, b []byte) string {
	c := binread.Little(b)
	if at := int(c.At(0x20e).U16()) + sector; c.Err() == nil && at < len(b) && string(b[0x202:0x206]) == "HdrS" {
		text, _, _ := strings.Cut(string(b[at:min(at+256, len(b))]), "\x00")
		release, _, _ := strings.Cut(text, " ")
		return release
	}
	if k, ok := facts.Get[facts.Kernels](p.doc, "kernel"); ok {
		for _, i := range k.Installed {
			if resolved, err := p.Resolve(i.Image); i.Image != "" && err == nil && resolved == path {
				return i.Release
			}
		}
	}
	return ""
}

// bzImage looks at an image of the x86 boot protocol.
func (p *prover) bzImage(v *verdict, path string, b []byte) {
	c := binread.Little(b)
	setup := int64(c.At(0x1f1).U8()) // setup_sects
	if setup == 0 {
		setup = 4
	}
	protected := (setup + 1) * sector
	end := protected + 16*int64(c.At(0x1f4).U32()) // syssize
	protocol := c.At(0x206).U16()
	offset, length := int64(c.At(0x248).U32()), int64(c.At(0x24c).U32())
	flags := c.At(0x236).U16() // xloadflags
	switch {
	case end > int64(len(b)):
		v.fail(path, "has %d bytes, and its header declares %d", len(b), end)
		return
	case protocol < 0x208 || length == 0:
		v.unknown(path, "boot protocol %#x does not say where the compressed kernel is", protocol)
		return
	case offset > end-protected || length > end-protected-offset:
		v.fail(path, "the compressed kernel of %d bytes at %#x ends beyond %d", length, offset, end)
		return
	case p.programs() == elf.EM_X86_64 && protocol >= 0x20c && flags&1 == 0:
		v.fail(path, "is a 32-bit kernel, and the programs of the guest have 64 bits")
		return
	}
	payload := b[protected+offset:][:length]
	kind := compressionOf(payload)
	if kind == "" {
		v.fail(path, "the compressed kernel begins with %x, which is no known compression", payload[:min(4, len(payload))])
		return
	}
	signed := p.signedKernel(v, path, b)
	switch {
	case len(v.bad) > 0:
	case signed:
		v.holds("%s %s: %d bytes, %s, as it was signed", path, p.release, len(b), kind)
	case whole(b[:end]):
		v.holds("%s %s: %d bytes, %s, with the CRC of its build", path, p.release, len(b), kind)
	case p.packaged(v, path, b):
		v.holds("%s %s: %d bytes, %s, as its package has it", path, p.release, len(b), kind)
	default:
		p.unpacks(v, path, payload, kind)
	}
}

func compressionOf(payload []byte) string {
	for kind, magic := range payloads {
		if len(payload) >= len(magic) && string(payload[:len(magic)]) == magic {
			return kind
		}
	}
	return ""
}

// whole reports whether the CRC-32 at the end of an image holds, which builds up to Linux 6.16 write (arch/x86/boot/tools/build.c). A
// signature changes two fields of the PE header afterwards, which were zero.
func whole(image []byte) bool {
	const rest = 0xffffffff // of content with its CRC behind it
	c := binread.Little(image)
	pe := int(c.At(0x3c).U32())
	const checksum, certificates = 24 + 64, 24 + 112 + 4*8
	end := pe + certificates + 8
	if c.Err() != nil || end > len(image) || string(image[pe:pe+4]) != "PE\x00\x00" {
		return crc32.ChecksumIEEE(image) == rest
	}
	head := slices.Clone(image[:end])
	clear(head[pe+checksum : pe+checksum+4])
	clear(head[pe+certificates:])
	return crc32.Update(crc32.ChecksumIEEE(head), crc32.IEEETable, image[end:]) == rest
}

// unpacks tells an image that is damaged for certain from one for which neither a CRC nor a package vouches.
func (p *prover) unpacks(v *verdict, path string, payload []byte, kind string) {
	if kind != "gzip" && len(payload) > 4 {
		payload = payload[:len(payload)-4] // the size that the build adds
	}
	var cause error
	unpacked := int64(0)
	err := archive.Walk(payload, budget(p.ctx, payload), archive.Visitor{
		Member: func(m archive.Member) error {
			n, err := io.Copy(io.Discard, m)
			unpacked += n
			if cause == nil {
				cause = err
			}
			return nil
		},
		Problem: func(_ string, err error) { cause = err },
	})
	if cause == nil {
		cause = err
	}
	switch {
	case isCorrupt(cause):
		v.fail(path, "the compressed kernel (%s) does not unpack: %v", kind, cause)
	case cause != nil || unpacked == 0:
		v.unknown(path, "nothing vouches for it, and it is not unpacked: %v", cause)
	default:
		v.unknown(path, "the compressed kernel unpacks to %d bytes, and neither a CRC nor a package vouches for what unpacks it", unpacked)
	}
}

// arm64 looks at an image of Documentation/arch/arm64/booting.rst, which has no CRC.
func (p *prover) arm64(v *verdict, path string, b []byte) {
	c := binread.Little(b)
	if size := int64(c.At(0x10).U64()); size < 0 || p.programs() != elf.EM_AARCH64 {
		v.fail(path, "is an arm64 kernel of %d bytes in memory, and the programs of the guest are for %s", size, p.programs())
		return
	}
	if !p.packaged(v, path, b) {
		v.unknown(path, "no package vouches for the arm64 kernel, and it has no CRC")
		return
	}
	v.holds("%s %s: an arm64 kernel of %d bytes, as its package has it", path, p.release, len(b))
}

// packaged reports whether a package's digest of the file agrees; one that does not makes v unknown.
func (p *prover) packaged(v *verdict, path string, b []byte) bool {
	f, ok := p.opts.Packages.File(path)
	if !ok || f.Hash == 0 || !f.Hash.Available() || f.Config || f.Generated || f.Varies {
		return false
	}
	h := f.Hash.New()
	h.Write(b)
	if f.Agrees(h.Sum(nil)) {
		return true
	}
	v.unknown(path, "is not as the package %s has it: damaged, or changed on purpose", f.Package)
	v.repair("install the package %s again", f.Package)
	return false
}

// budget is for archives of the guest's own, such as its initrd: no ratio is too high that a boot unpacks.
func budget(ctx context.Context, content []byte) *archive.Budget {
	return archive.NewBudget(ctx, int64(len(content)), archive.Limits{Members: 200_000, Unpacked: 2 << 30, Ratio: 1000, Time: 10 * time.Minute})
}
