package boot

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/memfs"
)

const espUUID = "1c0f-fee1"

// shell is an ELF file for x86-64 with one empty segment, which is all that tells the machine of a guest.
func shell() string {
	b := make([]byte, 64+56)
	copy(b, "\x7fELF\x02\x01\x01")
	put16 := func(at int, v uint16) { binary.LittleEndian.PutUint16(b[at:], v) }
	put16(16, 3)  // ET_DYN
	put16(18, 62) // EM_X86_64
	b[20] = 1
	b[32] = 64 // e_phoff
	put16(52, 64)
	put16(54, 56)
	put16(56, 1)
	b[64] = 1 // PT_LOAD
	return string(b)
}

// sdBoot is a program that says what systemd-boot says.
func sdBoot() string {
	return string(efiOf(text(), part{".sdmagic", "#### LoaderInfo: systemd-boot 252.39 ####"}))
}

// kernel6 is a kernel that is a program of UEFI as well.
func kernel6() string {
	b := image6()
	copy(b, efiOf(text())[:0x1f1])
	binary.LittleEndian.PutUint32(b[len(b)-4:], ^crc32.ChecksumIEEE(b[:len(b)-4]))
	return string(b)
}

// uefiRoot is a guest whose /boot is its EFI system partition, as systemd-boot is set up.
func uefiRoot(mount string) map[string]memfs.File {
	root := map[string]memfs.File{
		"/etc/os-release": {Data: "ID=arch\n"},
		"/etc/fstab":      {Data: "UUID=" + someUUID + " / xfs defaults 0 0\nUUID=" + espUUID + " " + mount + " vfat umask=0077 0 1\n"},
		"/etc/passwd":     {Data: "root:x:0:0:root:/root:/bin/bash\n"},
		"/bin/sh":         {Data: shell(), Mode: 0o755},
		mount:             memfs.Dir(),
		"/usr/lib/systemd/boot/efi/systemd-bootx64.efi": {Data: sdBoot()},
		"/usr/lib/systemd/boot/efi/linuxx64.efi.stub":   {Data: string(efiOf(part{".text", "stub"}, part{".data", "more"}))},
	}
	for _, dir := range []string{"/dev", "/proc", "/run", "/sys"} {
		root[dir] = memfs.Dir()
	}
	return root
}

// esp is an EFI system partition with these files.
func esp(files map[string]memfs.File) engine.Volume {
	f := memfs.New(files)
	f.Desc.Type, f.Desc.UUID, f.Desc.Free = "vfat", espUUID, 1<<20
	r := strings.NewReader(strings.Repeat("\x00", 510) + "\x55\xaa")
	return engine.Volume{Volume: &volume.Volume{ReaderAt: r, Name: "p1", Number: 1, Kind: "EFI System", Size: r.Size()}, Content: "vfat", FS: f}
}

func entries() map[string]memfs.File {
	return map[string]memfs.File{
		"/EFI/BOOT/BOOTX64.EFI":            {Data: sdBoot()},
		"/EFI/systemd/systemd-bootx64.efi": {Data: sdBoot()},
		"/loader/loader.conf":              {Data: "timeout 3\ndefault arch-*\n"},
		"/loader/entries/arch-6.1.0.conf":  {Data: "title Arch\nlinux /vmlinuz-6.1.0-x\ninitrd /initrd-6.1.0-x\noptions root=UUID=" + someUUID + " rw\n"},
		"/vmlinuz-6.1.0-x":                 {Data: kernel6()},
		"/initrd-6.1.0-x":                  {Data: "070701"},
	}
}

// unifiedOf is a unified kernel image.
func unifiedOf(more ...part) string {
	parts := []part{{".text", "stub"}, {".data", "more"}, {".osrel", "ID=arch\nPRETTY_NAME=Arch\n"}, {".cmdline", "root=UUID=" + someUUID + " rw"}}
	return string(efiOf(append(parts, more...)...))
}

func whole6() []part { return []part{{".linux", kernel6()}, {".initrd", "070701"}} }

