package guestctl.users.dot_files_test

import data.guestctl.users.dot_files

file(fields) := object.union(
	{
		"name": ".bashrc",
		"path": "/home/bob/.bashrc",
		"type": "file",
		"mode": "0644",
		"uid": 1001,
		"gid": 1001,
		"owner": "bob",
		"group": "bob",
	},
	fields,
)

guest(exists, files) := {"homes": [{"user": "bob", "uid": 1001, "path": "/home/bob", "exists": exists, "entries": files}]}

pass := guest(true, [file({})])

fail := guest(true, [file({"name": ".rhosts", "path": "/home/bob/.rhosts"})])

test_pass if {
	count(dot_files.deny) == 0 with input as pass
	count(dot_files.unknown) == 0 with input as pass
}

test_fail if {
	some finding in dot_files.deny with input as fail
	finding.msg == "/home/bob/.rhosts is there"
	finding.evidence == [{"path": "/home/bob/.rhosts"}]
}

test_each_forbidden_name_counts_also_as_a_link if {
	files := [file({"name": name, "path": name, "type": "symlink", "mode": "0777"}) | some name in [".shosts", ".netrc", ".forward"]]
	{finding.key | some finding in dot_files.deny} == {".shosts", ".netrc", ".forward"} with input as guest(true, files)
}

test_a_file_that_others_may_write if {
	some finding in dot_files.deny with input as guest(true, [file({"mode": "0664"})])
	finding.msg == "/home/bob/.bashrc has mode 0664, want mode 0755 or stricter, owner bob or root or 1001"
	finding.fix == "chmod 0644 /home/bob/.bashrc"
}

test_a_file_of_somebody_else if {
	some finding in dot_files.deny with input as guest(true, [file({"uid": 1002, "owner": "eve"})])
	finding.fix == "chown bob /home/bob/.bashrc"
	count(dot_files.deny) == 0 with input as guest(true, [file({"uid": 0, "owner": "root"})])
}

test_links_directories_and_what_lies_deeper_are_not_dot_files if {
	link := file({"name": ".vimrc", "type": "symlink", "mode": "0777"})
	deep := file({"name": ".ssh/notes", "mode": "0666"})
	dir := file({"name": ".config", "type": "dir", "mode": "0775"})
	count(dot_files.deny) == 0 with input as guest(true, [link, deep, dir])
}

test_a_home_on_a_missing_volume_is_unknown if {
	count(dot_files.unknown) == 1 with input as guest(null, [])
	count(dot_files.unknown) == 0 with input as guest(false, [])
	count(dot_files.unknown) == 0 with input as {"homes": array.concat(guest(null, []).homes, fail.homes)}
}
