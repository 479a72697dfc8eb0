# METADATA
# title: Setup is complete
# description: >-
#   An image in the middle of setup or sysprep is no machine yet: its next start goes on with setup, and what is judged of it
#   may be another afterwards.
# custom:
#   id: windows-setup-complete
#   severity: medium
#   facts: [windows_image]
#   controls:
#     ref: [GL-WIN-123]
#   params:
#     states: {type: array, default: [IMAGE_STATE_COMPLETE], doc: states of the image that are accepted}
#   remediation: >-
#     Let setup go on to its end; an image for cloning is judged by what it makes.
package guestctl.windows.setup_complete

import data.guestctl.lib.windows
import data.guestctl.params

deny contains finding if {
	some finding in windows.other(input.windows_image.image_state, {"name": "ImageState", "in": params["windows-setup-complete"].states, "unset": true})
}

unknown contains "the registry does not say how far setup is: it has no ImageState" if is_null(input.windows_image.image_state)

deny contains finding if {
	some [value, name] in [
		[input.windows_image.setup_in_progress, "SystemSetupInProgress"],
		[input.windows_image.setup_type, "SetupType"],
		[input.windows_image.oobe_in_progress, "OOBEInProgress"],
	]
	not input.windows_image.generalized
	some finding in windows.other(value, {"name": name, "equals": 0, "unset": true})
}
