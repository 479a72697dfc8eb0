package guestctl.files.privileged_files_packaged_test

import data.guestctl.files.privileged_files_packaged

entry(path, package_name) := {"path": path, "type": "file", "mode": "4755", "uid": 0, "gid": 0, "package": package_name}

guest(suid, sgid) := {"scan": {
	"suid": suid,
	"sgid": sgid,
	"capabilities": [{"path": "/usr/bin/ping", "capabilities": "cap_net_raw=ep", "package": "iputils-ping"}],
	"counts": {"suid": count(suid), "sgid": count(sgid), "capabilities": 1},
}}

pass := guest([entry("/usr/bin/su", "util-linux")], [entry("/usr/bin/chage", "passwd")])

fail := guest([entry("/usr/local/bin/suid", "")], [])

test_pass if {
	count(privileged_files_packaged.deny) == 0 with input as pass
	count(privileged_files_packaged.unknown) == 0 with input as pass
}

test_fail if {
	some finding in privileged_files_packaged.deny with input as fail
	finding.msg == "/usr/local/bin/suid is setuid, and no package brought it"
	finding.evidence == [{"path": "/usr/local/bin/suid"}]
}

test_setgid_and_capabilities_count if {
	some finding in privileged_files_packaged.deny with input as guest([], [entry("/opt/x", "")])
	finding.msg == "/opt/x is setgid, and no package brought it"
	able := object.union(pass, {"scan": {"capabilities": [{"path": "/opt/y", "capabilities": "cap_setuid=ep", "package": ""}]}})
	some other in privileged_files_packaged.deny with input as able
	other.msg == "/opt/y is cap_setuid=ep, and no package brought it"
}

test_a_package_that_is_not_known_is_no_pass if {
	some reason in privileged_files_packaged.unknown with input as guest([entry("/usr/bin/su", null)], [])
	reason == "which package /usr/bin/su belongs to is not known"
	count(privileged_files_packaged.deny) == 0 with input as guest([entry("/usr/bin/su", null)], [])
}

test_a_list_that_is_cut_is_no_pass if {
	count(privileged_files_packaged.unknown) == 1 with input as object.union(pass, {"scan": {"counts": {"suid": 1001, "sgid": 1, "capabilities": 1}}})
}

test_what_is_left_out if {
	count(privileged_files_packaged.deny) == 0 with input as fail
		with data.guestctl.params as {"files-privileged-files-packaged": {"except": ["/usr/local/bin/*"]}}
}
