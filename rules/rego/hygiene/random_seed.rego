# METADATA
# title: No seed of random numbers is left
# description: >-
#   The seed is meant to be used once, by one machine. Machines that begin with the seed of an image begin with the same
#   numbers, and where the seed is credited as entropy they may take them for unpredictable. Seeds of systemd, of other init
#   systems and of systemd-boot count.
# related_resources:
#   - https://systemd.io/RANDOM_SEEDS/
#   - https://systemd.io/BUILDING_IMAGES/
# custom:
#   id: hygiene-random-seed
#   severity: medium
#   facts: [image_state.random_seeds]
#   controls:
#     ref: [GI-009]
#   remediation: Remove /var/lib/systemd/random-seed, and loader/random-seed of the EFI partition, as the last step of the build.
package guestctl.hygiene.random_seed

import data.guestctl.lib.leftovers

deny contains finding if {
	some file in input.image_state.random_seeds
	file.size > 0
	finding := leftovers.trace(file.path, sprintf("%s would be the seed of every machine (%d bytes)", [file.path, file.size]), "no seed")
}
