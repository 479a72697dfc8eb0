# METADATA
# title: Logs are large enough, and go on when they are full
# description: >-
#   A log that is full within the hour has lost what happened before. One that keeps the oldest events stops writing.
# custom:
#   id: windows-event-logs
#   severity: medium
#   facts: [windows_event_logs]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-115]
#     cis_windows2022: ["18.9.27.1.1", "18.9.27.1.2", "18.9.27.2.1", "18.9.27.2.2", "18.9.27.4.1", "18.9.27.4.2"]
#   params:
#     security: {type: number, default: 201326592, doc: bytes of the log of security at least}
#     others: {type: number, default: 33554432, doc: bytes of the other logs at least}
#   remediation: >-
#     wevtutil sl Security /ms:201326592, and /ms:33554432 of Application and System; /rt:false
package guestctl.windows.event_logs

import data.guestctl.lib.windows
import data.guestctl.params

sizes := {
	"Security": params["windows-event-logs"].security,
	"Application": params["windows-event-logs"].others,
	"System": params["windows-event-logs"].others,
}

deny contains finding if {
	some name, least in sizes
	log := object.get(input.windows_event_logs, name, {"max_size": null})
	some finding in windows.other(log.max_size, {"name": sprintf("bytes of the log %s", [name]), "min": least})
}

deny contains finding if {
	some name, _ in sizes
	kept := input.windows_event_logs[name].retention
	not is_null(kept)
	some finding in windows.other(kept, {"name": sprintf("retention of the log %s", [name]), "equals": 0})
}
