# METADATA
# title: File systems that no server needs cannot be loaded
# description: >-
#   A prepared image of a rare file system attacks code of the kernel that hardly anybody looks at, and mounting it
#   loads the module. Each module must be blocked by an install command that does nothing, or be in no installed
#   kernel.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/modprobe.d.5.html
# custom:
#   id: modules-unused-filesystems
#   severity: low
#   facts: [modprobe, kernel.installed]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-MOD-001]
#     ssg: [kernel_module_cramfs_disabled, kernel_module_freevxfs_disabled, kernel_module_hfs_disabled, kernel_module_hfsplus_disabled, kernel_module_jffs2_disabled]
#     cis_debian12: ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5"]
#     cis_ubuntu2204: ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5"]
#     cis_rhel9: ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5"]
#     stig_rhel9: [RHEL-09-231195]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)"]
#   params:
#     modules: {type: array, default: [cramfs, freevxfs, hfs, hfsplus, jffs2], doc: modules that must not be loadable}
#   remediation: >-
#     Write "install cramfs /bin/false", "install freevxfs /bin/false", "install hfs /bin/false", "install hfsplus
#     /bin/false" and "install jffs2 /bin/false" into a file of /etc/modprobe.d.
package guestctl.modules.unused_filesystems

import data.guestctl.lib.modules
import data.guestctl.params

names := params["modules-unused-filesystems"].modules

deny contains finding if {
	some finding in modules.present(input.modprobe, input.kernel.installed, names)
}

unknown contains reason if {
	count(deny) == 0
	some reason in modules.doubtful(input.kernel.installed)
}
