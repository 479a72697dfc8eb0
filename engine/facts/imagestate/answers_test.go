package imagestate

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestPasswords(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"Kickstart, plain":            {"lang C\nrootpw r00tme\n", 2},
		"Kickstart, a hash":           {"rootpw --iscrypted $6$abc\n", 1},
		"Kickstart, locked":           {"rootpw --lock\nrootpw --iscrypted --lock locked\n", 0},
		"Kickstart, a user":           {"user --name=bob --password=secret\n", 1},
		"Kickstart, a locked user":    {"user --name=bob --lock\nuser --name=eve --password=!\n", 0},
		"Kickstart, the loader":       {"bootloader --iscrypted --password=grub.pbkdf2.sha512.1\n", 1},
		"Kickstart, a partition":      {"part / --encrypted --passphrase=\"x\"\n", 1},
		"Kickstart, in a comment":     {"# rootpw r00tme\n#rootpw x\n", 0},
		"preseed":                     {"# x\nd-i passwd/root-password password r00tme\n", 2},
		"preseed, a hash":             {"d-i passwd/user-password-crypted password $6$abc\n", 1},
		"preseed, of GRUB":            {"d-i grub-installer/password password r00tme\n", 1},
		"preseed, of the disk":        {"d-i partman-crypto/passphrase password x\n", 1},
		"preseed, locked":             {"d-i passwd/root-password-crypted password !\n", 0},
		"preseed, empty":              {"d-i passwd/root-password password\n", 0},
		"preseed, no password":        {"d-i user-setup/allow-password-weak boolean true\nd-i passwd/username string bob\n", 0},
		"preseed, in a comment":       {"#d-i passwd/root-password password r00tme\n# d-i passwd/root-password password x\n", 0},
		"debconf's database":          {"Name: passwd/root-password\nTemplate: passwd/root-password\nValue: r00tme\nOwners: d-i\n", 3},
		"debconf's database, cleared": {"Name: passwd/root-password\nValue:\n\nName: passwd/username\nValue: bob\n\nName: user-setup/password-weak\nValue: true\n", 0},
		"YAML":                        {"#cloud-config\npassword: secret\n", 2},
		"YAML in a list":              {"users:\n  - name: bob\n    lock_passwd: false\n    passwd: \"$6$abc\"\n", 4},
		"YAML in braces":              {"users: [{name: bob, passwd: x}]\n", 1},
		"YAML as JSON":                {"{\"password\": \"x\"}\n", 1},
		"YAML, plain text":            {"  plain_text_passwd: 'x'\n", 1},
		"YAML, of a block":            {"password: |\n  x\n", 1},
		"YAML, locked or empty":       {"passwd: '*'\npasswd: \"!\"\npassword: \"\"\npassword:\npassword: ~\npassword: # x\n", 0},
		"YAML, other keys":            {"lock_passwd: true\nssh_pwauth: true\npassword_policy: x\ngecos: password\n", 0},
		"YAML in a comment":           {"# password: x\nusers: [] # {password: x}\n", 0},
		"chpasswd with a list":        {"chpasswd:\n  expire: false\n  list: |\n    root:x\n", 1},
		"chpasswd with users":         {"a: b\nchpasswd: {expire: false, users: [{name: a}]}\n", 2},
		"chpasswd that only expires":  {"chpasswd: {expire: false}\nchpasswd:\n  expire: false\nother:\n  list: x\n", 0},
		"AutoYaST":                    {"<user>\n<user_password>$6$abc</user_password>\n", 2},
		"AutoYaST with a type":        {"<user_password t=\"x\">secret</user_password>\n", 1},
		"AutoYaST, locked or empty":   {"<user_password>!</user_password>\n<password></password>\n", 0},
		"a log that speaks of one":    {"Nov 28 03:00:00 user-setup: asking for a password, password: hidden\n", 0},
		"nothing":                     {"", 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := passwordLine([]byte(c.text)); got != c.want {
				t.Errorf("line %d, want %d", got, c.want)
			}
		})
	}
}

