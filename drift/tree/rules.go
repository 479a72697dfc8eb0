package tree

import (
	"regexp"
	"strings"

	"github.com/guestctl/guestctl/engine/filesys"
)

type pathPattern = *regexp.Regexp

// rule is a kind of file that scripts of packages make. Its first group, where it has one, is the package that must have changed; where
// it has none, a package must have changed whose name begins so, or any.
type rule struct {
	path     pathPattern
	packages []string
}

// match returns the package that the path names, or "".
func (r rule) match(path string) (name string, ok bool) {
	m := r.path.FindStringSubmatch(path)
	if m == nil {
		return "", false
	}
	if len(m) > 1 {
		name, _, _ = strings.Cut(m[1], ":") // Multi-Arch: same
	}
	return name, true
}

// rules list what package managers and the scripts of packages write.
func rules() []rule {
	kernels := []string{"linux-image", "linux-modules", "kernel", "linux", "initramfs-tools", "dracut", "busybox", "systemd", "udev", "kmod", "grub", "shim"}
	return []rule{
		{path: regexp.MustCompile(`^/var/lib/dpkg/info/([^/]+)\.[a-z0-9]+$`)},
		{path: regexp.MustCompile(`^/var/lib/dpkg/(?:status|available|diversions|statoverride)(?:-old)?$`)},
		{path: regexp.MustCompile(`^/var/lib/dpkg/(?:triggers|alternatives|updates)(?:/.*)?$`)},
		{path: regexp.MustCompile(`^/var/lib/dpkg/lock(?:-frontend)?$`)},
		{path: regexp.MustCompile(`^/var/lib/dpkg$|^/var/lib/dpkg/info$`)},
		{path: regexp.MustCompile(`^/var/lib/systemd/deb-systemd-(?:user-)?helper-(?:enabled|masked)(?:/.*)?$`)},
		{path: regexp.MustCompile(`^/etc/systemd/(?:system|user)/[^/]+\.(?:wants|requires|upholds)$`)}, // what is in it is judged
		{path: regexp.MustCompile(`^/var/lib/apt/(?:extended_states|listchanges\.db)$`)},
		{path: regexp.MustCompile(`^/var/lib/(?:ucf|pam|python|gconf|xml-core|sgml-base|emacsen-common)(?:/.*)?$`)},
		{path: regexp.MustCompile(`^/(?:var|usr)/lib/(?:sysimage/)?rpm(?:/.*)?$`)},
		{path: regexp.MustCompile(`^/var/lib/(?:dnf|yum|PackageKit)(?:/.*)?$`)},
		{path: regexp.MustCompile(`^/usr/lib/sysimage/libdnf5(?:/.*)?$`)},
		{path: regexp.MustCompile(`^/lib/apk/db(?:/.*)?$|^/usr/lib/apk/db(?:/.*)?$|^/etc/apk/world$`)},
		{path: regexp.MustCompile(`^/var/lib/pacman/(?:local|sync)(?:/.*)?$`)},
		{path: regexp.MustCompile(`^/etc/ld\.so\.cache$`)},
		{path: regexp.MustCompile(`^/usr/share/info/dir(?:\.old)?$`)},
		{path: regexp.MustCompile(`^/usr/share/(?:mime|applications|icons|glib-2\.0/schemas)/(?:.*/)?(?:mime\.cache|mimeinfo\.cache|icon-theme\.cache|gschemas\.compiled)$`)},
		{path: regexp.MustCompile(`^/usr/lib/locale/(?:locale-archive|C\.utf8)$`), packages: []string{"locales", "libc-bin", "glibc"}},
		{path: regexp.MustCompile(`^/etc/ssl/certs/(?:ca-certificates\.crt|java/cacerts)$`), packages: []string{"ca-certificates"}},
		{path: regexp.MustCompile(`^/etc/pki/ca-trust/extracted(?:/.*)?$`), packages: []string{"ca-certificates", "p11-kit"}},
		{path: regexp.MustCompile(`^/usr/lib/modules/[^/]+/modules\.[a-z.]+$`), packages: kernels},
		{path: regexp.MustCompile(`^/boot/(?:initrd\.img|initramfs|initrd)[^/]*$`), packages: kernels},
		{path: regexp.MustCompile(`^/boot/grub2?/grub\.cfg$|^/boot/grub2?/grubenv$|^/boot/loader/entries/[^/]+\.conf$`), packages: kernels},
	}
}

// linkDirs are directories in which scripts keep links to files of packages.
func linkDirs() []pathPattern {
	return []pathPattern{
		regexp.MustCompile(`^/etc/alternatives/[^/]+$`),
		regexp.MustCompile(`^/etc/systemd/(?:system|user)/(?:[^/]+\.(?:wants|requires|upholds)/)?[^/]+$`),
		regexp.MustCompile(`^/etc/rc[0-6S]\.d/[^/]+$`),
		regexp.MustCompile(`^/etc/runlevels/[^/]+/[^/]+$`),
		regexp.MustCompile(`^/etc/ssl/certs/[^/]+$`),
		regexp.MustCompile(`^/usr/lib(?:32|64|/[^/]+-linux-[^/]+)?/[^/]+\.so[.0-9]*$`),
		regexp.MustCompile(`^/(?:vmlinuz|initrd\.img)(?:\.old)?$|^/boot/(?:vmlinuz|initrd\.img)(?:\.old)?$`),
	}
}

// isVolatile tells what changes on a machine that runs. A program is not among it, wherever it lies.
func isVolatile(c *Change) bool {
	o := c.After
	if o == nil {
		o = c.Before
	}
	if o.IsRegular() && o.Mode&executable != 0 || o.IsDevice() || c.privileged() || o.Mode&(filesys.ModeSetUID|filesys.ModeSetGID) != 0 && o.IsRegular() {
		return false
	}
	return volatilePath.MatchString(c.Path)
}

// volatilePath has logs, caches, what is temporary, and what services keep of their own running.
var volatilePath = regexp.MustCompile(`^(?:` + strings.Join([]string{
	`/(?:proc|sys|run|dev|tmp|var/tmp|var/log|var/cache|var/run|var/spool/(?:cron/lastrun|anacron|rsyslog|postfix)|lost\+found)(?:/.*)?`,
	`/var/lib/(?:systemd/(?:random-seed|timers|timesync|catalog|rfkill|backlight|linger|coredump)|dhcp|dhclient|NetworkManager|logrotate|urandom|private/systemd)(?:/.*)?`,
	`/var/lib/(?:apt/(?:lists|periodic)|mlocate|plocate|man-db|update-notifier|chrony|ntp|misc)(?:/.*)?`,
	`/etc/(?:mtab|\.pwd\.lock|adjtime|resolv\.conf)`,
	`/var/lib/dpkg/lock(?:-frontend)?`,
}, `|`) + `)$`)
