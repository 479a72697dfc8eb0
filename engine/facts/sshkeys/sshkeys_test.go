package sshkeys

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/groups"
	"github.com/guestctl/guestctl/engine/facts/logindefs"
	"github.com/guestctl/guestctl/engine/facts/nsswitch"
	"github.com/guestctl/guestctl/engine/facts/osrelease"
	"github.com/guestctl/guestctl/engine/facts/packages"
	"github.com/guestctl/guestctl/engine/facts/shells"
	"github.com/guestctl/guestctl/engine/facts/sshd"
	"github.com/guestctl/guestctl/engine/facts/users"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectIn(t testing.TB, files map[string]memfs.File) (*facts.SSHKeys, facts.Status) {
	t.Helper()
	all := map[string]memfs.File{
		"/etc/passwd":          {Data: "root:x:0:0::/root:/bin/sh\nbob:x:1000:1000::/home/bob:/bin/sh\nbin:x:2:2::/:/usr/sbin/nologin\n"},
		"/usr/sbin/sshd":       {},
		"/etc/ssh/sshd_config": {},
		"/var/lib/dpkg/status": {Data: "Package: openssh-server\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:9.2p1-2\n\n"},
	}
	for name, f := range files {
		all[name] = f
	}
	return factstest.Collect[facts.SSHKeys](t, factstest.Guest(t, all), facts.Request{},
		osrelease.Collector, packages.Collector, nsswitch.Collector, shells.Collector, logindefs.Collector, groups.Collector,
		users.Collector, sshd.Collector, Collector)
}

func testKeys(t testing.TB) (text string, lines []string) {
	t.Helper()
	b, err := os.ReadFile("testdata/keys.pub")
	if err != nil {
		t.Fatal(err)
	}
	return string(b), strings.Split(strings.TrimSpace(string(b)), "\n")
}

// TestKeysAreThoseOfSSHKeygen compares with ssh-keygen -l.
func TestKeysAreThoseOfSSHKeygen(t *testing.T) {
	text, _ := testKeys(t)
	want, err := os.ReadFile("testdata/fingerprints")
	if err != nil {
		t.Fatal(err)
	}
	got, status := collectIn(t, map[string]memfs.File{"/root/.ssh/authorized_keys": {Data: text, Mode: 0o600}})
	if status.State != facts.OK || len(got.Authorized) != 1 {
		t.Fatal(status, got)
	}
	names := map[string]string{
		"ssh-rsa": "RSA", "ssh-dss": "DSA", "ssh-ed25519": "ED25519", "ecdsa-sha2-nistp256": "ECDSA", "ecdsa-sha2-nistp521": "ECDSA",
	}
	var lines string
	for _, k := range got.Authorized[0].Keys {
		lines += fmt.Sprintf("%d %s %s (%s)\n", k.Bits, k.Fingerprint, k.Comment, names[k.Type])
	}
	if d := cmp.Diff(string(want), lines); d != "" {
		t.Error("ssh-keygen -, here +\n" + d)
	}
}

