# METADATA
# title: The daemon that keeps the clock asks known servers
# description: >-
#   A daemon without servers of its own asks whom DHCP names, or the vendor's. Servers or pools are written down, those that an organisation
#   accepts where it says so, and chronyd does not run as root.
# related_resources:
#   - https://chrony-project.org/doc/4.5/chrony.conf.html
#   - https://www.freedesktop.org/software/systemd/man/latest/timesyncd.conf.html
# custom:
#   id: time-servers
#   severity: medium
#   facts: [timesync, chrony, packages]
#   may_be_absent: [chrony]
#   levels: [cis-l1, anssi-enhanced]
#   controls:
#     ref: [GL-TIM-002]
#     ssg: [chronyd_configure_pool_and_server, chronyd_run_as_chrony_user, service_timesyncd_configured]
#     cis_debian12: ["2.3.2.1", "2.3.3.1", "2.3.3.2"]
#     cis_ubuntu2204: ["2.3.2.1", "2.3.3.1", "2.3.3.2"]
#     cis_rhel9: ["2.3.3"]
#     anssi_bp28: [R71]
#     nist_800_53: ["AU-8(1)(a)", "CM-6(a)"]
#     pci_dss_4: ["10.6.3"]
#   params:
#     servers: {type: array, default: [], doc: "names of servers and pools that are accepted; with an empty list all are"}
#     users: {type: array, default: [_chrony, chrony, ntp], doc: accounts that chronyd may change to}
#   remediation: Write "pool 2.debian.pool.ntp.org iburst" into /etc/chrony/chrony.conf, or NTP= below [Time] into /etc/systemd/timesyncd.conf.
package guestctl.time.servers

import data.guestctl.lib
import data.guestctl.params

own := params["time-servers"]

program := input.timesync.program

sources := array.concat(input.timesync.servers, input.timesync.pools)

unknown contains "the facts do not hold the servers of OpenNTPD" if {
	program == "ntp"
	count(sources) == 0
	count(lib.present(input.packages, ["openntpd"])) > 0
}

deny contains finding if {
	count(sources) == 0
	finding := {
		"msg": sprintf("no file names a server for %s", [program]),
		"actual": "no servers",
		"expected": "servers or pools",
		"evidence": [],
		"key": "servers",
	}
}

deny contains finding if {
	count(own.servers) > 0
	some server in sources
	not server.name in own.servers
	finding := {
		"msg": sprintf("%s asks %s, want %s (%s)", [program, server.name, concat(" or ", own.servers), lib.origin(server)]),
		"actual": server.name,
		"expected": concat(", ", own.servers),
		"evidence": [server.source],
		"key": server.name,
	}
}

# Without a line it is the account that was compiled in, which is not root in any distribution.
deny contains finding if {
	program == "chrony"
	user := input.chrony.user
	not is_null(user)
	not user.value in own.users
	finding := {
		"msg": sprintf("chronyd runs as %s, want %s (%s)", [user.value, concat(" or ", own.users), lib.origin(user)]),
		"actual": sprintf("user %s", [user.value]),
		"expected": concat(" or ", own.users),
		"evidence": lib.evidence(user),
		"key": "user",
	}
}
