package intel

import (
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/scanner"
)

// What somebody who was there leaves addresses in: settings that say where a system connects to and what it runs, and the histories
// of shells. Addresses in any other file say nothing: programs and documents are full of them.

// textFiles lists paths of such files.
func textFiles() []string {
	return []string{
		"/etc/hosts", "/etc/hosts.allow", "/etc/hosts.deny", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/ld.so.preload", "/etc/environment",
		"/etc/profile", "/etc/bash.bashrc", "/etc/bashrc", "/etc/zshrc", "/etc/crontab", "/etc/anacrontab", "/etc/rc.local", "/etc/inittab",
		"/etc/sudoers", "/etc/fstab", "/etc/exports", "/etc/passwd", "/etc/wgetrc", "/etc/rsyslog.conf", "/etc/ntp.conf", "/etc/chrony.conf",
	}
}

// textFolders lists folders in which, and below which, every file is one.
func textFolders() []string {
	return []string{
		"/etc/cron.d/", "/etc/cron.hourly/", "/etc/cron.daily/", "/etc/cron.weekly/", "/etc/cron.monthly/", "/var/spool/cron/", "/var/spool/at/",
		"/etc/systemd/", "/usr/lib/systemd/", "/lib/systemd/", "/usr/local/lib/systemd/", "/run/systemd/",
		"/etc/profile.d/", "/etc/zsh/", "/etc/init.d/", "/etc/rc.d/", "/etc/update-motd.d/", "/etc/network/", "/etc/NetworkManager/", "/etc/netplan/",
		"/etc/ssh/", "/etc/pam.d/", "/etc/sudoers.d/", "/etc/udev/", "/etc/xdg/autostart/", "/etc/rsyslog.d/", "/etc/ppp/", "/etc/wireguard/", "/etc/openvpn/",
		"/etc/apt/", "/etc/yum.repos.d/", "/etc/zypp/",
		"/etc/nginx/", "/etc/apache2/", "/etc/httpd/", "/etc/lighttpd/", "/etc/caddy/", "/etc/php/", "/etc/squid/", "/etc/haproxy/",
		"/etc/docker/", "/etc/containerd/", "/etc/containers/", "/etc/cni/", "/etc/kubernetes/", "/etc/rancher/", "/etc/cloud/",
	}
}

// textNames lists names of files, as globs, that are ones wherever they lie, and the last two parts of paths.
func textNames() []string {
	return []string{
		".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile", ".zshrc", ".zshenv", ".zprofile", ".zlogin",
		".kshrc", ".cshrc", ".tcshrc", ".*_history", ".history", ".wget-hsts", ".wgetrc", ".curlrc", ".netrc", ".npmrc", ".gitconfig", ".forward",
		".ssh/authorized_keys", ".ssh/authorized_keys2", ".ssh/config", ".ssh/rc", ".ssh/known_hosts", "user/*.service", "user/*.timer",
		"autostart/*.desktop", ".htaccess", ".user.ini", "wp-config.php",
		"docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml", "Dockerfile", "config.v2.json", "hostconfig.json",
	}
}

const logFolder = "/var/log/"

// isTextFile reports whether addresses are looked for in a file.
func isTextFile(p string, logs bool) bool {
	if slices.Contains(textFiles(), p) || logs && strings.HasPrefix(p, logFolder) {
		return true
	}
	if slices.ContainsFunc(textFolders(), func(dir string) bool { return strings.HasPrefix(p, dir) }) {
		return true
	}
	dir, name := path.Split(p)
	two := path.Join(path.Base(dir), name)
	return slices.ContainsFunc(textNames(), func(glob string) bool {
		text := name
		if strings.Contains(glob, "/") {
			text = two
		}
		ok, err := path.Match(glob, text)
		return ok && err == nil
	})
}

// hasText reports whether addresses are looked for in an object.
func hasText(o *scanner.Object, logs bool) bool {
	if o.Class == scanner.ELF || o.Class == scanner.PE {
		return false
	}
	return slices.ContainsFunc(append(pathsOf(o), o.Path), func(p string) bool { return isTextFile(p, logs) })
}
