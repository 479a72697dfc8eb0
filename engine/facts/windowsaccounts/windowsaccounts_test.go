package windowsaccounts

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/hivetest"
)

// fixed is a value F of a user with these flags and wrong passwords.
func fixed(rid, flags uint32, bad uint16) []byte {
	b := make([]byte, 80)
	le := binary.LittleEndian
	le.PutUint32(b[48:], rid)
	le.PutUint32(b[56:], flags)
	le.PutUint16(b[64:], bad)
	return b
}

// variable is a value V of a user with a name and a hash.
func variable(name string, hash []byte) []byte {
	b := make([]byte, parts*partSize)
	text := hivetest.UTF16(name)
	le := binary.LittleEndian
	le.PutUint32(b[partName*partSize+4:], uint32(len(text)))
	le.PutUint32(b[partNTHash*partSize:], uint32(len(text)))
	le.PutUint32(b[partNTHash*partSize+4:], uint32(len(hash)))
	return slices.Concat(b, text, hash)
}

func hexOf(b []byte) string {
	text := make([]string, len(b))
	for i, c := range b {
		text[i] = fmt.Sprintf("%02x", c)
	}
	return "hex:" + strings.Join(text, ",")
}

const accountKey = "[SAM\\Domains\\Account]\n\"V\"=hex:01,04,00,00,00,00,00,05,15,00,00,00,01,00,00,00,02,00,00,00,03,00,00,00\n"

func sam(f, v []byte) string {
	return accountKey + "[SAM\\Domains\\Account\\Users\\000003E9]\n\"F\"=" + hexOf(f) + "\n\"V\"=" + hexOf(v) + "\n[SAM\\Domains\\Account\\Users\\Names]\n"
}

func TestUsers(t *testing.T) {
	v := variable("me", nil)
	outside := append([]byte{}, v...)
	binary.LittleEndian.PutUint32(outside[partName*partSize:], 0xfffffff0)
	for name, c := range map[string]struct {
		f, v  []byte
		want  string
		state facts.State
	}{
		"no hash":                {fixed(1001, 0x10, 0), v, "me", facts.OK},
		"a hash of RC4":          {fixed(1001, 0x10, 0), variable("me", make([]byte, 20)), "me password", facts.OK},
		"the header of one":      {fixed(1001, 0x10, 0), variable("me", make([]byte, 4)), "me", facts.OK},
		"a hash of AES":          {fixed(1001, 0x10, 0), variable("me", make([]byte, 56)), "me password", facts.OK},
		"the header of one, AES": {fixed(1001, 0x10, 0), variable("me", make([]byte, 24)), "me", facts.OK},
		"disabled and locked":    {fixed(1001, 0x411, 0), v, "me disabled locked", facts.OK},
		"wrong passwords":        {fixed(1001, 0x10, 200), v, "me", facts.OK}, // without a policy
		"of another account":     {fixed(500, 0x10, 0), v, "", facts.Partial},
		"F cut short":            {fixed(1001, 0x10, 0)[:60], v, "", facts.Partial},
		"V cut short":            {fixed(1001, 0x10, 0), v[:100], "", facts.Partial},
		"a name outside":         {fixed(1001, 0x10, 0), outside, "", facts.Partial},
		"nothing":                {nil, nil, "", facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.WindowsAccounts](t, factstest.Windows(t, map[string]string{"SAM": sam(c.f, c.v)}, nil), facts.Request{}, Collector)
			text := ""
			for _, u := range got.Users {
				text += u.Name
				if u.PasswordSet {
					text += " password"
				}
				if u.Disabled {
					text += " disabled"
				}
				if u.Locked {
					text += " locked"
				}
				if u.SID != "S-1-5-21-1-2-3-1001" {
					t.Errorf("SID %s", u.SID)
				}
			}
			if text != c.want || status.State != c.state {
				t.Errorf("got %q, %s %v, want %q, %s", text, status.State, status.Problems, c.want, c.state)
			}
		})
	}
}

func TestStates(t *testing.T) {
	const group = "[SAM\\Domains\\Builtin\\Aliases\\00000220]\n"
	for name, c := range map[string]struct {
		sam  string
		want facts.State
	}{
		"no accounts":        {"[SAM]\n", facts.Absent},
		"no SID":             {"[SAM\\Domains\\Account]\n", facts.Partial},
		"a group of nothing": {accountKey + group, facts.Partial},
		"a group cut short":  {accountKey + group + "\"C\"=hex:20,02,00,00\n", facts.Partial},
		"too many members":   {accountKey + group + "\"C\"=" + hexOf(append(make([]byte, 48), 0xff, 0xff, 0xff, 0xff)) + "\n", facts.Partial},
		"members outside":    {accountKey + group + "\"C\"=" + hexOf(append(make([]byte, 48), 1, 0, 0, 0)) + "\n", facts.Partial},
		"a group of nobody":  {accountKey + group + "\"C\"=" + hexOf(make([]byte, 52)) + "\n", facts.OK},
	} {
		t.Run(name, func(t *testing.T) {
			_, status := factstest.Collect[facts.WindowsAccounts](t, factstest.Windows(t, map[string]string{"SAM": c.sam}, nil), facts.Request{}, Collector)
			if status.State != c.want {
				t.Errorf("%s %v, want %s", status.State, status.Problems, c.want)
			}
		})
	}
}

func FuzzValues(f *testing.F) {
	f.Add(fixed(1001, 0x10, 3), variable("me", make([]byte, 56)))
	f.Add([]byte{}, []byte{1})
	f.Fuzz(func(t *testing.T, fixed, variable []byte) {
		u := facts.WindowsUser{RID: 1001}
		if err := readFixed(&u, fixed, 3); err == nil && len(fixed) < 68 {
			t.Error("a short value is read")
		}
		for part := range parts {
			if b, err := partOf(variable, part); err == nil && len(b) > len(variable) {
				t.Error("a part is longer than the value")
			}
		}
		c := binread.Little(variable)
		if sid, err := facts.SID(&c); err == nil && !strings.HasPrefix(sid, "S-1-") {
			t.Errorf("SID %s", sid)
		}
	})
}
