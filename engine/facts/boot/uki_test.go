package boot

import (
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
)

// peImage is a PE file with sections by name and content, in order.
func peImage(sections ...string) string {
	const coff, header = 0x40, 40
	put := func(b []byte, at, v int) {
		for i := range 4 {
			b[at+i] = byte(v >> (8 * i))
		}
	}
	n := len(sections) / 2
	b := make([]byte, coff+24+n*header)
	copy(b, "MZ")
	put(b, 0x3c, coff)
	copy(b[coff:], "PE\x00\x00")
	b[coff+6] = byte(n)
	for i := range n {
		h := coff + 24 + i*header
		copy(b[h:h+8], sections[2*i])
		put(b, h+8, len(sections[2*i+1]))
		put(b, h+16, len(sections[2*i+1])+16)
		put(b, h+20, len(b))
		b = slices.Concat(b, []byte(sections[2*i+1]), make([]byte, 16))
	}
	return string(b)
}

func TestUnifiedKernelImage(t *testing.T) {
	image := peImage(".text", "code", ".osrel", "ID=arch\nPRETTY_NAME=\"Arch Linux\"\n", ".cmdline", "root=UUID=0 ro audit=1\n\x00", ".uname", "6.9.1-arch1")
	got, status := collectFiles(t, map[string]string{"/efi/EFI/Linux/arch.efi": image})
	e, ok := got.DefaultEntry()
	if status.State != facts.OK || got.Loader != "uki" || !ok || e.Title != "Arch Linux" || e.Kernel != "/efi/EFI/Linux/arch.efi" {
		t.Fatalf("%v %+v", status, got)
	}
	if a, ok := e.Arg("audit"); !ok || a.Value != "1" || len(e.Args) != 3 {
		t.Errorf("arguments are %v", e.Args)
	}
}

func TestSystemdBootStartsAUnifiedKernelImage(t *testing.T) {
	got, status := collectFiles(t, map[string]string{
		"/boot/loader/loader.conf": "default arch.efi\n", "/boot/EFI/Linux/arch.efi": peImage(".cmdline", "a=1"),
		"/boot/loader/entries/z.conf": "title z\nlinux /k\noptions b=1\n",
	})
	e, ok := got.DefaultEntry()
	if status.State != facts.OK || got.Loader != "systemd-boot" || !ok || e.ID != "arch" {
		t.Errorf("%v %+v", status, got)
	}
}

func TestSeveralImagesHaveNoDefault(t *testing.T) {
	got, _ := collectFiles(t, map[string]string{"/efi/EFI/Linux/a.efi": peImage(".cmdline", "a"), "/efi/EFI/Linux/b.efi": peImage(".cmdline", "b")})
	if got.Default != -1 || len(got.Entries) != 2 {
		t.Errorf("%+v", got)
	}
}

func TestHostileImages(t *testing.T) {
	good := peImage(".cmdline", "a=1")
	far := []byte(good)
	far[0x3e] = 0xff
	many := []byte(good)
	many[0x46], many[0x47] = 0xff, 0xff
	outside := []byte(good)
	outside[0x40+24+22] = 0xff
	for name, text := range map[string]string{
		"empty": "", "no MZ": strings.Repeat("x", 100), "no PE": strings.Replace(good, "PE", "NE", 1), "header behind the end": string(far),
		"more sections than a file has": string(many), "section behind the end": string(outside), "cut in the table": good[:0x50],
		"a section of a gigabyte": strings.NewReplacer("\x03\x00\x00\x00", "\xff\xff\xff\x3f", "\x13\x00\x00\x00", "\xff\xff\xff\x3f").Replace(good),
	} {
		t.Run(name, func(t *testing.T) {
			if _, status := collectFiles(t, map[string]string{"/efi/EFI/Linux/x.efi": text}); status.State != facts.Partial {
				t.Errorf("state is %s, want partial", status.State)
			}
		})
	}
}

func FuzzUnified(f *testing.F) {
	f.Add(peImage(".osrel", "PRETTY_NAME=x\n", ".cmdline", "a b=1\x00"))
	f.Fuzz(func(t *testing.T, text string) {
		got, _ := collectFiles(t, map[string]string{"/efi/EFI/Linux/x.efi": text})
		if got.Loader == "uki" && len(got.Entries) == 0 {
			t.Error("a loader without an entry")
		}
	})
}
