package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// decent is a guest in which every domain below reads well, so that the hostile cases fail for their defect alone.
func decent() map[string]memfs.File {
	return factstest.Text(map[string]string{
		"/etc/os-release":                      "ID=debian\nVERSION_ID=12\n",
		"/etc/passwd":                          "root:x:0:0:root:/root:/bin/sh\n",
		"/etc/group":                           "root:x:0:\n",
		"/etc/shadow":                          "root:*:19000:0:99999:7:::\n",
		"/etc/ssh/sshd_config":                 "PermitRootLogin no\n",
		"/usr/sbin/sshd":                       "",
		"/var/lib/dpkg/status":                 "Package: openssh-server\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:9.2p1-2\n\n",
		"/etc/systemd/system/a.service":        "[Service]\nExecStart=/bin/a\n[Install]\nWantedBy=multi-user.target\n",
		"/usr/lib/systemd/systemd":             "",
		"/etc/sysctl.d/10.conf":                "kernel.sysrq = 0\n",
		"/etc/sudoers":                         "root ALL=(ALL) ALL\n",
		"/etc/systemd/journald.conf":           "[Journal]\nStorage=persistent\n",
		"/etc/modprobe.d/a.conf":               "install cramfs /bin/false\n",
		"/lib/modules/6.1.0/modules.dep":       "kernel/a.ko:\n",
		"/etc/pam.d/sshd":                      "auth required pam_unix.so\n",
		"/etc/login.defs":                      "UMASK 027\n",
		"/etc/crontab":                         "0 1 * * * root /bin/a\n",
		"/usr/lib/systemd/systemd-journald":    "",
		"/usr/bin/sudo":                        "",
		"/usr/sbin/cron":                       "",
		"/boot/grub/grub.cfg":                  "menuentry 'a' {\nlinux /boot/vmlinuz-6.1.0 root=UUID=1\n}\n",
		"/boot/vmlinuz-6.1.0":                  "",
		"/lib/modules/6.1.0/modules.builtin":   "kernel/b.ko\n",
		"/boot/config-6.1.0":                   "CONFIG_A=y\n",
		"/etc/audit/rules.d/a.rules":           "-w /etc/passwd -p wa -k id\n",
		"/etc/audit/audit.rules":               "-w /etc/passwd -p wa -k id\n",
		"/etc/rsyslog.conf":                    "*.* /var/log/all\n",
		"/etc/apt/sources.list":                "deb http://deb.example.org/debian bookworm main\n",
		"/etc/security/limits.conf":            "* hard core 0\n",
		"/etc/nftables.conf":                   "table inet f {\n}\n",
		"/usr/share/zoneinfo/Etc/UTC":          "",
		"/usr/lib/systemd/system/cron.service": "[Service]\nExecStart=/usr/sbin/cron\n",
	})
}

