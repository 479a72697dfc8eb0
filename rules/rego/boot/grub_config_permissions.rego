# METADATA
# title: Only root may read and change GRUB's configuration
# description: >-
#   The files that GRUB reads hold the hash of its password and say what is started. They belong to root, and nobody else may read or
#   change them. Where the menu lies on the file system of UEFI, which has no owners, it is judged how that is mounted.
# related_resources:
#   - https://www.gnu.org/software/grub/manual/grub/html_node/Configuration.html
# custom:
#   id: boot-grub-config-permissions
#   severity: medium
#   facts: [boot, mounts]
#   files: [/boot/grub/grub.cfg, /boot/grub2/grub.cfg, /boot/grub/user.cfg, /boot/grub2/user.cfg]
#   globs: [/boot/efi/EFI/*/grub.cfg, /boot/efi/EFI/*/user.cfg]
#   levels: [cis-l1, anssi-enhanced]
#   controls:
#     ref: [GL-BOO-002]
#     ssg: [file_permissions_grub2_cfg, file_owner_grub2_cfg]
#     cis_debian12: ["1.4.2"]
#     cis_ubuntu2204: ["1.4.2"]
#     cis_rhel9: ["1.4.2"]
#     anssi_bp28: [R29]
#     stig_rhel9: [RHEL-09-212030]
#     nist_800_53: ["AC-6(1)", "CM-6(a)"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     mode: {type: string, default: "0600", doc: no bit may be set beside these}
#   remediation: chown root:root /boot/grub/grub.cfg && chmod u-x,go-rwx /boot/grub/grub.cfg, and mount /boot/efi with umask=0077.
package guestctl.boot.grub_config_permissions

import data.guestctl.lib.files
import data.guestctl.params

want := {"mode": params["boot-grub-config-permissions"].mode, "owner": ["root"], "group": ["root"]}

grub := input.boot.grub

applicable if not is_null(grub)

skip_reason := "the guest's boot menu is not GRUB's"

esp := "/boot/efi/"

# efi are the mounts that show the file system of UEFI.
efi := [m |
	some m in input.mounts
	m.target == "/boot/efi"
	object.get(m, "hidden", "") == ""
	lower(m.fstype) in {"vfat", "msdos", "auto"}
]

known(path) if input.files[path].exists

known(path) if startswith(path, esp)

unknown contains sprintf("the mode of %s, which GRUB reads, is not known", [grub.cfg]) if {
	count(deny) == 0
	not known(grub.cfg)
}

deny contains finding if some finding in files.wrong(input.files, want)

# On an ordinary file system below /boot/efi files have owners and modes as everywhere.
deny contains finding if {
	startswith(grub.cfg, esp)
	count(efi) == 0
	some finding in guest.offenders(input.globs, want)
}

deny contains finding if {
	startswith(grub.cfg, esp)
	some m in efi
	not closed(m)
	finding := {
		"msg": sprintf("%s is mounted so that others may read %s", [m.target, grub.cfg]),
		"actual": sprintf("%s with %s", [m.target, concat(",", m.options)]),
		"expected": sprintf("%s with umask=0077", [m.target]),
		"evidence": [m.source],
		"key": m.target,
	}
}

# closed reports whether a mount without owners gives files to root alone.
closed(m) if {
	masks := [parts[1] | some option in m.options; parts := split(option, "="); parts[0] in {"umask", "fmask"}]
	regex.match(`^0*[0-7]?77$`, masks[count(masks) - 1])
	count([option | some option in m.options; regex.match(`^[ug]id=`, option); not option in {"uid=0", "gid=0", "uid=root", "gid=root"}]) == 0
}