func TestSystemdBoot(t *testing.T) {
	for name, c := range map[string]struct {
		change func(root, esp map[string]memfs.File)
		link   string
		want   finding.Status
		says   string
	}{
		"as bootctl installs it": {func(_, _ map[string]memfs.File) {}, "uefi-loader", finding.Pass, ""},
		"an entry":               {func(_, _ map[string]memfs.File) {}, "config", finding.Pass, "Arch"},
		"its kernel":             {func(_, _ map[string]memfs.File) {}, "kernel", finding.Pass, "6.1.0-x"},
		"its root":               {func(_, _ map[string]memfs.File) {}, "root", finding.Pass, "is p2"},
		"fstab":                  {func(_, _ map[string]memfs.File) {}, "fstab", finding.Pass, "/boot of UUID=1c0f-fee1 is p1"},
		"the program is of nobody": {func(root, _ map[string]memfs.File) {
			delete(root, "/usr/lib/systemd/boot/efi/systemd-bootx64.efi")
		}, "uefi", finding.Unknown, "nothing vouches for it"},
		"only where its vendor has it": {func(_, esp map[string]memfs.File) {
			delete(esp, "/EFI/BOOT/BOOTX64.EFI")
		}, "uefi", finding.Unknown, "only firmware with an entry for /boot/EFI/systemd/systemd-bootx64.efi"},
		"menu that waits": {func(_, esp map[string]memfs.File) {
			esp["/loader/loader.conf"] = memfs.File{Data: "timeout menu-force\n"}
		}, "uefi-loader", finding.Fail, "/boot/loader/loader.conf:1: the menu waits"},
		"no loader.conf": {func(_, esp map[string]memfs.File) {
			delete(esp, "/loader/loader.conf")
		}, "config", finding.Pass, "the first entry"},
		"no entries": {func(_, esp map[string]memfs.File) {
			delete(esp, "/loader/entries/arch-6.1.0.conf")
		}, "config", finding.Fail, "starts no kernel"},
		"entry without a kernel on the disk": {func(_, esp map[string]memfs.File) {
			delete(esp, "/vmlinuz-6.1.0-x")
		}, "kernel", finding.Fail, "does not exist"},
		"kernel on the root file system": {func(root, esp map[string]memfs.File) {
			root["/vmlinuz-6.1.0-x"] = esp["/vmlinuz-6.1.0-x"]
			delete(esp, "/vmlinuz-6.1.0-x")
		}, "config", finding.Fail, "which is on p2: systemd-boot looks on p1"},
		"entry that counts its boots": {func(_, esp map[string]memfs.File) {
			esp["/loader/entries/arch-6.1.0+0-3.conf"] = esp["/loader/entries/arch-6.1.0.conf"]
			delete(esp, "/loader/entries/arch-6.1.0.conf")
		}, "config", finding.Unknown, "counts its boots"},
		"a menu of GRUB beside it": {func(root, _ map[string]memfs.File) {
			root["/boot/grub/grub.cfg"] = memfs.File{}
			root["/usr/share/x"] = memfs.File{}
		}, "config", finding.Pass, ""},
		"a kernel that is no program": {func(_, esp map[string]memfs.File) {
			esp["/vmlinuz-6.1.0-x"] = memfs.File{Data: string(image6())}
		}, "kernel", finding.Unknown, "whether a boot loader for UEFI starts it is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			root, files := uefiRoot("/boot"), entries()
			c.change(root, files)
			p := layout{table: "mbr", root: root, more: []engine.Volume{esp(files)}}.prove(t)
			if l := p.link(c.link); l.Status != c.want || !strings.Contains(l.Actual, c.says) {
				t.Errorf("%s is %s: %s", c.link, l.Status, l.Actual)
			}
		})
	}
}

