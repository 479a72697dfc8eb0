package policy_test

import (
	"encoding/csv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
	"github.com/guestctl/guestctl/policy"
)

func goldenImage(t *testing.T) *policy.Policy {
	t.Helper()
	p, err := policy.Load([]string{"builtin:golden-image"}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestGoldenImageOnTheRealDebian compares with what the tools of the images and of the host say: see testdata/README.md.
func TestGoldenImageOnTheRealDebian(t *testing.T) {
	p := goldenImage(t)
	for _, g := range guests {
		t.Run(g.name, func(t *testing.T) {
			want := recordedVerdicts(t, filepath.Join("../testdata/verdicts-hygiene", g.name+".tsv"))
			got := map[string]string{}
			for _, f := range judgeImage(t, p, filepath.Join("../build/images", g.image)) {
				got[f.ID] = string(f.Status)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("-recorded +judged\n%s", d)
			}
		})
	}
}

// recordedVerdicts are the verdicts of a file by check.
func recordedVerdicts(t *testing.T, name string) map[string]string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	verdicts := map[string]string{}
	for _, l := range lines[1:] {
		verdicts[l[1]] = l[2]
	}
	return verdicts
}

// sealed is a guest that was prepared as a golden image: with the files that such an image has, and with what is harmless.
func sealed() map[string]memfs.File {
	empty := memfs.File{}
	return map[string]memfs.File{
		"/etc/os-release":            {Data: "ID=debian\nVERSION_ID=\"12\"\n"},
		"/etc/machine-id":            empty,
		"/etc/hostname":              {Data: "debian12\n"},
		"/etc/passwd":                {Data: "root:x:0:0::/root:/bin/bash\nubuntu:x:1000:1000::/home/ubuntu:/bin/bash\nops:x:1001:1001::/home/ops:/bin/bash\n"},
		"/etc/shadow":                {Data: "root:*:20000:0:99999:7:::\nubuntu:!:20000:0:99999:7:::\nops:$6$a$b:20000:0:99999:7:::\n"},
		"/etc/shadow-":               {Data: "root:*:20000:0:99999:7:::\n"},
		"/etc/group":                 {Data: "root:x:0:\nubuntu:x:1000:\nops:x:1001:\n"},
		"/etc/ssh/sshd_config":       {Data: "PermitRootLogin no\n"},
		"/usr/sbin/sshd":             {Mode: 0o755},
		"/var/lib/dpkg/status":       {Data: "Package: openssh-server\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:9.2p1-2+deb12u7\n\n"},
		"/etc/cloud/cloud.cfg":       {Data: "users: [default]\nlock_passwd: true\n"},
		"/etc/ssl/private":           memfs.Dir(),
		"/etc/netplan/50.yaml":       {Data: "network: {version: 2}\n"},
		"/home/ops/.ssh":             memfs.Dir(),
		"/home/ops/.bash_history":    {Link: "/dev/null"},
		"/home/ubuntu/.profile":      {Data: "umask 022\n"},
		"/root/anaconda-ks.cfg":      {Data: "rootpw --lock\n"},
		"/var/lib/dbus/machine-id":   {Link: "/etc/machine-id"},
		"/var/lib/dhcp":              memfs.Dir(),
		"/var/lib/apt/lists/lock":    empty,
		"/var/lib/rhsm/productid.js": {Data: "{}"},
		"/var/cache/dnf/tempfiles":   {Data: "{}"},
		"/var/crash/kexec_cmd":       {Data: "/sbin/kexec -p\n"},
		"/var/log/wtmp":              empty,
		"/var/log/README":            {Link: "../../usr/share/doc/README"},
		"/var/mail":                  memfs.Dir(),
		"/tmp":                       memfs.Dir(),
		"/var/tmp":                   memfs.Dir(),
	}
}

// verdictsOn judges a guest in memory, by the collectors of the engine.
func verdictsOn(t *testing.T, p *policy.Policy, files map[string]memfs.File) map[string]finding.Finding {
	t.Helper()
	doc, err := facts.Collect(t.Context(), factstest.Guest(t, files), p.Request(), engine.Collectors(), 20780)
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]finding.Finding{}
	for _, f := range p.Judge(t.Context(), doc) {
		byID[f.ID] = f
	}
	return byID
}

