package guestctl.users.nologin_not_in_shells_test

import data.guestctl.users.nologin_not_in_shells

pass := {"shells": ["/bin/sh", "/bin/bash"]}

fail := {"shells": ["/bin/sh", "/usr/sbin/nologin"]}

test_pass if count(nologin_not_in_shells.deny) == 0 with input as pass

test_fail if {
	some finding in nologin_not_in_shells.deny with input as fail
	finding.msg == "/etc/shells has /usr/sbin/nologin"
	finding.evidence == [{"path": "/etc/shells"}]
}

test_each_directory_counts if {
	count(nologin_not_in_shells.deny) == 2 with input as {"shells": ["/sbin/nologin", "/usr/sbin/nologin", "/opt/nologin-not"]}
}

test_an_empty_list if count(nologin_not_in_shells.deny) == 0 with input as {"shells": []}
