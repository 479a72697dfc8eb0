package guestctl.hygiene.machine_id_test

import data.guestctl.hygiene.machine_id

dbus := "/var/lib/dbus/machine-id"

link := {"exists": true, "type": "file", "link": "/etc/machine-id", "resolved": "/etc/machine-id", "mode": "0444", "uid": 0, "gid": 0, "size": 33}

pass := with_state("empty")

fail := with_state("set")

with_state(state) := {
	"machine_id": {"state": state, "value": "", "source": {"path": "/etc/machine-id", "line": 1}},
	"files": {dbus: link},
}

test_pass if count(machine_id.deny) == 0 with input as pass

test_other_states_without_an_id if {
	every state in ["uninitialized", "missing"] {
		count(machine_id.deny) == 0 with input as with_state(state)
	}
}

test_fail if {
	some finding in machine_id.deny with input as fail
	finding.msg == "the machine id is set, want empty or uninitialized or missing"
	finding.evidence == [{"path": "/etc/machine-id", "line": 1}]
}

test_missing_has_no_source if {
	count(machine_id.deny) == 0 with input as object.union(pass, {"machine_id": {"state": "missing", "source": null}})
}

test_an_id_that_only_dbus_has if {
	found := machine_id.deny with input as {
		"machine_id": {"state": "set", "value": "x", "source": {"path": dbus, "line": 1}},
		"files": {dbus: {"exists": true, "type": "file", "resolved": dbus, "size": 33}},
	}
	count(found) == 1
	some finding in found
	finding.evidence == [{"path": dbus, "line": 1}]
}

test_dbus_leads_elsewhere if {
	some finding in machine_id.deny with input as object.union(pass, {"files": {dbus: {"resolved": "/var/lib/id"}}})
	finding.key == dbus
}

test_no_dbus if count(machine_id.deny) == 0 with input as object.union(pass, {"files": {dbus: {"exists": false, "size": 0}}})
