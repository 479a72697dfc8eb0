package guestctl.windows.setup_complete_test

import data.guestctl.windows.setup_complete

setting(value) := {"value": value, "source": {"path": "/Windows/System32/config/SYSTEM"}}

guest(state, setup) := {"windows_image": {
	"image_state": state,
	"generalized": false,
	"setup_in_progress": setup,
	"setup_type": setting(0),
	"oobe_in_progress": null,
}}

pass := guest(setting("IMAGE_STATE_COMPLETE"), setting(0))

fail := guest(setting("IMAGE_STATE_UNDEPLOYABLE"), setting(0))

test_pass if count(setup_complete.deny) == 0 with input as pass

test_fail if {
	some finding in setup_complete.deny with input as fail
	finding.msg == "ImageState is IMAGE_STATE_UNDEPLOYABLE, want IMAGE_STATE_COMPLETE (/Windows/System32/config/SYSTEM)"
}

test_setup_goes_on if count(setup_complete.deny) == 1 with input as guest(setting("IMAGE_STATE_COMPLETE"), setting(1))

test_nothing_said if {
	count(setup_complete.deny) == 0 with input as guest(null, null)
	count(setup_complete.unknown) == 1 with input as guest(null, null)
}

# An image that is made for cloning may be wanted.
test_other_states_may_be_allowed if {
	states := {"windows-setup-complete": {"states": ["IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"]}}
	sealed := json.patch(guest(setting("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"), setting(1)), [{"op": "replace", "path": "/windows_image/generalized", "value": true}])
	count(setup_complete.deny) == 0 with input as sealed with data.guestctl.params as states
}
