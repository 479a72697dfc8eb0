package guestctl.users.system_accounts_no_shell_test

import data.guestctl.users.system_accounts_no_shell

user(name, uid, shell) := {
	"name": name,
	"uid": uid,
	"shell": shell,
	"login_shell": shell != "/usr/sbin/nologin",
	"source": {"path": "/etc/passwd", "line": 21},
}

defs(min) := {"UID_MIN": {"value": min, "explicit": true, "source": {"path": "/etc/login.defs", "line": 172}}}

pass := {
	"users": [user("root", 0, "/bin/bash"), user("www-data", 33, "/usr/sbin/nologin"), user("bob", 1001, "/bin/bash")],
	"login_defs": defs("1000"),
}

fail := {"users": [user("root", 0, "/bin/bash"), user("postgres", 101, "/bin/bash")], "login_defs": defs("1000")}

test_pass if count(system_accounts_no_shell.deny) == 0 with input as pass

test_fail if {
	some finding in system_accounts_no_shell.deny with input as fail
	finding.msg == "postgres (uid 101) has the login shell /bin/bash"
	finding.evidence == [{"path": "/etc/passwd", "line": 21}]
}

test_no_shell_is_one if {
	some finding in system_accounts_no_shell.deny with input as {"users": [user("svc", 200, "")], "login_defs": defs("1000")}
	finding.msg == "svc (uid 200) has the login shell /bin/sh"
}

test_nobody_counts if {
	count(system_accounts_no_shell.deny) == 1 with input as {"users": [user("nobody", 65534, "/bin/sh")], "login_defs": defs("1000")}
}

test_where_people_begin if {
	old := {"users": [user("bob", 600, "/bin/bash")], "login_defs": defs("500")}
	count(system_accounts_no_shell.deny) == 0 with input as old
	count(system_accounts_no_shell.deny) == 1 with input as {"users": old.users}
	count(system_accounts_no_shell.deny) == 1 with input as {"users": old.users, "login_defs": {}}
	count(system_accounts_no_shell.deny) == 1 with input as {"users": old.users, "login_defs": defs("many")}
}

test_the_accounts_that_stop_the_machine if {
	count(system_accounts_no_shell.deny) == 0 with input as {"users": [user("sync", 4, "/bin/sync"), user("halt", 7, "/sbin/halt")], "login_defs": defs("1000")}
}
