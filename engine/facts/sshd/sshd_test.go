package sshd

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/osrelease"
	"github.com/guestctl/guestctl/engine/facts/packages"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const recordedVersion = "1:9.2p1-2+deb12u10"

// server adds what says that Debian's OpenSSH of a version is installed.
func server(files map[string]memfs.File, version string) map[string]memfs.File {
	all := map[string]memfs.File{
		"/usr/sbin/sshd":       {Mode: 0o755},
		"/etc/os-release":      {Data: "ID=debian\nVERSION_ID=12\n"},
		"/var/lib/dpkg/status": {Data: "Package: openssh-server\nStatus: install ok installed\nArchitecture: amd64\nVersion: " + version + "\n\n"},
	}
	for name, f := range files {
		all[name] = f
	}
	return all
}

func collectIn(t testing.TB, files map[string]memfs.File) (*facts.SSHD, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.SSHD](t, factstest.Guest(t, files), facts.Request{},
		osrelease.Collector, packages.Collector, Collector)
}

// recorded returns what sshd -T printed about each tree.
func recorded(t testing.TB, file string) map[string]string {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range a.Files {
		all[f.Name] = string(f.Data)
	}
	return all
}

// notCompared are what Debian adds to the algorithms, and the addresses, for which sshd asks the network.
var notCompared = []string{"gssapikexalgorithms", "listenaddress"}

// printed returns settings as the lines of sshd -T, sorted.
func printed(settings map[string]*facts.Value[any]) []string {
	var lines []string
	for name, v := range settings {
		k, _ := keywords(name)
		list, many := v.Value.([]any)
		var texts []string
		for _, e := range list {
			texts = append(texts, fmt.Sprint(e))
		}
		switch {
		case slices.Contains(notCompared, name) && !v.Explicit:
		case !many:
			lines = append(lines, name+" "+fmt.Sprint(v.Value))
		case k.form == algorithm:
			lines = append(lines, name+" "+strings.Join(texts, ","))
		case k.form == grow || name == "setenv":
			for _, text := range texts {
				lines = append(lines, name+" "+text)
			}
		default:
			lines = append(lines, name+" "+strings.Join(texts, " "))
		}
	}
	slices.Sort(lines)
	return lines
}

// answer returns the lines of sshd -T that are compared with lines, sorted.
func answer(text string, set map[string]*facts.Value[any]) []string {
	var lines []string
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, " ")
		if v := set[name]; !slices.Contains(notCompared, name) || v != nil && v.Explicit {
			lines = append(lines, strings.TrimRight(line, " \n"))
		}
	}
	slices.Sort(lines)
	return lines
}

func TestEffectiveIsWhatSSHDPrints(t *testing.T) {
	truth := recorded(t, "testdata/all.txtar")
	for name, files := range factstest.Trees(t, "testdata/trees.txtar") {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, server(files, recordedVersion))
			if strings.HasPrefix(truth[name], "exit") {
				if got != nil || status.State != facts.Error {
					t.Errorf("state %s, want an error as sshd does not start", status.State)
				}
				return
			}
			if got == nil || status.State != facts.OK && name != "plus" {
				t.Fatalf("state %s %v", status.State, status.Problems)
			}
			if d := cmp.Diff(answer(truth[name], got.Effective), printed(got.Effective)); d != "" {
				t.Error("sshd -, here +\n" + d)
			}
		})
	}
}

// TestMatchBlocksAreWhatSSHDPrints applies the blocks that hold for bob and compares with sshd -T -C.
func TestMatchBlocksAreWhatSSHDPrints(t *testing.T) {
	truth := recorded(t, "testdata/bob.txtar")
	for name, files := range factstest.Trees(t, "testdata/trees.txtar") {
		got, _ := collectIn(t, server(files, recordedVersion))
		if got == nil {
			continue
		}
		over := map[string]*facts.Value[any]{}
		for _, m := range got.Match {
			if slices.ContainsFunc(m.Conditions, func(c facts.SSHDCondition) bool { return !holdsForBob(c) }) {
				continue
			}
			for key, v := range m.Settings {
				if over[key] == nil {
					over[key] = v
				}
			}
		}
		all := map[string]*facts.Value[any]{}
		for key, v := range got.Effective {
			all[key] = v
		}
		for key, v := range over {
			all[key] = v
		}
		if d := cmp.Diff(answer(truth[name], all), printed(all)); d != "" {
			t.Errorf("%s: sshd -, here +\n%s", name, d)
		}
	}
}

func holdsForBob(c facts.SSHDCondition) bool {
	switch c.Type {
	case "user":
		return slices.ContainsFunc(c.Patterns, func(p string) bool { ok, _ := path.Match(p, "bob"); return ok })
	case "address":
		return slices.Contains([]string{"10.0.0.0/8", "10.0.0.1"}, c.Patterns[0])
	}
	return false
}

