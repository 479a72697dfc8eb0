package policy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// learnedDigest is the digest of the files of a learned baseline.
const learnedDigest = "sha256"

// packagesLearner learns the packages that every guest has.
func packagesLearner() learner {
	return learner{
		needs: facts.Request{Domains: []string{domainPackages}},
		learn: func(_ context.Context, l *lesson) ([]learnedLine, error) {
			return l.entriesOfAll("packages.required", "packages", installedNames), nil
		},
	}
}

func installedNames(doc *facts.Document) []string {
	p, ok := facts.Get[facts.Packages](doc, domainPackages)
	if !ok {
		return nil
	}
	var names []string
	for name, all := range p.Installed {
		if plainName.MatchString(name) && slices.ContainsFunc(all, facts.Package.Complete) {
			names = append(names, name)
		}
	}
	return names
}

// privateFiles are those whose mode and owner matter, and whose content is the machine's own or not to be compared.
func privateFiles() []string {
	return []string{
		"/etc/passwd", "/etc/passwd-", "/etc/shadow", "/etc/shadow-", "/etc/group", "/etc/group-", "/etc/gshadow", "/etc/gshadow-",
		"/etc/security/opasswd", "/etc/fstab", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf",
		"/etc/ssh", "/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly", "/etc/sudoers.d",
		"/etc/audit", "/etc/ssl/private", "/boot/grub/grub.cfg", "/boot/grub2/grub.cfg", "/root", "/tmp", "/var/tmp", "/home",
	}
}

// comparedFiles are those whose content is configuration, too. No log, key or state is among them.
func comparedFiles() []string {
	return []string{
		"/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf", "/etc/ssh/ssh_config", "/etc/sudoers", "/etc/sudoers.d/*",
		"/etc/login.defs", "/etc/nsswitch.conf", "/etc/pam.d/*", "/etc/security/*.conf", "/etc/security/limits.d/*.conf",
		"/etc/sysctl.conf", "/etc/sysctl.d/*.conf", "/etc/modprobe.d/*.conf", "/etc/profile", "/etc/profile.d/*.sh", "/etc/bash.bashrc",
		"/etc/default/grub", "/etc/default/useradd", "/etc/crontab", "/etc/cron.allow", "/etc/cron.deny", "/etc/at.allow", "/etc/at.deny",
		"/etc/issue", "/etc/issue.net", "/etc/motd", "/etc/shells", "/etc/securetty", "/etc/hosts.allow", "/etc/hosts.deny",
		"/etc/systemd/*.conf", "/etc/systemd/journald.conf.d/*.conf", "/etc/systemd/coredump.conf.d/*.conf",
		"/etc/audit/*.conf", "/etc/audit/rules.d/*.rules", "/etc/rsyslog.conf", "/etc/rsyslog.d/*.conf", "/etc/chrony.conf", "/etc/chrony/chrony.conf",
		"/etc/apt/sources.list", "/etc/apt/sources.list.d/*", "/etc/apt/apt.conf.d/*", "/etc/dnf/dnf.conf", "/etc/yum.repos.d/*.repo",
		"/etc/selinux/config", "/etc/crypto-policies/config", "/etc/nftables.conf", "/etc/logrotate.conf", "/etc/adduser.conf",
	}
}

func learnedFiles() []string { return slices.Concat(privateFiles(), comparedFiles()) }

