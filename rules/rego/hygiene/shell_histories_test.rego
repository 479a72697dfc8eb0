package guestctl.hygiene.shell_histories_test

import data.guestctl.hygiene.shell_histories

entry(name, size) := {
	"path": concat("/", ["/root", name]), "name": name, "type": "file", "mode": "0600",
	"uid": 0, "gid": 0, "owner": "root", "group": "root", "size": size,
}

homes(entries) := {"homes": [{
	"user": "root", "uid": 0, "path": "/root", "exists": true, "mode": "0700", "owner_uid": 0, "owner": "root", "group": "root",
	"entries": entries,
}]}

pass := homes([entry(".bash_history", 0), entry(".profile", 161)])

fail := homes([entry(".bash_history", 40), entry(".local/share/fish/fish_history", 9), entry(".profile", 161)])

test_pass if count(shell_histories.deny) == 0 with input as pass

test_fail if {
	found := shell_histories.deny with input as fail
	{finding.msg | some finding in found} == {
		"/root/.bash_history has 40 bytes",
		"/root/.local/share/fish/fish_history has 9 bytes",
	}
	some finding in found
	finding.evidence == ["/root/.bash_history"]
}

test_a_link_to_nothing if {
	link := object.union(entry(".bash_history", 9), {"type": "symlink", "link": "/dev/null"})
	count(shell_histories.deny) == 0 with input as homes([link])
}

test_a_link_that_only_ends_like_nothing if {
	link := object.union(entry(".bash_history", 9), {"type": "symlink", "link": "/srv/dev/null"})
	count(shell_histories.deny) == 1 with input as homes([link])
	count(shell_histories.deny) == 0 with input as homes([object.union(link, {"link": "../../dev/null"})])
}

test_a_link_to_something if {
	link := object.union(entry(".bash_history", 9), {"type": "symlink", "link": "/srv/history"})
	some finding in shell_histories.deny with input as homes([link])
	finding.msg == "/root/.bash_history is a link to /srv/history"
}

test_a_directory_of_that_name if count(shell_histories.deny) == 0 with input as homes([object.union(entry(".history", 9), {"type": "dir"})])

unread := {"homes": [{"user": "bob", "path": "/home/bob", "exists": null, "entries": []}]}

test_unread_home if {
	some reason in shell_histories.unknown with input as unread
	reason.msg == "/home/bob may be on a volume that was not read"
}

test_a_finding_is_one_whatever_was_not_read if {
	count(shell_histories.unknown) == 0 with input as {"homes": array.concat(fail.homes, unread.homes)}
}

test_nothing_unread if count(shell_histories.unknown) == 0 with input as pass
