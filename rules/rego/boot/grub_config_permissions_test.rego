package guestctl.boot.grub_config_permissions_test

import data.guestctl.boot.grub_config_permissions
import data.guestctl.lib.files_test as example

guest(cfg, file, mounts, efi) := {
	"boot": {"loader": "grub2", "grub": {"cfg": cfg, "superusers": [], "superusers_source": null, "password_users": []}},
	"mounts": mounts,
	"files": {"/boot/grub/grub.cfg": file, "/boot/grub2/grub.cfg": example.nothing, "/boot/grub/user.cfg": example.nothing, "/boot/grub2/user.cfg": example.nothing},
	"globs": {"/boot/efi/EFI/*/grub.cfg": {"paths": [entry.path | some entry in efi], "files": efi}},
}

mount(fstype, options) := {"target": "/boot/efi", "device": "LABEL=EFI", "fstype": fstype, "options": options, "auto": true, "origin": "fstab", "source": {"path": "/etc/fstab", "line": 3}}

cfg := "/boot/grub/grub.cfg"

efi_cfg := "/boot/efi/EFI/rocky/grub.cfg"

on_efi(mode) := [example.entry(efi_cfg, "file", mode, 0, 0)]

pass := guest(efi_cfg, example.file("file", "0600", 0, 0), [mount("vfat", ["umask=0077", "shortname=winnt"])], on_efi("0755"))

fail := guest(cfg, example.file("file", "0444", 0, 0), [], [])

absent := {"boot": {"loader": "systemd-boot", "grub": null}, "mounts": []}

test_pass if {
	count(grub_config_permissions.deny) == 0 with input as pass
	count(grub_config_permissions.unknown) == 0 with input as pass
}

test_fail if {
	some finding in grub_config_permissions.deny with input as fail
	finding.msg == "/boot/grub/grub.cfg has mode 0444, want mode 0600 or stricter, owner root, group root"
	finding.evidence == [{"path": cfg}]
}

test_the_file_system_of_uefi_is_as_it_is_mounted if {
	every options in [["defaults"], ["umask=0022"], ["umask=0077", "umask=0022"], ["umask=0077", "uid=1000"]] {
		some finding in grub_config_permissions.deny with input as guest(efi_cfg, example.nothing, [mount("vfat", options)], on_efi("0755"))
		finding.key == "/boot/efi"
	}
	every options in [["umask=077"], ["fmask=0177"], ["umask=0022", "umask=0077", "uid=0"]] {
		count(grub_config_permissions.deny) == 0 with input as guest(efi_cfg, example.nothing, [mount("vfat", options)], on_efi("0755"))
	}
}

test_elsewhere_modes_count_as_everywhere if {
	some finding in grub_config_permissions.deny with input as guest(efi_cfg, example.nothing, [], on_efi("0644"))
	finding.key == efi_cfg
	count(grub_config_permissions.deny) == 0 with input as guest(efi_cfg, example.nothing, [mount("ext4", [])], on_efi("0600"))
}

test_what_only_leads_to_the_menu_may_be_read if {
	count(grub_config_permissions.deny) == 0 with input as guest(cfg, example.file("file", "0600", 0, 0), [mount("vfat", ["defaults"])], on_efi("0755"))
}

test_a_configuration_in_another_place_is_unknown if {
	some reason in grub_config_permissions.unknown with input as guest("/grub/grub.cfg", example.nothing, [], [])
	reason == "the mode of /grub/grub.cfg, which GRUB reads, is not known"
}

test_not_applicable if {
	not grub_config_permissions.applicable with input as absent
	grub_config_permissions.applicable with input as fail
}