// traces has for each check what a build leaves, one thing in each guest. The places are those of the tools that leave them, and of
// the operations of virt-sysprep that remove them.
func traces() map[string][]map[string]memfs.File {
	const mac = "52:54:00:12:34:56"
	one := func(path, data string) map[string]memfs.File { return map[string]memfs.File{path: {Data: data}} }
	passwd, shadow := sealed()["/etc/passwd"].Data, sealed()["/etc/shadow"].Data
	return map[string][]map[string]memfs.File{
		"hygiene-machine-id": {
			one("/etc/machine-id", "0123456789abcdef0123456789abcdef\n"),
			one("/var/lib/dbus/machine-id", "0123456789abcdef0123456789abcdef\n"),
			{"/var/lib/dbus/machine-id": {Link: "/var/lib/dbus/other"}, "/var/lib/dbus/other": {Data: "0123456789abcdef0123456789abcdef\n"}},
		},
		"hygiene-ssh-host-keys": {
			one("/etc/ssh/ssh_host_ed25519_key", "-----BEGIN OPENSSH PRIVATE KEY-----\n"),
			one("/etc/ssh/ssh_host_rsa_key.pub", "ssh-ed25519 "+publicKey+" root@build\n"),
			one("/etc/dropbear/dropbear_rsa_host_key", "\x00\x00\x00\x07ssh-rsa"),
		},
		"hygiene-authorized-keys": {
			one("/root/.ssh/authorized_keys", "ssh-ed25519 "+publicKey+" packer\n"),
			one("/home/ops/.ssh/authorized_keys2", "ssh-ed25519 "+publicKey+" packer\n"),
		},
		"hygiene-shell-histories": {
			one("/root/.bash_history", "mysql -pr00tme\n"), one("/home/ubuntu/.local/share/fish/fish_history", "- cmd: ls\n"),
			one("/home/ops/.python_history", "1\n"),
			{"/home/ops/.bash_history": {Link: "/srv/history"}},
		},
		"hygiene-known-hosts": {one("/home/ubuntu/.ssh/known_hosts", "git.example.org ssh-ed25519 "+publicKey+"\n")},
		"hygiene-build-credentials": {
			one("/root/.aws/credentials", "[default]\n"), one("/root/.docker/config.json", "{}"), one("/home/ops/.netrc", "machine a\n"),
			one("/home/ops/.git-credentials", "https://a:b@c\n"), one("/root/.npmrc", "x"), one("/root/.pypirc", "x"), one("/root/.kube/config", "x"),
			one("/root/.gnupg/private-keys-v1.d/A.key", "x"), one("/root/.ssh/id_ed25519", "x"), one("/root/.ssh/build.pem", "x"),
			one("/root/.config/gcloud/application_default_credentials.json", "{}"), one("/root/.config/git/credentials", "x"),
			one("/var/lib/jenkins/.docker/config.json", "{}"), one("/etc/kubernetes/admin.conf", "x"),
		},
		"hygiene-cloud-init-state": {
			one("/var/lib/cloud/data/instance-id", "i-1\n"), one("/var/lib/cloud/instances/i-1/obj.pkl", "x"),
			one("/var/lib/cloud/seed/nocloud/user-data", "#cloud-config\n"), one("/var/lib/cloud/sem/config_scripts_per_once.once", ""),
		},
		"hygiene-dhcp-leases": {
			one("/var/lib/dhcp/dhclient.eth0.leases", "lease {}\n"), one("/var/lib/NetworkManager/internal-1-eth0.lease", "x"),
		},
		"hygiene-random-seed": {
			one("/var/lib/systemd/random-seed", "x"), one("/var/lib/urandom/random-seed", "x"), one("/boot/efi/loader/random-seed", "x"),
		},
		"hygiene-udev-macs": {
			one("/etc/udev/rules.d/70-persistent-net.rules", `ATTR{address}=="`+mac+`", NAME="eth0"`),
			one("/etc/sysconfig/network-scripts/ifcfg-eth0", "HWADDR="+mac+"\n"),
			one("/etc/netplan/50-cloud-init.yaml", "match:\n  macaddress: "+mac+"\n"),
		},
		"hygiene-logs": {
			one("/var/log/dpkg.log", "x"), one("/var/log/journal/0123456789abcdef0123456789abcdef/system.journal", strings.Repeat("\x00", 300)), one("/var/log/lastlog", "x"),
		},
		"hygiene-package-caches": {
			one("/var/cache/apt/archives/nginx_1_amd64.deb", strings.Repeat("x", 1<<20+1)), one("/var/lib/apt/lists/deb_InRelease", strings.Repeat("x", 1<<20+1)),
		},
		"hygiene-unattended-passwords": {
			one("/root/anaconda-ks.cfg", "rootpw r00tme\n"), one("/preseed.cfg", "d-i passwd/root-password password r00tme\n"),
			one("/etc/cloud/cloud.cfg.d/99-installer.cfg", "chpasswd:\n  list: |\n    root:x\n"),
		},
		"hygiene-temporary-files": {one("/tmp/script_1234.sh", "x"), one("/var/tmp/a/b", "x")},
		"hygiene-crash-dumps":     {one("/var/lib/systemd/coredump/core.x.zst", "x"), one("/var/crash/202601/vmcore", "x")},
		"hygiene-mail-spools":     {one("/var/mail/root", "From cron\n"), one("/var/spool/mail/root", "From cron\n")},
		"hygiene-subscription": {
			one("/etc/pki/consumer/cert.pem", "x"), one("/var/lib/ubuntu-advantage/private/machine-token.json", "{}"), one("/etc/zypp/credentials.d/SCCcredentials", "x"),
		},
		"hygiene-user-accounts": {
			{"/etc/passwd": {Data: passwd + "vagrant:x:1002:1002::/home/vagrant:/bin/bash\n"}, "/etc/shadow": {Data: shadow + "vagrant:!:20000:0:99999:7:::\n"}},
			one("/etc/shadow", strings.ReplaceAll(shadow, "ubuntu:!", "ubuntu:$6$a$b")),
			one("/etc/shadow", strings.ReplaceAll(shadow, "ubuntu:!", "ubuntu:")),
		},
		"hygiene-root-password": {
			one("/etc/shadow", strings.ReplaceAll(shadow, "root:*", "root:$y$j9T$a$b")), one("/etc/shadow", strings.ReplaceAll(shadow, "root:*", "root:")),
		},
		"hygiene-hostname": {one("/etc/hostname", "build-07.example.org\n")},
		"hygiene-backup-files": {
			one("/etc/shadow-", "root:*:20000:0:99999:7:::\npacker:$6$a$b:20000:0:99999:7:::\n"), one("/etc/nginx/nginx.conf~", "x"), one("/etc/fstab.bak", "x"),
		},
		"hygiene-machine-identities": {
			one("/etc/ssl/private/ssl-cert-snakeoil.key", "x"), one("/etc/krb5.keytab", "x"), one("/var/lib/NetworkManager/secret_key", "x"),
			one("/etc/iscsi/initiatorname.iscsi", "InitiatorName=iqn.1993-08.org.debian:01:a\n"),
		},
	}
}