func TestUnifiedKernelImages(t *testing.T) {
	for name, c := range map[string]struct {
		path  string
		image string
		links map[string]finding.Status
	}{
		"started by systemd-boot": {
			"/EFI/Linux/arch.efi", unifiedOf(whole6()...),
			map[string]finding.Status{"config": finding.Pass, "kernel": finding.Pass, "root": finding.Pass, "initrd": finding.Fail},
		},
		"started by the firmware": {
			"/EFI/BOOT/BOOTX64.EFI", unifiedOf(whole6()...),
			map[string]finding.Status{"uefi": finding.Pass, "config": finding.Pass, "kernel": finding.Pass, "root": finding.Pass, "initrd": finding.Fail},
		},
		"without an initrd": {
			"/EFI/Linux/arch.efi", unifiedOf(whole6()[:1]...), map[string]finding.Status{"kernel": finding.Pass, "initrd": finding.Unknown},
		},
		"cut off": {
			"/EFI/Linux/arch.efi", unifiedOf(whole6()...)[:4096], map[string]finding.Status{"kernel": finding.Fail},
		},
		"cut off, and started by the firmware": {
			"/EFI/BOOT/BOOTX64.EFI", unifiedOf(whole6()...)[:4096], map[string]finding.Status{"uefi": finding.Fail},
		},
		"kernel with a byte changed": {
			"/EFI/Linux/arch.efi", strings.Replace(unifiedOf(whole6()...), "payload", "Payload", 1), map[string]finding.Status{"kernel": finding.Fail},
		},
		"another stub": {
			"/EFI/Linux/arch.efi", strings.Replace(unifiedOf(whole6()...), "stub", "stuB", 1), map[string]finding.Status{"kernel": finding.Unknown},
		},
		"another root": {
			"/EFI/BOOT/BOOTX64.EFI", strings.Replace(unifiedOf(whole6()...), someUUID, bootUUID, 1), map[string]finding.Status{"root": finding.Fail},
		},
		"arguments with quotes": {
			"/EFI/BOOT/BOOTX64.EFI", strings.Replace(unifiedOf(whole6()...), " rw", ` "`, 1), map[string]finding.Status{"uefi-loader": finding.Unknown},
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := entries()
			delete(files, "/loader/entries/arch-6.1.0.conf")
			files["/loader/loader.conf"] = memfs.File{}
			files[c.path] = memfs.File{Data: c.image}
			p := layout{table: "mbr", root: uefiRoot("/boot"), more: []engine.Volume{esp(files)}}.prove(t)
			for id, want := range c.links {
				if l := p.link(id); l.Status != want {
					t.Errorf("%s is %s: %s", id, l.Status, l.Actual)
				}
			}
		})
	}
}

func TestWhichFirmware(t *testing.T) {
	grub := strings.Repeat("\x00", 0x100) + string(grubWords)
	grub += strings.Repeat("\x00", 510-len(grub)) + "\x55\xaa"
	biosBoot := engine.Volume{Volume: &volume.Volume{ReaderAt: strings.NewReader(""), Name: "p9", Number: 9, Kind: "BIOS boot"}}
	other := esp(entries())
	other.Kind = "Linux filesystem"
	empty := esp(nil)
	unread := engine.Volume{Volume: &volume.Volume{ReaderAt: strings.NewReader(""), Name: "p1", Number: 1, Kind: "EFI System"}, Content: "FAT"}
	for name, c := range map[string]struct {
		sector string
		more   []engine.Volume
		want   []string
		uefi   finding.Status
	}{
		"nothing":                               {"", nil, []string{bios}, ""},
		"GRUB":                                  {grub, nil, []string{bios}, ""},
		"an EFI system partition":               {"", []engine.Volume{esp(entries())}, []string{uefi}, finding.Pass},
		"what looks like one":                   {"", []engine.Volume{other}, []string{uefi}, finding.Unknown},
		"one that is empty":                     {"", []engine.Volume{empty}, []string{uefi}, finding.Fail},
		"one that is not read":                  {"", []engine.Volume{unread}, []string{uefi}, finding.Unknown},
		"code of a partitioning tool beside it": {"\xfa\xb8" + strings.Repeat("\x00", 508) + "\x55\xaa", []engine.Volume{esp(entries())}, []string{uefi}, finding.Pass},
		"GRUB beside it":                        {grub, []engine.Volume{esp(entries())}, []string{bios, uefi}, finding.Pass},
		"a BIOS boot partition beside it":       {"", []engine.Volume{esp(entries()), biosBoot}, []string{bios, uefi}, finding.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			p := layout{sector: c.sector, table: "mbr", root: uefiRoot("/boot"), more: c.more}.prove(t)
			var got []string
			for _, l := range p.Links {
				if l.ID == prefix+"firmware" {
					got = append(got, bios)
				}
				if l.ID == prefix+"uefi" {
					got = append(got, uefi)
					if l.Status != c.uefi {
						t.Errorf("uefi is %s: %s", l.Status, l.Actual)
					}
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("followed %q, want %q", got, c.want)
			}
		})
	}
}

