# What the tests of owners and modes share: files in the shape of the facts.
package guestctl.lib.files_test

import data.guestctl.lib.files

# file is what is there, and nothing what is not.
file(type, mode, uid, gid) := {
	"exists": true,
	"type": type,
	"resolved": "",
	"mode": mode,
	"uid": uid,
	"gid": gid,
	"owner": object.get({0: "root", 1000: "ana"}, uid, ""),
	"group": object.get({0: "root", 42: "shadow", 1000: "ana"}, gid, ""),
	"size": 1,
}

nothing := {"exists": false, "uid": 0, "gid": 0, "size": 0}

# entry is one of a list.
entry(path, type, mode, uid, gid) := object.union(object.remove(file(type, mode, uid, gid), ["exists", "resolved"]), {"path": path})

test_access_lists if {
	some finding in files.wrong({"/a": object.union(file("file", "0600", 0, 0), {"acl": true})}, {"mode": "0600"})
	finding.msg == "/a has an access list, which grants more than its mode says"
	count(files.wrong({"/a": file("file", "0600", 0, 0), "/b": nothing}, {"mode": "0600"})) == 0
}

test_patterns if {
	files.excepted("/srv/drop/a/b", ["/srv/drop/**"])
	files.excepted("/srv/drop/a", ["/srv/drop/*"])
	not files.excepted("/srv/drop/a/b", ["/srv/drop/*"])
	not files.excepted("/srv", [])
}
