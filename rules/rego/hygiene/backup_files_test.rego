package guestctl.hygiene.backup_files_test

import data.guestctl.hygiene.backup_files

hash := `^[^:]+:!*(\$[0-9a-z]|[./0-9A-Za-z]{13}:)`

copies(found, files) := {
	"files": {
		"/etc/shadow-": {"exists": true, "type": "file", "mode": "0640", "uid": 0, "gid": 42, "size": 500, "content": {hash: {"found": found, "line": 20}}},
		"/etc/passwd-": {"exists": false, "uid": 0, "gid": 0, "size": 0},
	},
	"globs": {"/etc/*/*~": {"paths": [file.path | some file in files], "files": files}},
}

pass := copies(false, [])

fail := copies(true, [])

edited := copies(false, [{"path": "/etc/sudoers.d/backup~", "type": "file", "size": 30}])

test_pass if count(backup_files.deny) == 0 with input as pass

test_fail if {
	some finding in backup_files.deny with input as fail
	finding.msg == "/etc/shadow- still has a password (/etc/shadow- line 20)"
	finding.evidence == [{"path": "/etc/shadow-", "line": 20}]
}

test_an_editor if {
	some finding in backup_files.deny with input as edited
	finding.msg == "/etc/sudoers.d/backup~ has 30 bytes"
}

test_what_is_allowed if {
	count(backup_files.deny) == 0 with input as edited with data.guestctl.params as {"hygiene-backup-files": {"allowed": ["/etc/sudoers.d/*"]}}
}

test_what_the_expression_takes_for_a_password if {
	every line in ["a:$6$x$y:19000:0", "a:!$y$j9T$x:1", "a:!!$1$x:1", "a:abJnggxhB/yWI:1"] {
		regex.match(hash, line)
	}
	every line in ["a:*:1", "a:!:1", "a:!!:1", "a:!*:1", "a:x:0:0:root:/root:/bin/bash", "a::1", "a:*NP*:1"] {
		not regex.match(hash, line)
	}
}