// files lists the paths, and what matches the patterns in every guest.
func (l *lesson) files(patterns []string) []string {
	var paths []string
	for _, p := range patterns {
		if !isPattern(p) {
			paths = append(paths, p)
			continue
		}
		paths = append(paths, l.common(func(doc *facts.Document) []string {
			if globProblem(doc, p) != "" {
				return nil
			}
			return slices.DeleteFunc(slices.Clone(matched(doc, p)), func(path string) bool { return !learnable(path) })
		})...)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// seen returns what is at a path of a guest, unless it is not there, a link, or not known.
func seen(doc *facts.Document, path string) (*facts.File, bool) {
	if fileProblem(doc, path) != "" {
		return nil, false
	}
	f := file(doc, path)
	return f, f.Exists
}

// permissionsLearner learns mode and owners, by the names that the guests give them.
func permissionsLearner() learner {
	return learner{learn: func(_ context.Context, l *lesson) ([]learnedLine, error) {
		var lines []learnedLine
		for _, path := range l.files(learnedFiles()) {
			value, ok := same(l, func(doc *facts.Document) (string, bool) {
				f, ok := seen(doc, path)
				if !ok || !plainAccount(f.Owner) || !plainAccount(f.Group) || f.Mode == "" {
					return "", false
				}
				return fmt.Sprintf("{ mode = %q, owner = %q, group = %q }", f.Mode, f.Owner, f.Group), true
			})
			if ok {
				lines = append(lines, learnedLine{table: "files.permissions", key: tomlString(path), value: value})
			}
		}
		return lines, nil
	}}
}

// plainAccount reports whether the name of an account can stand in a baseline. A number would be read as an id.
func plainAccount(name string) bool {
	return plainName.MatchString(name) && strings.Trim(name, "0123456789") != ""
}

// checksumsLearner learns the content of configuration files that is the same in every guest.
func checksumsLearner() learner {
	return learner{learn: func(_ context.Context, l *lesson) ([]learnedLine, error) {
		var lines []learnedLine
		for _, path := range l.files(comparedFiles()) {
			digest, ok := same(l, func(doc *facts.Document) (string, bool) {
				f, ok := seen(doc, path)
				if !ok || f.Type != "file" {
					return "", false
				}
				return f.Digests[learnedDigest], f.Digests[learnedDigest] != ""
			})
			if ok {
				lines = append(lines, learnedLine{table: "files.checksums", key: tomlString(path), value: tomlString(learnedDigest + ":" + digest)})
			}
		}
		return lines, nil
	}}
}

// walkLearner learns what the walk over all files may find: nothing that none of the guests has, and the privileged programs of
// all of them.
func walkLearner() learner {
	return learner{
		needs: facts.Request{Domains: []string{domainScan}},
		learn: func(_ context.Context, l *lesson) ([]learnedLine, error) {
			lines := []learnedLine{
				{table: "files.policy", key: "world_writable", value: tomlString(verdictDeny)},
				{table: "files.policy", key: "unowned_ids", value: tomlString(verdictDeny)},
			}
			modes := map[string]string{}
			for _, doc := range l.docs {
				s, ok := facts.Get[facts.Scan](doc, domainScan)
				if !ok {
					return nil, nil
				}
				for _, e := range slices.Concat(s.SUID, s.SGID) {
					modes[e.Path] = "mode " + e.Mode
				}
			}
			if len(modes) == 0 {
				lines = append(lines, learnedLine{table: "files.policy", key: "suid_allow", value: "[]"})
			}
			return slices.Concat(lines, entryLines("files.policy", "suid_allow", modes), l.capabilities()), nil
		},
	}
}

// capabilities learns the programs with capabilities of their own that every guest allows the same.
func (l *lesson) capabilities() []learnedLine {
	all := map[string]string{}
	for _, doc := range l.docs {
		s, _ := facts.Get[facts.Scan](doc, domainScan)
		for _, e := range s.Capabilities {
			all[e.Path] = e.Capabilities
		}
	}
	var words []string
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if !learnable(path) || !learnable(all[path]) {
			return nil
		}
		words = append(words, tomlString(path)+" = "+tomlString(all[path]))
	}
	if len(words) == 0 {
		return []learnedLine{{table: "files.policy", key: "capabilities_allow", value: "{}"}}
	}
	return []learnedLine{{table: "files.policy", key: "capabilities_allow", value: "{ " + strings.Join(words, ", ") + " }"}}
}
