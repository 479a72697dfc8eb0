# METADATA
# title: The programs of services are named in quotes
# description: >-
#   Of C:\Program Files\A B\c.exe without quotes Windows tries C:\Program.exe first. Who can write there runs as the service.
# custom:
#   id: windows-service-paths
#   severity: high
#   facts: [windows_services]
#   controls:
#     ref: [GL-WIN-121]
#   remediation: >-
#     Write the path in ImagePath of the service in quotes.
package guestctl.windows.service_paths

deny contains finding if {
	some name, service in input.windows_services
	service.unquoted
	service.start != "disabled"
	finding := {
		"key": name,
		"msg": sprintf("the program of %s has blanks in its path and no quotes: %s", [service.name, service.image_path]),
		"actual": service.image_path,
		"expected": "quotes around the path",
		"evidence": [service.source],
	}
}