func packed(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAnswerFiles(t *testing.T) {
	got, status := collectIn(t, map[string]memfs.File{
		"/root/anaconda-ks.cfg":                        {Data: "rootpw --iscrypted VerySecret\n"},
		"/root/original-ks.cfg":                        {Data: "rootpw --lock\n"},
		"/preseed.cfg":                                 {Data: "\nd-i passwd/root-password password VerySecret\n"},
		"/var/lib/preseed/log":                         {},
		"/var/log/installer/syslog":                    {Data: "x\n"},
		"/var/log/installer/cdebconf/questions.dat":    {Data: "Name: passwd/user-password\nValue: VerySecret\n"},
		"/var/lib/cloud/instances/i-1/user-data.txt":   {Data: packed(t, "#cloud-config\npassword: VerySecret\n")},
		"/var/lib/cloud/instances/i-1/user-data.txt.i": {Data: "users: []\n"},
		"/var/lib/cloud/seed/nocloud-net/user-data":    {Data: "chpasswd:\n  list: VerySecret\n"},
		"/etc/cloud/cloud.cfg":                         {Data: "system_info:\n  default_user:\n    lock_passwd: True\n"},
		"/etc/cloud/cloud.cfg.d/90.cfg":                {Data: "password: VerySecret\n"},
	})
	want := []facts.AnswerFile{
		{Path: "/etc/cloud/cloud.cfg.d/90.cfg", HasPassword: true, Line: 1},
		{Path: "/preseed.cfg", HasPassword: true, Line: 2},
		{Path: "/root/anaconda-ks.cfg", HasPassword: true, Line: 1},
		{Path: "/root/original-ks.cfg"},
		{Path: "/var/lib/cloud/instances/i-1/user-data.txt", HasPassword: true, Line: 2},
		{Path: "/var/lib/cloud/seed/nocloud-net/user-data", HasPassword: true, Line: 1},
		{Path: "/var/lib/preseed/log"},
		{Path: "/var/log/installer/cdebconf/questions.dat", HasPassword: true, Line: 2},
		{Path: "/var/log/installer/syslog"},
	}
	if d := cmp.Diff(want, got.Unattended); d != "" || status.State != facts.OK {
		t.Errorf("%s %v; want -, got +\n%s", status.State, status.Problems, d)
	}
	if text := fmt.Sprintf("%+v %+v", *got, status); strings.Contains(text, "VerySecret") {
		t.Error(text)
	}
}

// TestAnswersThatCannotBeLookedAt makes sure that none of them counts as one without a password and no problem.
func TestAnswersThatCannotBeLookedAt(t *testing.T) {
	bomb := packed(t, strings.Repeat("\n", maxAnswer+9))
	for name, f := range map[string]memfs.File{
		"too long":             {Data: strings.Repeat("x\n", maxAnswer/2+9)},
		"a packed file, cut":   {Data: packed(t, strings.Repeat("lang C\n", 99))[:20]},
		"a packed file, empty": {Data: "\x1f\x8b"},
		"unpacks for ever":     {Data: bomb},
		"damaged":              {Data: "x", Err: errDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			if got, status := collectIn(t, map[string]memfs.File{"/preseed.cfg": f}); status.State != facts.Partial || len(got.Unattended) != 1 {
				t.Errorf("%s, %+v", status.State, got.Unattended)
			}
		})
	}
}

func FuzzPasswordLine(f *testing.F) {
	for _, seed := range []string{
		"rootpw --iscrypted x\n", "d-i passwd/root-password password x\n", "Name: a/password\nValue: x\n", "chpasswd:\n  list: x\n",
		"users: [{passwd: x}]\n", "<user_password>x</user_password>", "user --password=x",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := passwordLine(b); got < 0 || got > bytes.Count(b, []byte{'\n'})+1 {
			t.Errorf("line %d of %q", got, b)
		}
	})
}
