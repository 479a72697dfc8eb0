# METADATA
# title: The file systems udf and overlayfs cannot be loaded
# description: >-
#   Server images rarely hold optical discs or containers, and both modules have let users become root. Each must be
#   blocked by an install command that does nothing, or be in no installed kernel. A host of containers needs overlay
#   (the module of overlayfs), and Azure needs udf: set the list of modules there.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/modprobe.d.5.html
# custom:
#   id: modules-udf-overlayfs
#   severity: low
#   facts: [modprobe, kernel.installed]
#   levels: [cis-l2]
#   controls:
#     ref: [GL-MOD-002]
#     ssg: [kernel_module_udf_disabled, kernel_module_overlayfs_disabled]
#     cis_debian12: ["1.1.1.6", "1.1.1.8"]
#     cis_ubuntu2204: ["1.1.1.7"]
#     cis_rhel9: ["1.1.1.7"]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)"]
#   params:
#     modules: {type: array, default: [udf, overlay], doc: modules that must not be loadable}
#   remediation: Write "install udf /bin/false" and "install overlay /bin/false" into a file of /etc/modprobe.d.
package guestctl.modules.udf_overlayfs

import data.guestctl.lib.modules
import data.guestctl.params

names := params["modules-udf-overlayfs"].modules

deny contains finding if {
	some finding in modules.present(input.modprobe, input.kernel.installed, names)
}

unknown contains reason if {
	count(deny) == 0
	some reason in modules.doubtful(input.kernel.installed)
}
