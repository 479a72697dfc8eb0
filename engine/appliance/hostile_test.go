package appliance_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/appliance"
	"github.com/guestctl/guestctl/engine/binread"
)

// member is a header of an archive, with its bytes.
type member struct {
	tar.Header
	content string
}

func regular(name, content string) member {
	return member{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(content))}, content}
}

func archive(tb testing.TB, members ...member) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		if err := w.WriteHeader(&m.Header); err != nil {
			tb.Fatal(err)
		}
		if _, err := w.Write([]byte(m.content)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// sized writes another size into the first header of an archive, with the sum that belongs to it.
func sized(b []byte, size string) []byte {
	b = bytes.Clone(b)
	copy(b[124:136], size)
	copy(b[148:156], "        ")
	sum := 0
	for _, c := range b[:512] {
		sum += int(c)
	}
	copy(b[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

func TestHostileArchives(t *testing.T) {
	good := envelope(`<File id="f" href="a.raw"/>`, `<Disk diskId="d" fileRef="f"/>`, "")
	ovf := regular("m.ovf", good)
	link := func(kind byte, name, to string) member {
		return member{tar.Header{Name: name, Typeflag: kind, Linkname: to, Mode: 0o777}, ""}
	}
	many := []member{ovf}
	for i := range 10_001 {
		many = append(many, regular(strconv.Itoa(i), ""))
	}
	hrefs := func(href string) []byte {
		return archive(t, regular("m.ovf", envelope(`<File id="f" href="`+href+`"/>`, `<Disk diskId="d" fileRef="f"/>`, "")), regular("a.raw", "abc"))
	}
	read := func(name string) []byte {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, c := range map[string]struct {
		b    []byte
		kind error
		says string
	}{
		"a size of 10 GB in a small archive":    {sized(archive(t, ovf, regular("a.raw", "abc")), "112402762000\x00"), binread.ErrCorrupt, "bytes at 0x200, and the archive has"},
		"a negative size":                       {sized(archive(t, ovf), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), binread.ErrCorrupt, "tar: member 1"},
		"a size that is no number":              {sized(archive(t, ovf), "99999999999\x00"), binread.ErrCorrupt, "tar: member 1"},
		"a header whose sum is wrong":           {bytes.Replace(archive(t, ovf), []byte("m.ovf"), []byte("n.ovf"), 1), binread.ErrCorrupt, "tar: member 1"},
		"a sparse member of GNU":                {read("sparse-gnu.ova"), binread.ErrUnsupported, "a sparse member"},
		"a sparse member of pax":                {read("sparse-pax.ova"), binread.ErrUnsupported, "a sparse member"},
		"a symbolic link in place of the disk":  {archive(t, ovf, link(tar.TypeSymlink, "a.raw", "/etc/passwd")), binread.ErrRefused, "no regular file"},
		"a hard link in place of the disk":      {archive(t, ovf, link(tar.TypeLink, "a.raw", "m.ovf")), binread.ErrRefused, "no regular file"},
		"a link in place of the descriptor":     {archive(t, link(tar.TypeSymlink, "m.ovf", "/etc/passwd")), binread.ErrRefused, "no regular file"},
		"a device":                              {archive(t, ovf, member{tar.Header{Name: "a.raw", Typeflag: tar.TypeBlock, Devmajor: 8}, ""}), binread.ErrRefused, "no regular file"},
		"two members of one name":               {archive(t, ovf, regular("a.raw", "abc"), regular("a.raw", "def")), binread.ErrCorrupt, "two members are called so"},
		"two members whose names mean the same": {archive(t, ovf, regular("a.raw", "abc"), regular("./a.raw", "def")), binread.ErrCorrupt, "two members are called so"},
		"two descriptors":                       {archive(t, ovf, regular("n.OVF", good), regular("a.raw", "")), binread.ErrCorrupt, "2 OVF descriptors"},
		"no descriptor":                         {archive(t, regular("a.raw", "abc")), binread.ErrUnsupported, "without an OVF descriptor"},
		"no members":                            {archive(t, member{tar.Header{Name: "dir/", Typeflag: tar.TypeDir}, ""}), binread.ErrUnsupported, "without an OVF descriptor"},
		"more members than the limit":           {archive(t, many...), binread.ErrLimit, "more than 10000 members"},
		"a disk that is not there":              {archive(t, ovf), nil, "no such member"},
		"a name that leads out":                 {hrefs("../../../etc/passwd"), nil, "no such member"},
		"a name that leads out, escaped":        {hrefs("%2e%2e/%2e%2e/etc/passwd"), nil, "no such member"},
		"an absolute name":                      {hrefs("/etc/passwd"), nil, "no such member"},
		"an empty name":                         {hrefs(""), nil, "no such member"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := appliance.Open(source("m.ova", c.b, map[string]string{"a.raw": "outside of the archive"}))
			if !isKind(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, error %v, want one of %v that says %q", m, err, c.kind, c.says)
			}
		})
	}
}

func TestHostileDescriptions(t *testing.T) {
	const file, disk = `<File id="f" href="a.raw"/>`, `<Disk diskId="d" fileRef="f"/>`
	const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`
	href := func(s string) string { return envelope(`<File id="f" href="`+s+`"/>`, disk, "") }
	for name, c := range map[string]struct {
		text string
		kind error
		says string
	}{
		"a bomb of entities":           {bomb + strings.Replace(envelope(file, disk, ""), `"m"`, `"&b;"`, 1), binread.ErrRefused, "document type"},
		"an external entity":           {`<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + envelope(file, disk, "&e;"), binread.ErrRefused, "document type"},
		"an entity that nobody said":   {envelope(file, disk, "&e;"), binread.ErrCorrupt, "not well-formed"},
		"elements inside each other":   {envelope(file, disk, strings.Repeat("<a>", 65)), binread.ErrLimit, "inside each other"},
		"more elements than the limit": {envelope(file, disk, strings.Repeat("<a/>", 100_001)), binread.ErrLimit, "more than 100000 elements"},
		"an end that is missing":       {strings.TrimSuffix(envelope(file, disk, ""), "</Envelope>"), binread.ErrCorrupt, "unexpected EOF"},
		"ends in the wrong order":      {envelope(file, disk, "<a><b></a></b>"), binread.ErrCorrupt, "not well-formed"},
		"a name that leads out":        {href("../../etc/passwd"), binread.ErrRefused, "outside"},
		"an absolute name":             {href("/etc/passwd"), binread.ErrRefused, "outside"},
		"a disk that is not there":     {href("b.raw"), nil, "b.raw"},
		"a disk on the network":        {href("https://host/a.raw"), binread.ErrUnsupported, "on a network"},
		"a file nobody lists":          {envelope(file, `<Disk diskId="d" fileRef="other"/>`, ""), binread.ErrCorrupt, "not among the references"},
		"a disk of differences":        {envelope(file, `<Disk diskId="d" fileRef="f" parentRef="p"/>`, ""), binread.ErrUnsupported, "differs from disk"},
		"a disk in chunks":             {envelope(`<File id="f" href="a.raw" chunkSize="7"/>`, disk, ""), binread.ErrUnsupported, "chunks"},
		"a compression nobody knows":   {envelope(`<File id="f" href="a.raw" compression="bzip2"/>`, disk, ""), binread.ErrUnsupported, "compression"},
		"no disks":                     {envelope("", "", ""), binread.ErrUnsupported, "without disks"},
		"empty disks alone":            {envelope("", `<Disk diskId="d" capacity="1"/>`, ""), binread.ErrUnsupported, "without disks"},
		"no machine":                   {`<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"/>`, binread.ErrCorrupt, "no virtual system"},
		"several machines":             {`<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"><VirtualSystemCollection/></Envelope>`, binread.ErrUnsupported, "several virtual systems"},
		"more disks than the limit":    {envelope(file, strings.Repeat(disk, 257), ""), binread.ErrLimit, "257 disks"},
		"a domain without files":       {`<domain><devices><disk type='file'/></devices></domain>`, binread.ErrCorrupt, "no file"},
		"a domain on the network":      {`<domain><devices><disk type='network'><source protocol='nbd'/></disk></devices></domain>`, binread.ErrUnsupported, "no disk that can be read"},
		"a domain that leads out":      {`<domain><devices><disk type='file'><source file='/etc/shadow'/></disk></devices></domain>`, binread.ErrRefused, "outside"},
		"a domain without disks":       {`<domain/>`, binread.ErrUnsupported, "without disks"},
		"a domain of many disks":       {`<domain><devices>` + strings.Repeat("<disk/>", 257) + `</devices></domain>`, binread.ErrLimit, "257 disks"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := appliance.Open(source("m.xml", []byte(c.text), map[string]string{"a.raw": "abc"}))
			if !isKind(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, error %v, want one of %v that says %q", m, err, c.kind, c.says)
			}
		})
	}
}

func TestHostileManifests(t *testing.T) {
	text := []byte(envelope(`<File id="f" href="a.raw"/>`, `<Disk diskId="d" fileRef="f"/>`, ""))
	for name, c := range map[string]struct {
		text string
		kind error
	}{
		"a line that is none":       {"hello", binread.ErrCorrupt},
		"a digest nobody knows":     {"MD5(a.raw)= 00", binread.ErrUnsupported},
		"a digest that is short":    {"SHA256(a.raw)= 00", binread.ErrCorrupt},
		"two digests of one file":   {strings.Repeat("SHA1(a.raw)= "+strings.Repeat("0", 40)+"\n", 2), binread.ErrCorrupt},
		"more bytes than the limit": {strings.Repeat("\n", 1<<20+1), binread.ErrLimit},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := appliance.Open(source("m.ovf", text, map[string]string{"a.raw": "abc", "m.mf": c.text})); !isKind(err, c.kind) {
				t.Errorf("error %v, want one of %v", err, c.kind)
			}
		})
	}
}

// FuzzOpen wants an answer to anything, and disks that lie inside of what was opened.
func FuzzOpen(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.ova")
	if err != nil || len(paths) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, "SHA1(a.raw)= 00")
	}
	f.Add([]byte(domain), "")
	f.Add([]byte(envelope(`<File id="f" href="a.raw" size="3"/>`, `<Disk diskId="d" fileRef="f" capacity="3"/>`, "")), "SHA1(a.raw)= a9993e364706816aba3e25717850c26c9cd0d89d")
	f.Fuzz(func(t *testing.T, b []byte, manifest string) {
		m, err := appliance.Open(source("m.ovf", b, map[string]string{"a.raw": "abc", "m.mf": manifest}))
		if m == nil || err != nil {
			return
		}
		for _, d := range m.Disks {
			if d.Size < 0 || d.Size > int64(len(b))+8 || d.Capacity < 0 {
				t.Fatalf("%+v of %d bytes", d, len(b))
			}
		}
		if m.Package != nil {
			if _, err := m.Package.Verify(t.Context(), appliance.VerifyOptions{Damage: func(string, string, bool) {}}); err != nil {
				t.Log(err)
			}
		}
	})
}
