package drift_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/drift"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// base is a small machine.
func base() map[string]memfs.File {
	const dpkg = "Package: nginx\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.22.1-9\n\n" +
		"Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.2.13\n\n" +
		"Package: openssh-server\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:9.2p1-2\n\n"
	files := factstest.Text(map[string]string{
		"/etc/os-release":                "ID=debian\nVERSION_ID=12\n",
		"/etc/passwd":                    "root:x:0:0::/root:/bin/bash\nana:x:1000:1000::/home/ana:/bin/bash\n",
		"/etc/group":                     "root:x:0:\nana:x:1000:\n",
		"/etc/shadow":                    "root:!:19000::::::\nana:!:19000::::::\n",
		"/etc/gshadow":                   "root:*::\nana:!::\n",
		"/etc/shells":                    "/bin/bash\n",
		"/etc/ssh/sshd_config":           "PermitRootLogin no\nMatch User ana\n  X11Forwarding no\n",
		"/etc/sudoers":                   "root ALL=(ALL:ALL) ALL\nana ALL=(root) /bin/ls\n",
		"/etc/sysctl.d/10.conf":          "net.ipv4.ip_forward = 0\n",
		"/etc/fstab":                     "/dev/sda9 /srv ext4 nodev,nofail 0 2\n",
		"/etc/crontab":                   "17 * * * * root /usr/local/bin/hourly\n",
		"/etc/pam.d/login":               "auth required pam_faillock.so\nauth required pam_unix.so\n",
		"/etc/apt/sources.list":          "deb https://deb.debian.org/debian bookworm main\n",
		"/etc/nftables.conf":             "table inet filter {\n chain input {\n type filter hook input priority 0; policy drop;\n tcp dport 22 accept\n tcp dport 80 accept\n }\n}\n",
		"/usr/lib/systemd/systemd":       "",
		"/etc/systemd/system/a.service":  "[Service]\nExecStart=/usr/bin/a\n",
		"/home/ana/.ssh/authorized_keys": key("AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f", "ana@home"),
		"/var/lib/dpkg/status":           dpkg,
		"/boot/grub/grub.cfg":            "menuentry 'Debian' {\n linux /vmlinuz root=/dev/sda1 ro quiet\n}\n",
		"/vmlinuz":                       "",
		"/etc/ssl/certs/x":               "",
	})
	files["/root"], files["/usr/sbin/sshd"] = memfs.Dir(), memfs.File{Mode: 0o755}
	return files
}

func key(blob, comment string) string { return "ssh-ed25519 " + blob + " " + comment + "\n" }

// machine is base with some files replaced; one that is "-" is gone.
func machine(t *testing.T, changed map[string]string) *facts.Document {
	t.Helper()
	files := base()
	for path, text := range changed {
		if text == "-" {
			delete(files, path)
			continue
		}
		f := files[path]
		f.Data = text
		files[path] = f
	}
	return collect(t, files)
}