func TestProvenance(t *testing.T) {
	trees := factstest.Trees(t, "testdata/trees.txtar")
	got, status := collectIn(t, server(trees["debian"], recordedVersion))
	v := got.Effective["permitrootlogin"]
	want := &facts.Value[any]{
		Value: "no", Explicit: true, Source: &facts.Source{Path: "/etc/ssh/sshd_config.d/10-a.conf", Line: 1, Text: "PermitRootLogin no"},
		Shadowed: []facts.Shadow[any]{
			{Source: facts.Source{Path: "/etc/ssh/sshd_config.d/20-b.conf", Line: 1, Text: "PermitRootLogin prohibit-password"}, Value: "without-password"},
			{Source: facts.Source{Path: "/etc/ssh/sshd_config", Line: 9, Text: "PermitRootLogin yes"}, Value: "yes"},
		},
	}
	if d := cmp.Diff(want, v); d != "" {
		t.Error(d)
	}
	if got.Version != "9.2" || got.Effective["maxsessions"].Explicit || slices.Contains(status.Files, "/etc/ssh/sshd_config.d/.hidden.conf") {
		t.Errorf("version %q, files %v", got.Version, status.Files)
	}
	got, _ = collectIn(t, server(trees["matchall"], recordedVersion))
	if v := got.Effective["loglevel"]; v.Source.Line != 5 || len(v.Shadowed) != 2 || v.Shadowed[0].Value != "QUIET" {
		t.Errorf("log level is %+v", v)
	}
}

func TestCommandLine(t *testing.T) {
	const unit = "[Service]\nEnvironmentFile=-/etc/default/ssh\nExecStart=/usr/sbin/sshd -D $SSHD_OPTS\n"
	const main = "/etc/ssh/sshd_config"
	for name, c := range map[string]struct {
		files map[string]string
		key   string
		want  any
		where string
	}{
		"the unit alone": {map[string]string{"/lib/systemd/system/ssh.service": unit, main: "PermitRootLogin no"}, "permitrootlogin", "no", main},
		"an option of a drop-in beats the file": {map[string]string{
			"/lib/systemd/system/ssh.service": unit, main: "PermitRootLogin no",
			"/etc/systemd/system/ssh.service.d/x.conf": "[Service]\nExecStart=\nExecStart=/usr/sbin/sshd -D -o PermitRootLogin=yes\n",
		}, "permitrootlogin", "yes", "/etc/systemd/system/ssh.service.d/x.conf"},
		"SSHD_OPTS of /etc/default/ssh": {map[string]string{
			"/lib/systemd/system/ssh.service": unit, main: "PermitRootLogin no",
			"/etc/default/ssh": "SSHD_OPTS='-oPermitRootLogin=yes -4'\n",
		}, "permitrootlogin", "yes", "/etc/default/ssh"},
		"but Match all beats the command line": {map[string]string{
			"/lib/systemd/system/ssh.service": unit, main: "Match all\nPermitRootLogin no",
			"/etc/default/ssh": "SSHD_OPTS=-oPermitRootLogin=yes\n",
		}, "permitrootlogin", "no", main},
		"-p behind another flag": {map[string]string{
			"/lib/systemd/system/ssh.service": unit, main: "Port 22\nPort 23", "/etc/default/ssh": "SSHD_OPTS=-Dp 2222\n",
		}, "port", []any{"2222"}, "/etc/default/ssh"},
		"-p takes the place of all ports": {map[string]string{
			"/lib/systemd/system/ssh.service": unit, main: "Port 22\nPort 23", "/etc/default/ssh": "SSHD_OPTS=\"-D -p 2222\"\n",
		}, "port", []any{"2222"}, "/etc/default/ssh"},
		"another file": {map[string]string{
			"/lib/systemd/system/ssh.service": unit, main: "PermitRootLogin no", "/etc/other": "PermitRootLogin yes",
			"/etc/default/ssh": "SSHD_OPTS='-f /etc/other'\n",
		}, "permitrootlogin", "yes", "/etc/other"},
		"RHEL 8's crypto policy": {map[string]string{
			"/usr/lib/systemd/system/sshd.service":                "[Service]\nEnvironmentFile=-/etc/crypto-policies/back-ends/opensshserver.config\nExecStart=/usr/sbin/sshd -D $OPTIONS $CRYPTO_POLICY\n",
			"/etc/crypto-policies/back-ends/opensshserver.config": "CRYPTO_POLICY='-oCiphers=aes256-ctr -oMACs=hmac-sha2-256'\n",
			main: "Ciphers 3des-cbc\n",
		}, "ciphers", []any{"aes256-ctr"}, "/etc/crypto-policies/back-ends/opensshserver.config"},
		"no systemd: the start script's": {map[string]string{main: "", "/etc/conf.d/sshd": "SSHD_OPTS=\"-o UsePAM=no\""}, "usepam", "no", "/etc/conf.d/sshd"},
		"openSUSE keeps its own in /usr": {map[string]string{
			"/usr/etc/ssh/sshd_config":      "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin no",
			"/etc/ssh/sshd_config.d/a.conf": "PermitRootLogin yes",
		}, "permitrootlogin", "yes", "/etc/ssh/sshd_config.d/a.conf"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, server(factstest.Text(c.files), recordedVersion))
			if got == nil {
				t.Fatal(status)
			}
			v := got.Effective[c.key]
			if d := cmp.Diff(c.want, v.Value); d != "" || v.Source == nil || v.Source.Path != c.where {
				t.Errorf("%v of %+v, want it of %s", v.Value, v.Source, c.where)
			}
		})
	}
}

