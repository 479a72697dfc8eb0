# METADATA
# title: USB storage cannot be loaded
# description: >-
#   A stick brings programs in and carries data out past the network. The module must be blocked by an install command
#   that does nothing, or be in no installed kernel.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/modprobe.d.5.html
# custom:
#   id: modules-usb-storage
#   severity: medium
#   facts: [modprobe, kernel.installed]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-MOD-003]
#     ssg: [kernel_module_usb-storage_disabled]
#     cis_debian12: ["1.1.1.9"]
#     cis_ubuntu2204: ["1.1.1.8"]
#     cis_rhel9: ["1.1.1.8"]
#     stig_ubuntu2204: [UBTU-22-291010]
#     stig_ubuntu2404: [UBTU-24-300039]
#     stig_rhel9: [RHEL-09-291010]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)", MP-7]
#     pci_dss_4: ["3.4.2"]
#   params:
#     modules: {type: array, default: [usb-storage], doc: modules that must not be loadable}
#   remediation: Write "install usb_storage /bin/false" into a file of /etc/modprobe.d.
package guestctl.modules.usb_storage

import data.guestctl.lib.modules
import data.guestctl.params

names := params["modules-usb-storage"].modules

deny contains finding if {
	some finding in modules.present(input.modprobe, input.kernel.installed, names)
}

unknown contains reason if {
	count(deny) == 0
	some reason in modules.doubtful(input.kernel.installed)
}
