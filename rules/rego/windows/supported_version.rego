# METADATA
# title: The version of Windows gets updates
# description: >-
#   After the end of its support no hole in a version is mended any more. The days are those of Microsoft for Windows Server;
#   extended updates that are paid for are not counted.
# related_resources:
#   - https://learn.microsoft.com/en-us/windows-server/get-started/windows-server-release-info
# custom:
#   id: windows-supported-version
#   severity: critical
#   facts: [windows.build, meta.now_day]
#   controls:
#     ref: [GL-WIN-125]
#   params:
#     extended_days: {type: number, default: 0, doc: days of extended updates that were bought}
#   remediation: >-
#     Upgrade to a version that is supported.
package guestctl.windows.supported_version

import data.guestctl.params

# The last day of support of each version, by its build.
ends := {
	"7601": ["Windows Server 2008 R2", "2020-01-14"],
	"9200": ["Windows Server 2012", "2023-10-10"],
	"9600": ["Windows Server 2012 R2", "2023-10-10"],
	"14393": ["Windows Server 2016", "2027-01-12"],
	"17763": ["Windows Server 2019", "2029-01-09"],
	"20348": ["Windows Server 2022", "2031-10-14"],
	"25398": ["Windows Server, version 23H2", "2025-10-24"],
	"26100": ["Windows Server 2025", "2034-11-14"],
}

applicable if input.windows.installation_type != "Client"

skip_reason := "it is no server"

oldest := 7601

known := ends[sprintf("%d", [input.windows.build])]

last_day := time.parse_ns("2006-01-02", known[1]) / 86400000000000

deny contains finding if {
	input.meta.now_day > last_day + params["windows-supported-version"].extended_days
	finding := ended(sprintf("%s had its last update on %s", [known[0], known[1]]))
}

deny contains finding if {
	input.windows.build < oldest
	finding := ended(sprintf("build %d is of a version that gets no updates any more", [input.windows.build]))
}

ended(msg) := {
	"key": "build",
	"msg": msg,
	"actual": sprintf("build %d", [input.windows.build]),
	"expected": "a version that is supported",
	"evidence": [input.windows.source],
}

unknown contains sprintf("until when build %d gets updates is not known here", [input.windows.build]) if {
	not known
	input.windows.build >= oldest
}
