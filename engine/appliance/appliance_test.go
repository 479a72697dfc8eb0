package appliance_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/appliance"
	"github.com/guestctl/guestctl/engine/binread"
)

// source is a description in memory, among files that it may name.
func source(name string, text []byte, files map[string]string) appliance.Source {
	return appliance.Source{
		File: file(string(text)), Name: name,
		Files: func(name string) (appliance.File, error) {
			b, ok := files[name]
			switch {
			case strings.Contains(name, "..") || filepath.IsAbs(name):
				return appliance.File{}, binread.Refused("outside")
			case !ok:
				return appliance.File{}, fs.ErrNotExist
			}
			return file(b), nil
		},
	}
}

func file(s string) appliance.File {
	return appliance.File{ReaderAt: strings.NewReader(s), Size: int64(len(s))}
}

func digestOf(t *testing.T, f appliance.File) string {
	t.Helper()
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, f.Size)); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// truth is what sha256sum said of the members, by name.
func truth(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile("testdata/truth")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(b)) {
		digest, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		all[name] = digest
	}
	return all
}

// TestArchivesOfTar reads what tar wrote in each of its formats.
func TestArchivesOfTar(t *testing.T) {
	want := truth(t)
	for name, algorithm := range map[string]string{
		"ustar": "SHA256", "gnu": "SHA256", "pax": "SHA256", "v7": "SHA256", "sha1": "SHA1", "sha512": "SHA512", "bare": "",
	} {
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile("testdata/" + name + ".ova")
			if err != nil {
				t.Fatal(err)
			}
			m, err := appliance.Open(source(name+".ova", b, nil))
			if err != nil {
				t.Fatal(err)
			}
			if m.Name != "web01" || m.Format != "ova" || len(m.Problems) > 0 {
				t.Errorf("%s %q, problems %q", m.Format, m.Name, m.Problems)
			}
			var got []string
			for _, d := range m.Disks {
				got = append(got, fmt.Sprint(d.Name, " ", d.Capacity, " ", digestOf(t, d.File)))
			}
			if d := cmp.Diff([]string{
				"web-disk1.qcow2 8192 " + want["web-disk1.qcow2"], "data%20disk.raw 8192 " + want["data disk.raw"],
			}, got); d != "" {
				t.Errorf("disks in the order of the hardware (-want +got)\n%s", d)
			}
			if certified := m.Package.Certificate != ""; certified != (name == "sha512") || certified != strings.Contains(fmt.Sprint(m.Notes), "not verified") {
				t.Errorf("certificate %q, notes %q", m.Package.Certificate, m.Notes)
			}
			v, err := m.Package.Verify(t.Context(), appliance.VerifyOptions{Damage: func(file, problem string, _ bool) { t.Errorf("%s: %s", file, problem) }})
			if err != nil {
				t.Fatal(err)
			}
			files, algorithms := 3, []string{algorithm}
			if algorithm == "" {
				files, algorithms = 0, nil
			}
			if v.Files != files || !slices.Equal(v.Algorithms, algorithms) {
				t.Errorf("%+v, want %d files by %s", v, files, algorithm)
			}
		})
	}
}

// TestChangedMembersAreFound flips a bit in each member, and cuts off archives.
func TestChangedMembersAreFound(t *testing.T) {
	whole, err := os.ReadFile("testdata/ustar.ova")
	if err != nil {
		t.Fatal(err)
	}
	for member, text := range map[string]string{"web.ovf": "Virtual disk information", "web-disk1.qcow2": "QFI\xfb", "data disk.raw": "1000\n1001\n"} {
		b := bytes.Clone(whole)
		b[bytes.LastIndex(b, []byte(text))+2] ^= 1
		m, err := appliance.Open(source("web.ova", b, nil))
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		v, err := m.Package.Verify(t.Context(), appliance.VerifyOptions{Damage: func(file, problem string, doubtful bool) {
			found = append(found, file)
			if doubtful || !strings.Contains(problem, "the manifest says") {
				t.Errorf("%s: %s", file, problem)
			}
		}})
		if err != nil || v.Files != 2 || !slices.Equal(found, []string{member}) {
			t.Errorf("%s: %+v, found %q, %v", member, v, found, err)
		}
	}
	for _, n := range []int{0x400, 0x1a00, 0x3000} {
		if m, err := appliance.Open(source("web.ova", whole[:n], nil)); err == nil {
			t.Errorf("cut off at %#x: %+v, want an error", n, m)
		}
	}
}

const domain = `<domain type='kvm' id='7'>
  <name>db01</name>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' discard='unmap'/>
      <source file='/images/db01.qcow2' index='3'/>
      <backingStore type='file' index='4'><format type='raw'/><source file='/etc/passwd'/></backingStore>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file'><source file='data.img'/><target dev='vdb'/></disk>
    <disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='/iso/x.iso'/><target dev='sda'/></disk>
    <disk type='file' device='floppy'><target dev='fda'/></disk>
    <disk type='network' device='disk'><source protocol='rbd' name='pool/image'/><target dev='vdc'/></disk>
    <disk type='volume' device='disk'><source pool='default' volume='db01-log'/><target dev='vdd'/></disk>
    <disk type='block' device='lun'><source dev='/dev/sdz'/><target dev='sdb'/></disk>
  </devices>
</domain>`

