# METADATA
# title: The caches of the package manager are empty
# description: >-
#   Packages and lists that were fetched for the build make the image bigger and are out of date when it is used. What is
#   judged is the size of each cache; the small files that a cleaning leaves are fine.
# related_resources:
#   - https://manpages.debian.org/bookworm/apt/apt-get.8.en.html
# custom:
#   id: hygiene-package-caches
#   severity: low
#   facts: [image_state.package_caches]
#   controls:
#     ref: [GI-012]
#   params:
#     max_bytes: {type: number, default: 1048576, doc: size of a cache that is accepted}
#   remediation: Run "apt-get clean" and "rm -rf /var/lib/apt/lists/*", "dnf clean all", "zypper clean --all" or "pacman -Scc".
package guestctl.hygiene.package_caches

import data.guestctl.params

most := params["hygiene-package-caches"].max_bytes

deny contains finding if {
	some cache in input.image_state.package_caches
	cache.bytes > most
	finding := {
		"msg": sprintf("%s has %d files with %d bytes, want at most %d", [cache.path, cache.files, cache.bytes, most]),
		"actual": sprintf("%d bytes in %s", [cache.bytes, cache.path]),
		"expected": sprintf("at most %d bytes", [most]),
		"evidence": [cache.path],
		"key": cache.path,
	}
}