func collect(t *testing.T, files map[string]memfs.File) *facts.Document {
	t.Helper()
	var names []string
	for _, c := range engine.Collectors() {
		names = append(names, c.Name)
	}
	d, err := facts.Collect(t.Context(), factstest.Guest(t, files), facts.Request{Domains: drift.Comparable(names)}, engine.Collectors(), 20_000)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// replace changes a text of a file of base.
func replace(path, from, to string) map[string]string {
	return map[string]string{path: strings.Replace(base()[path].Data, from, to, 1)}
}

func told(c *drift.Comparison) []string {
	var all []string
	for _, one := range c.Changes {
		all = append(all, one.ID()+" "+one.Text())
	}
	return all
}

// TestEveryDomainTellsItsChange makes one change, and wants it told in the words of its domain, with the line it stands in.
func TestEveryDomainTellsItsChange(t *testing.T) {
	for name, c := range map[string]struct {
		change map[string]string
		want   []string // id, text
		where  string   // of the first
	}{
		"a package comes":        {map[string]string{"/var/lib/dpkg/status": base()["/var/lib/dpkg/status"].Data + "Package: nc\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.10\n\n"}, []string{"drift.packages/nc added: 1.10"}, "/var/lib/dpkg/status:16"},
		"a package goes":         {replace("/var/lib/dpkg/status", "Package: zlib1g\nStatus: install ok installed", "Package: zlib1g\nStatus: deinstall ok config-files"), []string{"drift.packages/zlib1g removed, was: 1:1.2.13"}, "/var/lib/dpkg/status:6"},
		"a package is newer":     {replace("/var/lib/dpkg/status", "1.22.1-9", "1.22.1-10"), []string{"drift.packages/nginx upgraded: 1.22.1-10, was 1.22.1-9"}, "/var/lib/dpkg/status:1"},
		"a package is older":     {replace("/var/lib/dpkg/status", "1:1.2.13", "2.0"), []string{"drift.packages/zlib1g downgraded: 2.0, was 1:1.2.13"}, "/var/lib/dpkg/status:6"},
		"a package is held":      {replace("/var/lib/dpkg/status", "install ok", "hold ok"), []string{"drift.packages/nginx changed: 1.22.1-9 amd64.Held true, was false; 1.22.1-9 amd64.Want hold, was install"}, "/var/lib/dpkg/status:1"},
		"a shell":                {replace("/etc/passwd", "ana:/bin/bash", "ana:/bin/zsh"), []string{"drift.users/ana changed: interactive false, was true; shell /bin/zsh, was /bin/bash; shell_valid false, was true"}, "/etc/passwd:2"},
		"a member":               {replace("/etc/group", "root:x:0:", "root:x:0:ana"), []string{"drift.groups/root changed: members ana, was none", "drift.users/ana changed: groups root, was none"}, "/etc/group:1"},
		"a unit":                 {replace("/etc/systemd/system/a.service", "/usr/bin/a", "/usr/bin/b"), nil, "/etc/systemd/system/a.service"},
		"sudo":                   {replace("/etc/sudoers", "(root) /bin/ls", "(root) NOPASSWD: ALL"), []string{"drift.sudoers/ana ALL=(root) /bin/ls removed, was: ana ALL=(root) /bin/ls", "drift.sudoers/ana ALL=(root) NOPASSWD ALL added: ana ALL=(root) NOPASSWD ALL"}, "/etc/sudoers:2"},
		"the order of sudo":      {map[string]string{"/etc/sudoers": "ana ALL=(root) /bin/ls\nroot ALL=(ALL:ALL) ALL\n"}, []string{"drift.sudoers/order reordered: ana ALL=(root) /bin/ls, root ALL=(ALL) ALL, "}, ""},
		"a key":                  {map[string]string{"/home/ana/.ssh/authorized_keys": base()["/home/ana/.ssh/authorized_keys"].Data + key("AAAAC3NzaC1lZDI1NTE5AAAAIBABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f", "eve")}, []string{"drift.ssh_keys/authorized ana SHA256:"}, "/home/ana/.ssh/authorized_keys:2"},
		"sshd":                   {replace("/etc/ssh/sshd_config", "PermitRootLogin no", "PermitRootLogin yes"), []string{"drift.sshd/permitrootlogin changed: yes, was no"}, "/etc/ssh/sshd_config:1"},
		"a Match block":          {replace("/etc/ssh/sshd_config", "X11Forwarding no", "X11Forwarding yes"), []string{"drift.sshd/Match User ana: x11forwarding changed: yes, was no"}, "/etc/ssh/sshd_config:3"},
		"sysctl":                 {replace("/etc/sysctl.d/10.conf", "= 0", "= 1"), []string{"drift.sysctl/net.ipv4.ip_forward changed: 1, was 0"}, "/etc/sysctl.d/10.conf:1"},
		"a mount":                {replace("/etc/fstab", "nodev,", ""), []string{"drift.mounts//srv changed: nodev false, was true; options nofail, was nodev, nofail"}, "/etc/fstab:1"},
		"a job":                  {replace("/etc/crontab", "root /usr/local/bin/hourly", "root /tmp/x"), []string{"drift.cron//etc/crontab: /tmp/x added: 17 * * * * as root: /tmp/x"}, "/etc/crontab:1"},
		"the firewall":           {replace("/etc/nftables.conf", " tcp dport 80 accept\n", ""), []string{"drift.firewall/"}, "/etc/nftables.conf"},
		"the kernel":             {replace("/boot/grub/grub.cfg", "quiet", "quiet init=/bin/sh"), []string{"drift.boot/default changed: Args root=/dev/sda1 ro quiet init=/bin/sh, was root=/dev/sda1 ro quiet"}, "/boot/grub/grub.cfg:2"},
		"the order of PAM":       {map[string]string{"/etc/pam.d/login": "auth required pam_unix.so\nauth required pam_faillock.so\n"}, []string{"drift.pam/login auth changed: required pam_unix.so, required pam_faillock.so, was required pam_faillock.so, required pam_unix.so"}, "/etc/pam.d/login"},
		"a repository":           {replace("/etc/apt/sources.list", "https://deb.debian.org", "http://mirror.example"), []string{"drift.apt/deb http://mirror.example/debian bookworm main added"}, "/etc/apt/sources.list:1"},
		"a domain without words": {map[string]string{"/etc/hostname": "other\n"}, []string{"drift.hostname/"}, "/etc/hostname"},
	} {
		t.Run(name, func(t *testing.T) {
			got := drift.Compare(machine(t, nil), machine(t, c.change), drift.Options{})
			texts := told(got)
			if len(got.Changes) == 0 {
				t.Fatalf("nothing is told, unread %v", got.Unread)
			}
			for _, want := range c.want {
				if !slices.ContainsFunc(texts, func(s string) bool { return strings.HasPrefix(s, want) }) {
					t.Errorf("got\n%s\nwant %s", strings.Join(texts, "\n"), want)
				}
			}
			if c.where != "" && !slices.ContainsFunc(got.Changes, func(x drift.Change) bool { return stands(x, c.where) }) {
				t.Errorf("nothing of it stands at %s: %+v", c.where, got.Changes)
			}
			if len(got.Unread) > 0 {
				t.Errorf("unread %v", got.Unread)
			}
		})
	}
}

func stands(c drift.Change, where string) bool {
	sources := []*facts.Source{c.OldSource, c.NewSource}
	for _, v := range c.Values {
		sources = append(sources, v.OldSource, v.NewSource)
	}
	return slices.ContainsFunc(sources, func(s *facts.Source) bool {
		return s != nil && (s.Path == where || fmt.Sprintf("%s:%d", s.Path, s.Line) == where)
	})
}

// TestWhatOnlyMovedDidNotChange puts lines elsewhere, and leaves out what changes by itself.
func TestWhatOnlyMovedDidNotChange(t *testing.T) {
	for name, change := range map[string]map[string]string{
		"nothing":                  nil,
		"comments before settings": replace("/etc/ssh/sshd_config", "PermitRootLogin", "# a comment\n\nPermitRootLogin"),
		"another order of passwd":  {"/etc/passwd": "ana:x:1000:1000::/home/ana:/bin/bash\nroot:x:0:0::/root:/bin/bash\n"},
		"a value in another file":  {"/etc/sysctl.d/10.conf": "# moved\n", "/etc/sysctl.d/20.conf": "net.ipv4.ip_forward = 0\n"},
		"a log":                    {"/var/log/syslog": "x\n"},
	} {
		got := drift.Compare(machine(t, nil), machine(t, change), drift.Options{})
		texts := slices.DeleteFunc(told(got), func(s string) bool { return strings.HasPrefix(s, "drift.sysctl/files") })
		if len(texts) > 0 || len(got.Unread) > 0 {
			t.Errorf("%s: %s, unread %v", name, strings.Join(texts, "\n"), got.Unread)
		}
	}
}

// TestNewUserExplainsItsGroup: the group of the same name comes with the user, unless somebody else is in it.
func TestNewUserExplainsItsGroup(t *testing.T) {
	for members, want := range map[string]string{"": "the group of the new user eve", "ana": ""} {
		after := machine(t, map[string]string{
			"/etc/passwd": base()["/etc/passwd"].Data + "eve:x:1666:1666::/home/eve:/bin/bash\n",
			"/etc/group":  base()["/etc/group"].Data + "eve:x:1666:" + members + "\n",
		})
		for _, c := range drift.Compare(machine(t, nil), after, drift.Options{}).Changes {
			if c.Domain == "groups" && c.Because != want || c.Domain != "groups" && c.Because != "" {
				t.Errorf("%s with members %q: because %q, want %q", c.ID(), members, c.Because, want)
			}
		}
	}
}

// TestWhatWasNotReadIsNoAnswer: a domain that is not whole on one side is unread, whatever the other has.
func TestWhatWasNotReadIsNoAnswer(t *testing.T) {
	files := base()
	files["/etc/ssh/sshd_config"] = memfs.File{Err: binread.Corrupt("bad block")}
	broken, whole := collect(t, files), machine(t, nil)
	for name, c := range map[string]struct {
		before, after *facts.Document
		cause         string
	}{
		"before": {broken, whole, "before: "}, "after": {whole, broken, "after: "},
	} {
		got := drift.Compare(c.before, c.after, drift.Options{})
		i := slices.IndexFunc(got.Unread, func(u drift.Unread) bool { return u.Domain == "sshd" })
		if i < 0 || !strings.HasPrefix(got.Unread[i].Cause, c.cause) {
			t.Errorf("%s: unread %v", name, got.Unread)
		}
		if slices.ContainsFunc(told(got), func(s string) bool { return strings.HasPrefix(s, "drift.sshd") }) {
			t.Errorf("%s: told %v", name, told(got))
		}
	}
	cut := machine(t, map[string]string{"/var/lib/dpkg/status": strings.TrimSuffix(base()["/var/lib/dpkg/status"].Data, "\n")})
	if got := drift.Compare(whole, cut, drift.Options{}); !slices.ContainsFunc(got.Unread, func(u drift.Unread) bool {
		return u.Domain == "packages" && strings.HasPrefix(u.Cause, "after: partial: /var/lib/dpkg/status: ")
	}) {
		t.Errorf("of a database that may be cut: unread %v", got.Unread)
	}
	lacking := machine(t, nil)
	lacking.Collectors = maps.Clone(lacking.Collectors)
	delete(lacking.Collectors, "users")
	want := []drift.Unread{{Domain: "users", Cause: "after: not among the facts"}}
	if d := cmp.Diff(want, drift.Compare(whole, lacking, drift.Options{}).Unread); d != "" {
		t.Error(d)
	}
	want = []drift.Unread{{Domain: "motto", Cause: "before: not among the facts"}}
	if d := cmp.Diff(want, drift.Compare(whole, whole, drift.Options{Domains: []string{"motto"}}).Unread); d != "" {
		t.Error(d)
	}
}

// TestStructuralTellsEveryValue: without the words of the domains each value is a change of its own.
func TestStructuralTellsEveryValue(t *testing.T) {
	after := machine(t, replace("/etc/passwd", "ana:/bin/bash", "ana:/bin/false"))
	got := drift.Compare(machine(t, nil), after, drift.Options{Structural: true, Only: []string{"users"}})
	var lines []string
	for _, c := range got.Changes {
		lines = append(lines, fmt.Sprintf("%s %s %s -> %s at %s:%d", c.Key, c.Kind, c.Old, c.New, c.NewSource.Path, c.NewSource.Line))
	}
	want := []string{
		"[ana].interactive changed true -> false at /etc/passwd:2",
		"[ana].login_shell changed true -> false at /etc/passwd:2",
		"[ana].shell changed /bin/bash -> /bin/false at /etc/passwd:2",
		"[ana].shell_valid changed true -> false at /etc/passwd:2",
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
	if got.Same != 0 {
		t.Errorf("%d domains without a change, want none: only users were asked for", got.Same)
	}
}
