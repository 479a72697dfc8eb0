package engine

import (
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/audit"
	"github.com/guestctl/guestctl/engine/facts/boot"
	"github.com/guestctl/guestctl/engine/facts/chrony"
	"github.com/guestctl/guestctl/engine/facts/coredump"
	"github.com/guestctl/guestctl/engine/facts/cron"
	"github.com/guestctl/guestctl/engine/facts/defaulttarget"
	"github.com/guestctl/guestctl/engine/facts/files"
	"github.com/guestctl/guestctl/engine/facts/globs"
	"github.com/guestctl/guestctl/engine/facts/groups"
	"github.com/guestctl/guestctl/engine/facts/hostname"
	"github.com/guestctl/guestctl/engine/facts/journald"
	"github.com/guestctl/guestctl/engine/facts/kernel"
	"github.com/guestctl/guestctl/engine/facts/locale"
	"github.com/guestctl/guestctl/engine/facts/logind"
	"github.com/guestctl/guestctl/engine/facts/logindefs"
	"github.com/guestctl/guestctl/engine/facts/machineid"
	"github.com/guestctl/guestctl/engine/facts/modprobe"
	"github.com/guestctl/guestctl/engine/facts/mounts"
	"github.com/guestctl/guestctl/engine/facts/nis"
	"github.com/guestctl/guestctl/engine/facts/nsswitch"
	"github.com/guestctl/guestctl/engine/facts/osrelease"
	"github.com/guestctl/guestctl/engine/facts/packages"
	"github.com/guestctl/guestctl/engine/facts/resolved"
	"github.com/guestctl/guestctl/engine/facts/scan"
	"github.com/guestctl/guestctl/engine/facts/selinux"
	"github.com/guestctl/guestctl/engine/facts/shells"
	"github.com/guestctl/guestctl/engine/facts/sshd"
	"github.com/guestctl/guestctl/engine/facts/sysctl"
	"github.com/guestctl/guestctl/engine/facts/timesyncd"
	"github.com/guestctl/guestctl/engine/facts/timezone"
	"github.com/guestctl/guestctl/engine/facts/units"
	"github.com/guestctl/guestctl/engine/facts/useradd"
	"github.com/guestctl/guestctl/engine/facts/users"
)

// Collectors lists the domains of the facts document.
func Collectors() []facts.Collector {
	return []facts.Collector{
		osrelease.Collector,
		hostname.Collector,
		machineid.Collector,
		timezone.Collector,
		locale.Collector,
		boot.Collector,
		defaulttarget.Collector,
		kernel.Collector,
		selinux.Collector,
		packages.Collector,
		files.Collector,
		globs.Collector,
		nsswitch.Collector,
		shells.Collector,
		logindefs.Collector,
		useradd.Collector,
		groups.Collector,
		users.Collector,
		nis.Collector,
		sysctl.Collector,
		units.Collector,
		modprobe.Collector,
		mounts.Collector,
		scan.Collector,
		sshd.Collector,
		journald.Collector,
		coredump.Collector,
		timesyncd.Collector,
		logind.Collector,
		resolved.Collector,
		audit.Collector,
		cron.Collector,
		chrony.Collector,
	}
}