func TestBothLoadersHaveToAgree(t *testing.T) {
	v := &verdict{}
	p := &prover{grubDir: "/boot/grub", loaderKind: systemdLoader, proof: &Proof{}}
	p.unifiedConfig(v)
	if v.ok() || !strings.Contains(v.doubts[0], "--firmware") {
		t.Errorf("%+v", v)
	}
}

func TestWordsOfAStub(t *testing.T) {
	s := &grubStub{vars: map[string]string{"root": "p2", "prefix": "(p2)/grub"}}
	for line, want := range map[string][]string{
		"":                                   nil,
		"# configfile x":                     nil,
		"configfile $prefix/grub.cfg":        {"configfile", "(p2)/grub/grub.cfg"},
		"set prefix=($root)'/boot/grub'":     {"set", "prefix=(p2)/boot/grub"},
		`set prefix="(${root})/b c"`:         {"set", "prefix=(p2)/b c"},
		"set x='$root'":                      {"set", "x=$root"},
		"search.fs_uuid 1c0f root hd0,gpt2 ": {"search.fs_uuid", "1c0f", "root", "hd0,gpt2"},
		"set  x=$gone":                       {"set", "x="},
		"export $":                           {"export"},
		`echo "" ''`:                         {"echo", "", ""},
		"echo a#b":                           {"echo", "a#b"},
		"echo 'a":                            {"echo", "a"},
		"insmod\tx # and more":               {"insmod", "x"},
	} {
		if got := s.words(line); !slices.Equal(got, want) {
			t.Errorf("%q has the words %q, want %q", line, got, want)
		}
	}
}

func TestListsOfBootOptions(t *testing.T) {
	for text, want := range map[string]string{
		"shimx64.efi,debian,,This is the boot entry\n": "shimx64.efi",
		"": "", ",x\n": "", "x\n": "", "../x.efi,x\n": "", "a\nb.efi,b\n": "b.efi",
	} {
		if got := firstOption(utf16(text)); got != want {
			t.Errorf("%q starts %q, want %q", text, got, want)
		}
	}
	if got := firstOption([]byte("\xff\xfea\x00,\x00x")); got != "a" {
		t.Errorf("behind a mark of the order of bytes it starts %q", got)
	}
}

func FuzzStub(f *testing.F) {
	f.Add("search.fs_uuid 1c0f root hd0,gpt2 \nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n")
	f.Add("configfile (p1)/EFI/debian/grub.cfg\nnormal\nset root='hd0,gpt1\n${${")
	part := esp(map[string]memfs.File{"/EFI/debian/grub.cfg": {Data: "configfile /EFI/debian/grub.cfg\n"}, "/grub.cfg": {Data: "menuentry x { }"}})
	whole := &volume.Volume{Name: "disk"}
	part.Parent = whole
	m := &engine.Machine{Disks: []engine.Disk{{}}, Volumes: []engine.Volume{{Volume: whole}, part}}
	f.Fuzz(func(t *testing.T, text string) {
		p := &prover{Guest: &guest.Guest{}, machine: m}
		p.efi = &efiProgram{on: p.medium(part), name: "/EFI/debian/grubx64.efi"}
		s := &grubStub{prover: p, v: &verdict{}, vars: map[string]string{"root": "p1", "prefix": "(p1)/EFI/debian"}}
		if found := s.run("stub", text); found && (s.menu == "" || !s.v.ok()) {
			t.Errorf("found %q, %v", s.menu, s.v.bad)
		}
		firstOption([]byte(text))
		if c := objects([]byte(text), wideInfo); c != nil && c.modules == nil {
			t.Error("modules are nil")
		}
	})
}
