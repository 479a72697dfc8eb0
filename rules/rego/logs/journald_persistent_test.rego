package guestctl.logs.journald_persistent_test

import data.guestctl.logs.journald_persistent

source := {"path": "/etc/systemd/journald.conf", "line": 2}

guest(effective, storage, compress) := {"journald": {
	"Effective.Storage": {"value": effective, "explicit": false, "source": {"path": "/var/log/journal"}},
	"Journal.Storage": {"value": storage, "explicit": true, "source": source},
	"Journal.Compress": {"value": compress, "explicit": true, "source": source},
}}

pass := guest("persistent", "persistent", "yes")

fail := guest("volatile", "volatile", "no")

test_pass if count(journald_persistent.deny) == 0 with input as pass

test_fail if {
	found := journald_persistent.deny with input as fail
	{finding.msg | some finding in found} == {
		"Storage is in effect volatile, want persistent (/var/log/journal)",
		"Storage is volatile, want persistent, in a file (/etc/systemd/journald.conf line 2)",
		"Compress is no, want yes (/etc/systemd/journald.conf line 2)",
	}
	some finding in found
	finding.evidence == [source]
}

test_a_size_compresses if count(journald_persistent.deny) == 0 with input as guest("persistent", "persistent", "1K")

test_auto_depends_on_a_directory if {
	auto := guest("persistent", "auto", "yes")
	some finding in journald_persistent.deny with input as auto
	finding.msg == "Storage is auto, want persistent, in a file (/etc/systemd/journald.conf line 2)"
	params := {"logs-journald-persistent": {"written": false}}
	count(journald_persistent.deny) == 0 with input as auto with data.guestctl.params as params
}
