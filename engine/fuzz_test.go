package engine_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/memfs"
)

// fuzzedPaths are files that collectors read beside those of the decent guest.
func fuzzedPaths() []string {
	paths := []string{
		"/etc/hostname", "/etc/machine-id", "/etc/timezone", "/etc/localtime", "/etc/default/locale", "/etc/locale.conf",
		"/etc/default/useradd", "/etc/gshadow", "/etc/shells", "/etc/nsswitch.conf", "/etc/issue", "/etc/motd",
		"/etc/selinux/config", "/etc/selinux/targeted/booleans.local", "/etc/crypto-policies/config", "/etc/system-fips",
		"/etc/systemd/logind.conf", "/etc/systemd/resolved.conf", "/etc/systemd/timesyncd.conf", "/etc/systemd/coredump.conf",
		"/etc/zypp/repos.d/a.repo", "/etc/zypp/zypp.conf", "/etc/zypp/locks", "/etc/yum.repos.d/a.repo", "/etc/dnf/dnf.conf",
		"/etc/apk/repositories", "/etc/apk/world", "/etc/pacman.conf", "/etc/apt/apt.conf", "/etc/apt/sources.list.d/a.sources",
		"/etc/cloud/cloud.cfg", "/etc/docker/daemon.json", "/etc/containers/systemd/a.container", "/etc/fstab", "/etc/crypttab",
		"/etc/chrony/chrony.conf", "/etc/ntp.conf", "/etc/ufw/ufw.conf", "/etc/iptables/rules.v4", "/etc/firewalld/zones/a.xml",
		"/etc/apparmor.d/a", "/etc/default/grub", "/boot/grub/grubenv", "/boot/loader/entries/a.conf", "/boot/extlinux/extlinux.conf",
		"/etc/network/interfaces", "/etc/netplan/a.yaml", "/etc/systemd/network/a.network", "/etc/resolv.conf", "/etc/hosts",
		"/etc/audit/auditd.conf", "/etc/profile", "/etc/security/pwquality.conf", "/etc/security/faillock.conf", "/etc/sudoers.d/a",
		"/etc/ssl/certs/a.pem", "/root/.ssh/authorized_keys", "/etc/ssh/ssh_host_a_key.pub", "/lib/apk/db/installed",
		"/var/lib/pacman/local/a-1-1/desc", "/var/lib/rpm/rpmdb.sqlite", "/var/lib/rpm/Packages", "/var/lib/rpm/Packages.db",
		"/var/log/dpkg.log", "/var/log/wtmp", "/var/log/journal/a/system.journal", "/etc/modules-load.d/a.conf", "/etc/anacrontab",
		"/etc/postfix/main.cf", "/etc/postfix/master.cf", "/etc/exim4/update-exim4.conf.conf", "/preseed.cfg", "/root/anaconda-ks.cfg",
		"/etc/udev/rules.d/70-persistent-net.rules", "/etc/systemd/network/a.link", "/var/lib/cloud/seed/a/user-data",
	}
	return append(paths, slices.Sorted(maps.Keys(decent()))...)
}

// FuzzEveryCollector puts any bytes in place of any file that collectors read. Whatever they are, every domain gets a
// status, and nothing panics or runs without end.
func FuzzEveryCollector(f *testing.F) {
	paths := fuzzedPaths()
	for i, path := range paths {
		f.Add(uint8(i), []byte(decent()[path].Data))
	}
	for i := range paths {
		f.Add(uint8(i), []byte("a = b\n[c]\nd: e\n\x00\xff\\\n\"'{}$(("))
	}
	f.Fuzz(func(t *testing.T, at uint8, data []byte) {
		files := decent()
		files[paths[int(at)%len(paths)]] = memfs.File{Data: string(data)}
		for name, st := range everything(t, files).Collectors {
			switch st.State {
			case facts.OK, facts.Absent:
			case facts.Partial, facts.Error, facts.Unsupported:
				if len(st.Problems) == 0 {
					t.Errorf("%s: %s without a problem", name, st.State)
				}
			default:
				t.Errorf("%s: state %q", name, st.State)
			}
		}
	})
}
