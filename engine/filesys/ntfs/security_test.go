package ntfs

import (
	"bytes"
	"encoding/hex"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

// TestOwnersAsNTFSSecAuditSaysThem compares the owner and group of every file. The root has a descriptor of its own, and the others one of
// $Secure.
func TestOwnersAsNTFSSecAuditSaysThem(t *testing.T) {
	raw, err := conformance.ReadFile(filepath.Join("testdata", "windows.owners.gz"))
	if err != nil {
		t.Fatal(err)
	}
	f := openBytes(t, image(t, "windows"))
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	if len(lines) < 130 {
		t.Fatalf("%d lines of truth", len(lines))
	}
	for _, line := range lines {
		want := strings.Split(line, "\t")
		n := f.Root()
		if want[0] != "/" {
			n = conformance.Find(t, f, want[0][1:])
		}
		got, err := f.Security(n)
		// ntfssecaudit writes an authority of more than 32 bits as the number that [MS-DTYP] does not
		if err != nil || got.Owner != want[1] && !strings.HasPrefix(got.Owner, "S-1-0x") || got.Group != want[2] && !strings.HasPrefix(got.Group, "S-1-0x") {
			t.Errorf("%s: %s and %s, %v, want %s and %s", want[0], got.Owner, got.Group, err, want[1], want[2])
		}
	}
}

// TestAccessLists has what windows.py wrote.
func TestAccessLists(t *testing.T) {
	const system, admins, users = "S-1-5-18", "S-1-5-32-544", "S-1-5-32-545"
	const person = "S-1-5-21-1004336348-1177238915-682003330-1001"
	const installer = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
	f := openBytes(t, image(t, "windows"))
	for name, want := range map[string]filesys.Security{
		"of the system": {
			Owner: system, Group: system, Listed: true,
			Access: []filesys.Access{{Type: 0, Flags: 0x10, Mask: 0x1f01ff, SID: system}, {Type: 0, Flags: 0x10, Mask: 0x1200a9, SID: users}},
		},
		"of the installer": {
			Owner: installer, Group: installer, Listed: true, Protected: true,
			Access: []filesys.Access{{Mask: 0x1f01ff, SID: installer}, {Mask: 0x1200a9, SID: "S-1-15-2-1"}},
		},
		"of a person": {
			Owner: person, Group: strings.TrimSuffix(person, "1001") + "513", Listed: true,
			Access: []filesys.Access{{Type: 1, Mask: 2, SID: "S-1-1-0"}, {Flags: 3, Mask: 0x1f01ff, SID: person}, {Mask: 0x10000000, SID: admins}},
		},
		"for everybody":  {Owner: admins, Group: users},
		"without a list": {Owner: admins, Group: users},
		"for nobody":     {Owner: admins, Group: users, Listed: true},
		"of a large authority": {
			Owner: "S-1-0x123456789abc-7", Group: "S-1-0x123456789abc-7", Listed: true,
			Access: []filesys.Access{{Mask: 0x1f01ff, SID: "S-1-0x123456789abc-7"}},
		},
		"folder": {Owner: admins, Group: system, Listed: true, Access: []filesys.Access{{Flags: 0x0b, Mask: 0x1f01ff, SID: "S-1-3-0"}}},
	} {
		got, err := f.Security(conformance.Find(t, f, name))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, want)
		}
	}
}

// TestTheCopyOfADescriptor damages one descriptor in $SDS, and then its copy too.
func TestTheCopyOfADescriptor(t *testing.T) {
	whole := image(t, "windows")
	f := openBytes(t, whole)
	n := conformance.Find(t, f, "of a person")
	want, err := f.Security(n)
	if err != nil {
		t.Fatal(err)
	}
	of, err := f.readNode(n)
	if err != nil {
		t.Fatal(err)
	}
	place := f.secure.places[of.securityID()]
	raw, err := f.secure.descriptor(of.securityID(), place, 0)
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.Index(whole, raw)
	second := bytes.LastIndex(whole, raw)
	if first < 0 || first == second {
		t.Fatal("the descriptor has no copy")
	}
	b := bytes.Clone(whole)
	b[first+60]++
	if got, err := openBytes(t, b).Security(n); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("with the copy: %+v, %v, want %+v", got, err, want)
	}
	b[second+60]++
	if got, err := openBytes(t, b).Security(n); !errors.Is(err, binread.ErrChecksum) {
		t.Errorf("without: %+v, %v, want ErrChecksum", got, err)
	}
}

// TestHostileDescriptors has one thing wrong in each.
func TestHostileDescriptors(t *testing.T) {
	const head = "01000480 14000000 20000000 00000000 2c000000" // owner at 20, group at 32, list at 44
	const sids = "010100000000000512000000" + "010100000000000512000000"
	const list = "02001c0001000000" + "00001400ff011f00010100000000000512000000"
	for name, text := range map[string]string{
		"empty":                 "",
		"a later revision":      strings.Replace(head, "01", "02", 1) + sids + list,
		"with pointers":         strings.Replace(head, "0480", "0400", 1) + sids + list,
		"an owner outside":      strings.Replace(head, "14000000", "14000010", 1) + sids + list,
		"an owner at the end":   strings.Replace(head, "14000000", "47000000", 1) + sids + list,
		"a list outside":        strings.Replace(head, "2c000000", "2c000080", 1) + sids + list,
		"too many parts":        head + strings.Replace(sids, "0101", "0110", 1) + list,
		"a SID of a later kind": head + strings.Replace(sids, "0101", "0201", 1) + list,
		"a list that is cut":    head + sids + list[:20],
		"an entry too long":     head + sids + strings.Replace(list, "00001400", "00001500", 1),
		"an entry too short":    head + sids + strings.Replace(list, "00001400", "00000400", 1),
		"an entry more":         head + sids + strings.Replace(list, "02001c0001", "02001c0002", 1),
		"an object cut short":   head + sids + strings.Replace(list, "00001400", "05001400", 1),
	} {
		raw, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if s, err := decodeDescriptor(raw); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("%s: %+v, %v, want ErrCorrupt", name, s, err)
		}
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(head+sids+list, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := decodeDescriptor(raw); err != nil || s.Owner != "S-1-5-18" || len(s.Access) != 1 {
		t.Errorf("%+v, %v, want the descriptor that the others differ from", s, err)
	}
}

// FuzzDescriptor decodes anything as a security descriptor.
func FuzzDescriptor(f *testing.F) {
	f.Add([]byte{1, 0, 4, 0x80, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0, 2, 0, 8, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := decodeDescriptor(b); err != nil && !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("%v, want ErrCorrupt", err)
		}
	})
}