func TestLibvirtDomains(t *testing.T) {
	s := source("db01.xml", []byte("<?xml version='1.0'?>\n"+domain), nil)
	s.Files = func(name string) (appliance.File, error) {
		if name == "/etc/passwd" || strings.HasPrefix(name, "/iso") {
			t.Errorf("%s was opened", name)
		}
		return file(name), nil
	}
	m, err := appliance.Open(s)
	if err != nil {
		t.Fatal(err)
	}
	var disks []string
	for _, d := range m.Disks {
		disks = append(disks, d.Name+" "+d.Format)
	}
	if d := cmp.Diff([]string{"/images/db01.qcow2 qcow2", "data.img "}, disks); d != "" || m.Name != "db01" || m.Format != "libvirt" {
		t.Errorf("%s %s (-want +got)\n%s", m.Format, m.Name, d)
	}
	if d := cmp.Diff([]string{`disk "sda": a cdrom, no disk of the machine`, `disk "fda": a floppy, no disk of the machine`}, m.Notes); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if d := cmp.Diff([]string{
		`disk "vdc": type "network" (rbd pool/image): unsupported, want a file`,
		`disk "vdd": type "volume" (default db01-log): unsupported, want a file`,
		`disk "sdb": device "lun": unsupported, want a file`,
	}, m.Problems); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// TestOtherFilesAreNoDescriptions wants nil of what is no description, so that it is looked at as a disk.
func TestOtherFilesAreNoDescriptions(t *testing.T) {
	for _, text := range []string{"", "x", "<", "<html></html>", "<?xml version='1.0'?><Envelope xmlns='http://www.w3.org/2003/05/soap-envelope'/>", strings.Repeat("\x00", 4096), "<a><domain/></a>"} {
		if m, err := appliance.Open(source("disk", []byte(text), nil)); m != nil || err != nil {
			t.Errorf("%.40q: %v, %v, want nothing", text, m, err)
		}
	}
}

// TestManifestsAndFilesMustAgree tells the ways in which they do not.
func TestManifestsAndFilesMustAgree(t *testing.T) {
	ovf := func(files string) []byte { return []byte(envelope(files, `<Disk diskId="d" fileRef="f"/>`, "")) }
	one := ovf(`<File id="f" href="a.raw" size="3"/>`)
	sum := func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
	own := "SHA256(m.ovf)= " + sum(one) + "\n"
	for name, c := range map[string]struct {
		manifest, content string
		want              string
		doubtful          bool
	}{
		"all is well":                   {own + "sha256(a.raw) = " + strings.ToUpper(sum([]byte("abc"))), "abc", "", false},
		"a disk without a digest":       {own, "abc", "a.raw: the manifest has no digest of it", true},
		"a file that was cut off":       {own + "SHA256(a.raw)= " + sum([]byte("ab")), "ab", "a.raw: 2 bytes, the descriptor says 3", false},
		"a digest of a file not there":  {own + "SHA256(a.raw)= " + sum([]byte("abc")) + "\nSHA256(b.raw)= " + sum(nil), "abc", "b.raw: the manifest has a digest of it, and it is not there", false},
		"a file that is another's size": {own + "SHA256(a.raw)= " + sum([]byte("abd")), "abc", "a.raw: its SHA256 is " + sum([]byte("abc")) + ", the manifest says " + sum([]byte("abd")), false},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := appliance.Open(source("m.ovf", one, map[string]string{"a.raw": c.content, "m.mf": c.manifest}))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			if _, err := m.Package.Verify(t.Context(), appliance.VerifyOptions{Damage: func(file, problem string, doubtful bool) {
				got = append(got, file+": "+problem)
				if doubtful != c.doubtful {
					t.Errorf("doubtful %v, want %v", doubtful, c.doubtful)
				}
			}}); err != nil {
				t.Fatal(err)
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// envelope is a small OVF descriptor.
func envelope(files, disks, items string) string {
	return `<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"><References>` + files + `</References><DiskSection>` + disks +
		`</DiskSection><VirtualSystem id="m"><VirtualHardwareSection>` + items + `</VirtualHardwareSection></VirtualSystem></Envelope>`
}

func TestCapacities(t *testing.T) {
	for attributes, want := range map[string]int64{
		`capacity="8"`: 8, `capacity="3" capacityAllocationUnits="byte * 2^30"`: 3 << 30, `capacity="5" capacityAllocationUnits="byte*10^3"`: 5000,
		`capacity="7" capacityAllocationUnits="byte * 1024"`: 7 << 10, `capacity="2" capacityAllocationUnits="MegaBytes"`: 2 << 20,
		`capacity="${size}"`: 0, ``: 0,
		`capacity="-1"`: -1, `capacity="1" capacityAllocationUnits="byte * 2^64"`: -1, `capacity="9223372036854775807" capacityAllocationUnits="GigaBytes"`: -1,
		`capacity="1" capacityAllocationUnits="furlong"`: -1, `capacity="1" capacityAllocationUnits="byte * 2^-1"`: -1, `capacity="99999999999999999999"`: -1,
	} {
		text := envelope(`<File id="f" href="a.raw"/>`, `<Disk diskId="d" fileRef="f" `+attributes+`/>`, "")
		m, err := appliance.Open(source("m.ovf", []byte(text), map[string]string{"a.raw": "abc"}))
		if err != nil {
			t.Fatalf("%s: %v", attributes, err)
		}
		if bad := len(m.Problems) > 0; bad != (want < 0) || m.Disks[0].Capacity != max(want, 0) {
			t.Errorf("%s: %d bytes, problems %q, want %d", attributes, m.Disks[0].Capacity, m.Problems, want)
		}
	}
}

func isKind(err error, kind error) bool { return err != nil && (kind == nil || errors.Is(err, kind)) }