// TestHostileGuests gives every collector a guest with one defect. The domains named must say that something is wrong, no
// domain may be lost, and none of them may hang, panic or take the memory that the defect asks for.
func TestHostileGuests(t *testing.T) {
	loop := memfs.File{Link: "loop-a"}
	fifo := memfs.File{Mode: 0o010644}
	for name, c := range map[string]struct {
		files map[string]memfs.File
		bad   []string // domains
	}{
		"sshd_config of 100 MB":               {map[string]memfs.File{"/etc/ssh/sshd_config": {Data: strings.Repeat("# filler\n", 100<<20/9)}}, []string{"sshd"}},
		"line of 1 MB":                        {map[string]memfs.File{"/etc/sudoers": {Data: "root ALL=" + strings.Repeat("A", 1<<20) + "\n", Mode: 0o440}, "/etc/passwd": {Data: strings.Repeat("x", 1<<20) + "\n"}}, []string{"users"}},
		"invalid UTF-8":                       {map[string]memfs.File{"/etc/ssh/sshd_config": {Data: "Perm\xff\xfeit yes\n"}}, []string{"sshd"}},
		"NUL bytes":                           {map[string]memfs.File{"/etc/ssh/sshd_config": {Data: "Permit\x00RootLogin no\n"}, "/var/lib/dpkg/status": {Data: "Package: a\x00\nStat"}}, []string{"sshd", "packages"}},
		"link loop in place of files":         {map[string]memfs.File{"/etc/loop-a": {Link: "loop-b"}, "/etc/loop-b": loop, "/etc/passwd": {Link: "loop-a"}, "/etc/sudoers": {Link: "/etc/loop-b"}, "/etc/login.defs": {Link: "loop-b"}}, []string{"users", "sudoers", "login_defs"}},
		"/etc/shadow as a directory":          {map[string]memfs.File{"/etc/shadow": memfs.Dir()}, []string{"users"}},
		"unit file that is a FIFO":            {map[string]memfs.File{"/etc/systemd/system/a.service": fifo}, []string{"units"}},
		"database that is a FIFO":             {map[string]memfs.File{"/var/lib/dpkg/status": fifo}, []string{"packages"}},
		"sshd_config includes itself":         {map[string]memfs.File{"/etc/ssh/sshd_config": {Data: "Include /etc/ssh/sshd_config\n"}}, []string{"sshd"}},
		"sudoers includes itself":             {map[string]memfs.File{"/etc/sudoers": {Data: "@include /etc/sudoers\n", Mode: 0o440}}, []string{"sudoers"}},
		"PAM stack includes itself":           {map[string]memfs.File{"/etc/pam.d/sshd": {Data: "@include sshd\n"}}, []string{"pam"}},
		"rpm database cut in half":            {map[string]memfs.File{"/var/lib/dpkg/status": {Link: "nowhere"}, "/var/lib/rpm/rpmdb.sqlite": {Data: "SQLite format 3\x00" + strings.Repeat("\x10\x00\x01\x01", 500)}}, []string{"packages"}},
		"WAL without its database":            {map[string]memfs.File{"/var/lib/dpkg/status": {Link: "nowhere"}, "/var/lib/rpm/rpmdb.sqlite-wal": {Data: "\x37\x7f\x06\x82" + strings.Repeat("x", 5000)}}, []string{"packages"}},
		"home that is a link to itself":       {map[string]memfs.File{"/root": {Link: "root"}}, []string{"homes"}},
		"log that contains itself":            {map[string]memfs.File{"/var/log/a": memfs.Dir(), "/var/log/a/a": {Same: "/var/log/a"}}, []string{"log_files"}},
		"/var/log as a FIFO":                  {map[string]memfs.File{"/var/log": fifo}, []string{"log_files"}},
		"main.cf that is a FIFO":              {map[string]memfs.File{"/usr/sbin/postfix": {}, "/etc/postfix/main.cf": fifo}, []string{"mta"}},
		"PATH of a million directories":       {map[string]memfs.File{"/etc/profile": {Data: "PATH=" + many("/%d:", 1_000_000)}}, []string{"profile"}},
		"answer file that unpacks to nothing": {map[string]memfs.File{"/preseed.cfg": {Data: "\x1f\x8bx"}}, []string{"image_state"}},
		"ld.so.preload that is a FIFO":        {map[string]memfs.File{"/etc/ld.so.preload": fifo}, []string{"loader"}},
		"rules of udev in a loop of links":    {map[string]memfs.File{"/etc/udev/rules.d": {Link: "rules.d"}}, []string{"programs"}},
		"a rule of a million lines":           {map[string]memfs.File{"/etc/udev/rules.d/a.rules": {Data: strings.Repeat("\\\n", 1_000_000) + strings.Repeat("x\\\n", 1_000_000)}}, []string{"programs"}},
		"/tmp that contains itself":           {map[string]memfs.File{"/tmp/a": memfs.Dir(), "/tmp/a/a": {Same: "/tmp/a"}}, []string{"scan"}},
		"a package record without end":        {map[string]memfs.File{"/var/lib/dpkg/status": {Data: "Package: a\nStatus: install ok insta"}}, []string{"packages"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := decent()
			maps.Copy(files, c.files)
			doc := everything(t, files)
			for _, domain := range c.bad {
				if st := doc.Collectors[domain]; st.State == facts.OK || st.State == facts.Absent || len(st.Problems) == 0 {
					t.Errorf("%s: %s with problems %v", domain, st.State, st.Problems)
				}
			}
		})
	}
}

// TestManyDropIns counts on limits: 100,000 files in each of several directories.
func TestManyDropIns(t *testing.T) {
	files := decent()
	for i := range 100_000 {
		files[fmt.Sprintf("/etc/sysctl.d/%06d.conf", i)] = memfs.File{Data: fmt.Sprintf("net.x.%d = 1\n", i)}
		files[fmt.Sprintf("/etc/systemd/system/a.service.d/%06d.conf", i)] = memfs.File{Data: "[Service]\nEnvironment=A=1\n"}
	}
	doc := everything(t, files)
	for _, domain := range []string{"sysctl", "units"} {
		if st := doc.Collectors[domain]; st.State == facts.Absent {
			t.Errorf("%s: %s %v", domain, st.State, st.Problems)
		}
	}
}

// TestDecentGuest makes sure that the cases above fail for their defect.
func TestDecentGuest(t *testing.T) {
	doc := everything(t, decent())
	for _, name := range slices.Sorted(maps.Keys(doc.Collectors)) {
		if st := doc.Collectors[name]; st.State != facts.OK && st.State != facts.Absent {
			t.Errorf("%s: %s %v", name, st.State, st.Problems)
		}
	}
}

func many(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func everything(t *testing.T, files map[string]memfs.File) *facts.Document {
	t.Helper()
	var req facts.Request
	for _, c := range engine.Collectors() {
		req.Domains = append(req.Domains, c.Name)
	}
	doc, err := facts.Collect(t.Context(), factstest.Guest(t, files), req, engine.Collectors(), 20_000)
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.Collectors) != len(req.Domains) {
		t.Errorf("%d domains, want %d", len(doc.Collectors), len(req.Domains))
	}
	return doc
}
