package guestctl.hygiene.cloud_init_state_test

import data.guestctl.hygiene.cloud_init_state

marks := "/var/lib/cloud/sem/*"

pass := {
	"cloud_init": {
		"installed": true, "disabled": null, "configs": ["/etc/cloud/cloud.cfg"],
		"datasource": null, "instance_id": null, "instances": [], "seeds": [], "data": [],
	},
	"globs": {marks: {"paths": [], "files": []}},
}

fail := object.union(pass, {"cloud_init": {
	"instance_id": {"value": "i-1", "explicit": true, "source": {"path": "/var/lib/cloud/data/instance-id", "line": 1}},
	"instances": ["/var/lib/cloud/instances/i-1"],
}})

seeded := object.union(pass, {"cloud_init": {"seeds": ["/var/lib/cloud/seed/nocloud-net"]}})

test_pass if count(cloud_init_state.deny) == 0 with input as pass

test_fail if {
	found := cloud_init_state.deny with input as fail
	{finding.msg | some finding in found} == {
		"cloud-init ran for the instance i-1 (/var/lib/cloud/data/instance-id line 1)",
		"/var/lib/cloud/instances/i-1 is kept of an instance",
	}
	some finding in found
	finding.evidence == [{"path": "/var/lib/cloud/data/instance-id", "line": 1}]
}

test_a_seed if {
	some finding in cloud_init_state.deny with input as seeded
	finding.msg == "/var/lib/cloud/seed/nocloud-net waits for the first boot"
}

test_seeds_may_be_meant if {
	count(cloud_init_state.deny) == 0 with input as seeded with data.guestctl.params as {"hygiene-cloud-init-state": {"seeds": true}}
}

test_a_mark if {
	path := "/var/lib/cloud/sem/config_scripts_per_once.once"
	some finding in cloud_init_state.deny with input as object.union(pass, {"globs": {marks: {"paths": [path]}}})
	finding.key == path
}