// publicKey is a key that nobody has the other half of.
const publicKey = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"

func TestASealedImagePasses(t *testing.T) {
	p := goldenImage(t)
	for id, f := range verdictsOn(t, p, sealed()) {
		if f.Status != pass {
			t.Errorf("%s: %s: %s", id, f.Status, f.Message)
		}
	}
	if want := slices.Sorted(maps.Keys(traces())); !slices.Equal(ids(p), want) {
		t.Errorf("checks %v, want %v", ids(p), want)
	}
}

// TestEachTraceIsFound leaves one thing in the sealed image, and wants its check to fail and no other.
func TestEachTraceIsFound(t *testing.T) {
	p := goldenImage(t)
	for id, guests := range traces() {
		for _, files := range guests {
			all := sealed()
			maps.Copy(all, files)
			for got, f := range verdictsOn(t, p, all) {
				want := pass
				if got == id {
					want = fail
				}
				if f.Status != want {
					t.Errorf("%v: %s: %s: %s", slices.Sorted(maps.Keys(files)), got, f.Status, f.Message)
				}
				if f.Status == fail && (len(f.Where) == 0 || f.Fix == "") {
					t.Errorf("%s: no place or no fix: %+v", got, f)
				}
			}
		}
	}
}

// TestWhatCannotBeReadIsNeverSealed damages one place after the other.
func TestWhatCannotBeReadIsNeverSealed(t *testing.T) {
	p := goldenImage(t)
	for path, want := range map[string][]string{
		"/etc/machine-id":          {"hygiene-machine-id"},
		"/var/lib/dbus/machine-id": {"hygiene-machine-id"},
		"/etc/hostname":            {"hygiene-hostname"},
		"/etc/shadow":              {"hygiene-root-password", "hygiene-user-accounts"},
		"/etc/shadow-":             {"hygiene-backup-files"},
		"/root/anaconda-ks.cfg":    {"hygiene-unattended-passwords"},
		"/var/mail":                {"hygiene-mail-spools"},
		"/tmp":                     {"hygiene-temporary-files"},
		"/etc/ssl/private":         {"hygiene-machine-identities"},
		"/home/ops/.ssh":           {"hygiene-build-credentials", "hygiene-known-hosts"},
		"/home/ops/.bash_history":  {"hygiene-shell-histories"},
		"/var/log":                 {"hygiene-logs"},
	} {
		all := sealed()
		f := all[path]
		if path == "/var/log" {
			f = memfs.Dir()
		}
		f.Link, f.Err = "", binread.Corrupt("block 7")
		if strings.HasSuffix(path, "_history") { // its content is not read
			f.StatErr = f.Err
		}
		all[path] = f
		got := verdictsOn(t, p, all)
		for _, id := range want {
			if got[id].Status != unknown {
				t.Errorf("%s cannot be read: %s: %s: %s", path, id, got[id].Status, got[id].Message)
			}
		}
	}
	all := sealed()
	all["/etc/fstab"] = memfs.File{Data: "LABEL=home /home ext4 defaults 0 2\n"}
	got := verdictsOn(t, p, all)
	for _, id := range []string{"hygiene-authorized-keys", "hygiene-build-credentials", "hygiene-known-hosts", "hygiene-shell-histories"} {
		if got[id].Status != unknown {
			t.Errorf("a volume of homes is missing: %s: %s: %s", id, got[id].Status, got[id].Message)
		}
	}
}
