package vmdk

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/internal/conformance"
)

// TestDescriptorsAsProgramsWriteThem are one and the same, in the forms that VMware's programs and others read.
func TestDescriptorsAsProgramsWriteThem(t *testing.T) {
	plain := string(text(`RW 2 FLAT "flat" 1`, `RW 3 ZERO`, `RDONLY 1 FLAT "flat" 0`))
	for name, s := range map[string]string{
		"plain":               plain,
		"Windows' ends":       strings.ReplaceAll(plain, "\n", "\r\n"),
		"byte order mark":     "\xef\xbb\xbf" + plain,
		"padded":              plain + strings.Repeat("\x00", 4000),
		"rest behind the end": plain + "\x00RW 1 WARP",
		"no last end of line": strings.TrimSuffix(plain, "\n"),
		"spaces":              strings.NewReplacer("=", " = ", "RW ", "  RW\t ", `"flat"`, ` "flat" `).Replace(plain),
		"keys in capitals":    strings.NewReplacer("version", "VERSION", "createType", "CREATETYPE", "parentCID", "PARENTCID").Replace(plain),
		"words in small":      strings.NewReplacer("RW", "rw", "FLAT", "flat", "ZERO", "zero", "RDONLY", "rdonly").Replace(plain),
		"quotes":              strings.NewReplacer("version=1", `version="1"`, "=ffffffff", `="FFFFFFFF"`).Replace(plain),
		"no quotes":           strings.NewReplacer(`"custom"`, "custom", `"flat"`, "flat").Replace(plain),
		"no title":            strings.Replace(plain, "# Disk DescriptorFile\n", "\n# a comment\n\n", 1),
		"another title":       strings.Replace(plain, "# Disk DescriptorFile", "# disk descriptor file", 1),
		"unknown settings":    plain + "changeTrackPath=\"x-ctk.vmdk\"\nddb.uuid = \"60 00\"\nddb.uuid = \"60 01\"\n",
		"said twice":          plain + "CID=00000001\n",
		"device of a part":    strings.Replace(plain, `"flat" 1`, `"flat" 1 partitionUUID x`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			if ok, err := Format.Probe(strings.NewReader(s), int64(len(s))); !ok || err != nil {
				t.Errorf("probe %t, %v, want it known", ok, err)
			}
			flat := bytes.Repeat([]byte("abcd"), 3*sectorSize/4)
			img, err := conformance.Open(Format, []byte(s), files(t, map[string][]byte{"flat": flat}))
			if err != nil {
				t.Fatal(err)
			}
			conformance.Image(t, img, append(append(bytes.Clone(flat[sectorSize:]), make([]byte, 3*sectorSize)...), flat[:sectorSize]...))
		})
	}
}

func TestOtherTextsAreNoDescriptors(t *testing.T) {
	for _, s := range []string{"", "#", "#!/bin/sh\nversion=1.2\n", "key=value\n", "# Disk\nversion=4\n", "\x00# Disk DescriptorFile\n", "version"} {
		if ok, err := Format.Probe(strings.NewReader(s), int64(len(s))); ok || err != nil {
			t.Errorf("%q: probe %t, %v, want it unknown", s, ok, err)
		}
	}
}

func TestNamesInOtherEncodings(t *testing.T) {
	for _, c := range []struct{ encoding, inText, onHost string }{
		{"windows-1252", "Sch\xf6n.vmdk", "Schön.vmdk"},
		{"windows-1252", "Sch\xf6n.vmdk", "Sch\xf6n.vmdk"}, // a copy that kept the bytes
		{"Windows-1251", "\xc4\xe8\xf1\xea.vmdk", "Диск.vmdk"},
		{"ISO-8859-1", "\xe9", "é"},
		{"UTF-8", "Schön.vmdk", "Schön.vmdk"},
		{"GBK", "\xb4\xc5\xc5\xcc", "\xb4\xc5\xc5\xcc"},
		{"", "a b (2).vmdk", "a b (2).vmdk"},
	} {
		desc := string(text(`RW 1 FLAT "` + c.inText + `" 0`))
		if c.encoding != "" {
			desc += "encoding=\"" + c.encoding + "\"\n"
		}
		img, err := conformance.Open(Format, []byte(desc), files(t, map[string][]byte{c.onHost: make([]byte, sectorSize)}))
		if err != nil {
			t.Errorf("%s, %q as %q: %v", c.encoding, c.inText, c.onHost, err)
		} else if err := img.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestParentsAreLookedForBesideTheDisk has hints as they are on the machine that made the disk.
func TestParentsAreLookedForBesideTheDisk(t *testing.T) {
	for hint, want := range map[string][]string{
		"base.vmdk":                       {"base.vmdk"},
		"/vmfs/volumes/5f-1/vm/base.vmdk": {"/vmfs/volumes/5f-1/vm/base.vmdk", "base.vmdk"},
		`C:\VMs\my vm\base.vmdk`:          {`C:\VMs\my vm\base.vmdk`, "C:/VMs/my vm/base.vmdk", "base.vmdk"},
		`..\golden\base.vmdk`:             {`..\golden\base.vmdk`, "../golden/base.vmdk", "base.vmdk"},
	} {
		if diff := cmp.Diff(want, parentNames(hint, "UTF-8")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", hint, diff)
		}
		child := text("RW 6144 ZERO", `parentFileNameHint="`+hint+`"`).replace("ffffffff", "00000001")
		base := text("RW 6144 ZERO")
		img, err := conformance.Open(Format, child, files(t, map[string][]byte{"base.vmdk": base}))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			if err != nil {
				t.Errorf("%s: %v", hint, err)
				continue
			}
			if got := img.Description(); len(got.Problems) > 0 || len(got.Backing) != 1 {
				t.Errorf("%s: parents %q, problems %q", hint, got.Backing, got.Problems)
			}
		}
	}
}

func TestWhatADescriptorSaysBesideItsDiskIsAProblem(t *testing.T) {
	img, err := conformance.Open(Format, text("RW 1 ZERO", `parentFileNameHint="x"`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if p := img.Description().Problems; len(p) != 1 || !strings.Contains(p[0], `names a parent, "x", and says that there is none`) {
		t.Errorf("problems %q, want the parent that is none", p)
	}
	if c, told, err := conformance.Check(t, img); err != nil || c.Doubtful != 1 {
		t.Errorf("check: %v, %q, want a doubt", err, told)
	}
	if _, err := Format.Open(strings.NewReader(""), 0, image.Options{Snapshot: "monday"}); err == nil {
		t.Error("a snapshot of a name opens, want an error")
	}
}
