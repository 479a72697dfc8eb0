# METADATA
# title: No entry of the boot menu turns protections of the kernel off
# description: >-
#   An argument that was added to find a fault, or for speed, is easily forgotten. It counts in every entry of the menu, that for recovery
#   included: the mitigations of processors' faults, memory protection, address randomization, and the security modules stay on. The last
#   argument of a name counts.
# related_resources:
#   - https://docs.kernel.org/admin-guide/kernel-parameters.html
# custom:
#   id: boot-no-weakening-arguments
#   severity: medium
#   facts: [boot]
#   levels: [anssi-enhanced]
#   controls:
#     ref: [GL-BOO-004]
#     ssg: [grub2_nosmep_argument_absent, grub2_nosmap_argument_absent]
#     anssi_bp28: [R1]
#   params:
#     unwanted:
#       type: array
#       default:
#         - mitigations=off
#         - nosmep
#         - nosmap
#         - nokaslr
#         - nopti
#         - pti=off
#         - nospectre_v1
#         - nospectre_v2
#         - spectre_v2=off
#         - spec_store_bypass_disable=off
#         - nospec_store_bypass_disable
#         - l1tf=off
#         - mds=off
#         - noexec=off
#         - apparmor=0
#         - selinux=0
#         - enforcing=0
#         - security=none
#         - module.sig_enforce=0
#       doc: arguments of the kernel that no entry may have
#   remediation: Remove the arguments from /etc/default/grub, and run update-grub; on RHEL, grubby --update-kernel=ALL --remove-args=…
package guestctl.boot.no_weakening_arguments

import data.guestctl.lib.boot
import data.guestctl.params

applicable if input.boot.loader != "none"

skip_reason := "the guest has no boot loader"

unknown contains "the boot menu has no entry that could be read" if count(input.boot.entries) == 0

deny contains finding if {
	some entry in input.boot.entries
	some unwanted in params["boot-no-weakening-arguments"].unwanted
	key := split(unwanted, "=")[0]
	boot.argument(entry, key) == trim_prefix(trim_prefix(unwanted, key), "=")
	finding := object.union(boot.finding(entry, key, sprintf("no %s", [unwanted])), {"msg": sprintf("%q has %s", [entry.title, unwanted])})
}