func TestWhereKeysAreLookedFor(t *testing.T) {
	_, keys := testKeys(t)
	key := memfs.File{Data: "# x\n\nfrom=\"10.0.0.0/8\",command=\"/bin/x --password=hunter2\" " + keys[4] + "\n", UID: 1000, Mode: 0o644}
	got, status := collectIn(t, map[string]memfs.File{
		"/etc/ssh/sshd_config": {Data: "AuthorizedKeysFile .ssh/mine /etc/keys/%u /etc/uid/%U %h/%%x none\nHostKey /etc/ssh/other\nMatch User bob\nAuthorizedKeysFile /etc/bob\n"},
		"/home/bob/.ssh/mine":  key, "/etc/keys/bob": key, "/etc/uid/1000": key, "/home/bob/%x": key, "/etc/bob": key,
		"/home/bob/.ssh/authorized_keys":   key, // not named by the configuration
		"/home/bob/.ssh/id_ed25519":        {Data: "VerySecret", Mode: 0o640, UID: 1000},
		"/home/bob/.ssh/id_ed25519.pub":    {Data: keys[4]},
		"/etc/ssh/ssh_host_rsa_key":        {Data: "VerySecret", Mode: 0o600},
		"/etc/ssh/ssh_host_rsa_key.pub":    {Data: keys[0]},
		"/etc/ssh/ssh_host_dsa_key.pub":    {Data: keys[5]},
		"/etc/ssh/other":                   {Data: "VerySecret", Mode: 0o600},
		"/etc/ssh/ssh_host_ed25519_key":    {Data: "VerySecret", Mode: 0o644, GID: 5},
		"/etc/ssh/ssh_host_key_of_nothing": {},
	})
	if status.State != facts.OK {
		t.Fatal(status)
	}
	var paths []string
	for _, f := range got.Authorized {
		paths = append(paths, fmt.Sprintln(f.User, f.Path, f.Mode, f.UID, f.Keys[0].Source.Line))
	}
	want := []string{
		"root /etc/bob 0644 1000 3\n",
		"bob /home/bob/.ssh/mine 0644 1000 3\n", "bob /etc/keys/bob 0644 1000 3\n", "bob /etc/uid/1000 0644 1000 3\n",
		"bob /home/bob/%x 0644 1000 3\n", "bob /etc/bob 0644 1000 3\n", "bin /etc/bob 0644 1000 3\n",
	}
	if d := cmp.Diff(want, paths); d != "" {
		t.Error(d)
	}
	var host []string
	for _, k := range got.Host {
		line := "none"
		if k.Private != nil {
			line = k.Private.Path + " " + k.Private.Type + " " + k.Private.Mode
		}
		if k.Key != nil {
			line += " " + k.Key.Type
		}
		host = append(host, line)
	}
	wantHost := []string{"/etc/ssh/other  0600", "none ssh-dss", "/etc/ssh/ssh_host_ed25519_key ed25519 0644", "/etc/ssh/ssh_host_rsa_key rsa 0600 ssh-rsa"}
	if d := cmp.Diff(wantHost, host); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]facts.SSHPrivateKey{{Path: "/home/bob/.ssh/id_ed25519", User: "bob", Type: "ed25519", Mode: "0640", UID: 1000}}, got.Private); d != "" {
		t.Error(d)
	}
	if text := fmt.Sprintf("%+v", *got); strings.Contains(text, "VerySecret") || strings.Contains(text, "hunter2") || !strings.Contains(text, "10.0.0.0/8") {
		t.Error(text)
	}
	for _, name := range status.Files {
		if strings.HasSuffix(name, "_key") || name == "/etc/ssh/other" {
			t.Errorf("private key %s was read", name)
		}
	}
}

func TestHostileKeys(t *testing.T) {
	_, keys := testKeys(t)
	const name = "/root/.ssh/authorized_keys"
	for what, c := range map[string]struct {
		files map[string]memfs.File
		state facts.State
	}{
		"a FIFO":              {map[string]memfs.File{name: {Mode: 0o010600}}, facts.Partial},
		"a directory":         {map[string]memfs.File{name: memfs.Dir()}, facts.Partial},
		"a link to itself":    {map[string]memfs.File{name: {Link: name}}, facts.Partial},
		"cannot be read":      {map[string]memfs.File{name: {Data: "x", Err: errors.New("bad sector")}}, facts.Partial},
		"no key":              {map[string]memfs.File{name: {Data: "ssh-rsa AAAA\n"}}, facts.Partial},
		"cut in half":         {map[string]memfs.File{name: {Data: keys[0][:200]}}, facts.Partial},
		"NUL":                 {map[string]memfs.File{name: {Data: "\x00" + keys[0]}}, facts.Partial},
		"a line of 1 MB":      {map[string]memfs.File{name: {Data: strings.Repeat("a", 1<<20)}}, facts.Partial},
		"too many keys":       {map[string]memfs.File{name: {Data: strings.Repeat(keys[4]+"\n", maxKeys+9)}}, facts.Partial},
		"host key is a dir":   {map[string]memfs.File{"/etc/ssh/ssh_host_rsa_key.pub": memfs.Dir()}, facts.Partial},
		"a home that is none": {map[string]memfs.File{"/root": {Data: "x"}}, facts.OK},
		"nothing at all":      {nil, facts.OK},
	} {
		t.Run(what, func(t *testing.T) {
			if _, status := collectIn(t, c.files); status.State != c.state {
				t.Errorf("state %s %.300v, want %s", status.State, status.Problems, c.state)
			}
		})
	}
}

func FuzzParseKey(f *testing.F) {
	_, keys := testKeys(f)
	for _, k := range keys {
		f.Add(k)
	}
	f.Add("command=\"a \\\" b\",no-pty " + keys[4])
	f.Fuzz(func(t *testing.T, line string) {
		if k, err := parseKey(line); err == nil && (k.Type == "" || k.Fingerprint == "") {
			t.Errorf("%q is %+v", line, k)
		}
	})
}
