# Facts of files, for the tests of the checks.
package guestctl.lib.files_test

# file is one of root, as the globs describe it.
file(path, mode) := {"path": path, "type": "file", "mode": mode, "uid": 0, "gid": 0, "owner": "root", "group": "root", "size": 1}
