# METADATA
# title: The mail server takes mail from this machine only
# description: >-
#   Cron and other programs send mail to local accounts, for which a mail server needs no address but that of loopback. One that
#   nothing starts is not in use. Where the configuration cannot be read the check is unknown.
# custom:
#   id: services-mail-loopback-only
#   severity: medium
#   facts: [mta]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SVC-010]
#     ssg: [postfix_network_listening_disabled, has_nonlocal_mta]
#     cis_debian12: ["2.1.21"]
#     cis_ubuntu2204: ["2.1.21"]
#     cis_rhel9: ["2.1.21"]
#     anssi_bp28: [R74]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)"]
#     pci_dss_4: ["1.4.2"]
#   remediation: >-
#     Write "inet_interfaces = loopback-only" into /etc/postfix/main.cf, or set dc_local_interfaces to 127.0.0.1 ; ::1 in
#     /etc/exim4/update-exim4.conf.conf.
package guestctl.services.mail_loopback_only

applicable if input.mta.installed

skip_reason := "of a mail server only its configuration is left"

deny contains finding if {
	input.mta.enabled != false
	input.mta.loopback_only == false
	addresses := concat(", ", [address.value | some address in input.mta.listen])
	finding := {
		"msg": sprintf("%s takes mail from the network: it listens at %s", [server, addresses]),
		"actual": addresses,
		"expected": "loopback addresses",
		"evidence": [address.source | some address in input.mta.listen],
	}
}

unknown contains {"msg": sprintf("where %s listens is not known", [server])} if {
	input.mta.enabled != false
	is_null(input.mta.loopback_only)
}

server := input.mta.program if input.mta.program != ""

server := "the mail server" if input.mta.program == ""