// TestMatchAllOverridesOnlyOthers has a setting that stands in "Match all" alone: it takes the place of nothing, not of itself.
func TestMatchAllOverridesOnlyOthers(t *testing.T) {
	got, _ := collectIn(t, server(factstest.Text(map[string]string{"/etc/ssh/sshd_config": "LogLevel INFO\nMatch all\nLogLevel VERBOSE\nClientAliveCountMax 0\n"}), recordedVersion))
	for name, want := range map[string]int{"clientalivecountmax": 0, "loglevel": 1} {
		if v := got.Effective[name]; len(v.Shadowed) != want {
			t.Errorf("%s overrides %v, want %d lines", name, v.Shadowed, want)
		}
	}
}

// TestDefaultsDependOnTheVersion wants only what a version is known to do.
func TestDefaultsDependOnTheVersion(t *testing.T) {
	for version, want := range map[string]struct{ first, last string }{
		"1:7.4p1-10":         {"curve25519-sha256", "diffie-hellman-group14-sha1"},
		"1:8.4p1-5":          {"curve25519-sha256", "diffie-hellman-group14-sha256"},
		"1:9.2p1-2+deb12u3":  {"sntrup761x25519-sha512@openssh.com", "diffie-hellman-group14-sha256"},
		"1:9.2p1-2+deb12u10": {"sntrup761x25519-sha512", "diffie-hellman-group14-sha256"},
		"1:10.0p1-7":         {"mlkem768x25519-sha256", "ecdh-sha2-nistp521"},
	} {
		got, _ := collectIn(t, server(factstest.Text(map[string]string{"/etc/ssh/sshd_config": ""}), version))
		list := got.Effective["kexalgorithms"].Value.([]any)
		if list[0] != want.first || list[len(list)-1] != want.last {
			t.Errorf("%s: %v", version, list)
		}
	}
	got, status := collectIn(t, map[string]memfs.File{"/usr/sbin/sshd": {}, "/etc/ssh/sshd_config": {Data: "Ciphers -aes*"}})
	if status.State != facts.Partial || got.Effective["kexalgorithms"] != nil || got.Effective["ciphers"] != nil {
		t.Errorf("%v: of a version that is not known there are no lists", status)
	}
}

// TestFilesAreThoseThatSSHDReads wants included files anywhere, in the order of reading, and none that is not read.
func TestFilesAreThoseThatSSHDReads(t *testing.T) {
	got, status := collectIn(t, server(map[string]memfs.File{
		"/etc/passwd": {Data: "root:x:0:0::/root:/bin/sh\nbob:x:1000:1000::/:/bin/sh\n"}, "/etc/group": {Data: "root:x:0:\n"},
		"/etc/ssh/sshd_config":          {Data: "Include /etc/ssh/sshd_config.d/*.conf /srv/more\nPort 22\n", Mode: 0o600},
		"/etc/ssh/sshd_config.d/b.conf": {Data: "UsePAM yes\nInclude /srv/more\n", Mode: 0o666, UID: 1000},
		"/etc/ssh/sshd_config.d/a.conf": {Link: "/srv/real"},
		"/etc/ssh/sshd_config.d/c.bak":  {Mode: 0o777},
		"/srv/real":                     {Data: "UseDNS no\n", Mode: 0o640, GID: 7}, "/srv/more": {Data: "#\n"},
	}, recordedVersion))
	file := func(path, mode string, size int64) facts.Inode {
		return facts.Inode{Path: path, Type: "file", Mode: mode, Owner: "root", Group: "root", Size: size}
	}
	want := []facts.Inode{
		file("/etc/ssh/sshd_config", "0600", 56), file("/etc/ssh/sshd_config.d/a.conf", "0640", 10),
		file("/etc/ssh/sshd_config.d/b.conf", "0666", 29), file("/srv/more", "0644", 2),
	}
	want[1].GID, want[1].Group, want[2].UID, want[2].Owner = 7, "", 1000, "bob"
	if d := cmp.Diff(want, got.Files); d != "" || status.State != facts.OK {
		t.Errorf("%s %v; want -, got +\n%s", status.State, status.Problems, d)
	}
}
