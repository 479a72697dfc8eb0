package guestctl.logs.journald_persistent_test

import data.guestctl.logs.journald_persistent

source := {"path": "/etc/systemd/journald.conf", "line": 2}

guest(effective, storage, compress) := {"journald": {
	"Effective.Storage": {"value": effective, "explicit": false, "source": {"path": "/var/log/journal"}},
	"Journal.Storage": {"value": storage, "explicit": true, "source": source},
	"Journal.Compress": {"value": compress, "explicit": true, "source": source},
}}

pass := guest("persistent", "auto", "yes")

fail := guest("volatile", "volatile", "no")

test_pass if count(journald_persistent.deny) == 0 with input as pass

test_fail if {
	found := journald_persistent.deny with input as fail
	{finding.msg | some finding in found} == {
		"Storage is in effect volatile, want persistent (/var/log/journal)",
		"Compress is no, want yes (/etc/systemd/journald.conf line 2)",
	}
	some finding in found
	finding.evidence == [source]
}

test_a_size_compresses if count(journald_persistent.deny) == 0 with input as guest("persistent", "persistent", "1K")

test_written_down_where_an_organisation_wants_it if {
	params := {"logs-journald-persistent": {"written": true}}
	some finding in journald_persistent.deny with input as pass with data.guestctl.params as params
	finding.msg == "Storage is auto, want persistent, in a file (/etc/systemd/journald.conf line 2)"
	count(journald_persistent.deny) == 0 with input as guest("persistent", "persistent", "yes") with data.guestctl.params as params
}
