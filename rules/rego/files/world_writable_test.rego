package guestctl.files.world_writable_test

import data.guestctl.files.world_writable

guest(files, dirs) := {"scan": {
	"world_writable_files": files,
	"world_writable_dirs": dirs,
	"counts": {"world_writable_files": count(files), "world_writable_dirs": count(dirs)},
	"truncated": false,
}}

file(path, type) := {"path": path, "type": type, "mode": "0666", "uid": 0, "gid": 0, "package": null}

dir(path, mode) := {"path": path, "type": "dir", "mode": mode, "uid": 0, "gid": 0, "package": null}

tmp := object.union(dir("/tmp", "1777"), {"sticky": true})

pass := guest([file("/var/spool/postfix/public/qmgr", "fifo")], [tmp])

fail := guest([file("/etc/motd", "file")], [tmp, dir("/opt/drop", "0777")])

test_pass if {
	count(world_writable.deny) == 0 with input as pass
	count(world_writable.unknown) == 0 with input as pass
}

test_fail if {
	found := world_writable.deny with input as fail
	{finding.msg | some finding in found} == {
		"/etc/motd has mode 0666: it can be changed by everybody",
		"/opt/drop has mode 0777: it lets everybody remove the files of others",
	}
	some finding in found
	finding.evidence == [{"path": "/etc/motd"}]
}

test_devices_count if count(world_writable.deny) == 1 with input as guest([file("/srv/disk", "block")], [])

test_sockets_are_left_out if count(world_writable.deny) == 0 with input as guest([file("/srv/x.sock", "socket")], [])

test_what_is_left_out if {
	params := {"files-world-writable": {"except": ["/opt/*", "/etc/motd"]}}
	count(world_writable.deny) == 0 with input as fail with data.guestctl.params as params
}

test_a_list_that_is_cut_is_no_pass if {
	cut := object.union(pass, {"scan": {"truncated": true, "counts": {"world_writable_files": 1, "world_writable_dirs": 2000}}})
	some reason in world_writable.unknown with input as cut
	reason == "only the first 1 of 2000 entries of world_writable_dirs are known"
}

test_but_what_is_on_it_is_a_finding if {
	cut := object.union(fail, {"scan": {"truncated": true, "counts": {"world_writable_files": 2000, "world_writable_dirs": 2}}})
	count(world_writable.unknown) == 0 with input as cut
	count(world_writable.deny) == 2 with input as cut
}
