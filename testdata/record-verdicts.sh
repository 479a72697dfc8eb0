#!/bin/bash
# Records in verdicts/*.tsv how the checks come out on the real Debian 12 and its two variants, and why: from what the tools of
# each tree say, and from their answers in truth/. Nothing here knows how guestctl judges. verdicts/checks lists the checks,
# verdicts/*.sh has a function for each; verdicts-hygiene has the same for the checks of golden images. Needs root and
# build-debian.sh's tarball; run it after record-truth.sh.
set -Eeuo pipefail
. "$(dirname "$0")/debian.sh"
. "$here/variants.sh"
. "$here/chroot.sh"
. "$here/verdicts/answers.sh"
. "$here/verdicts/ssh.sh"
. "$here/verdicts/kernel.sh"
. "$here/verdicts/system.sh"
. "$here/verdicts/accounts.sh"
. "$here/verdicts/privileges.sh"
. "$here/verdicts/files.sh"
. "$here/verdicts-hygiene/hygiene.sh"

[[ $(id -u) == 0 ]] || { say "a chroot needs root" && exit 1; }
[[ -f $tarball ]] || { say "no $tarball: run build-debian.sh first" && exit 1; }

# judge: a line for each check of stdin's list: reference, identifier, verdict, evidence
judge() {
	local ref id verdict
	printf 'ref\tid\tverdict\tevidence\n'
	while read -r ref id; do
		"$id" </dev/null >"$answers/verdict" # no substitution, and no condition: an error in it stops everything
		verdict=$(<"$answers/verdict")
		[[ $verdict =~ ^(pass|fail|notapplicable|unknown)$'\t'[^[:cntrl:]]+$ ]] || { say "$id: not a verdict: $verdict" && return 1; }
		printf '%s\t%s\t%s\n' "$ref" "$id" "$verdict"
	done
}

work=$build/work-verdicts
trap 'say "stopped: $BASH_COMMAND in ${FUNCNAME[0]-}"' ERR
trap 'rm -rf "$work"' EXIT
for name in debian12 "${variants[@]}"; do
	tree=$work/$name
	truth=$here/truth/$name
	answers=$work/answers
	rm -rf "$tree" "$answers" && mkdir -p "$answers"
	unpack "$tree"
	[[ $name == debian12 ]] || apply "$tree" "$name"
	say "asking $name"
	ask
	diff <(cut -f1-4 "$answers/packages") "$truth/packages" >&2 || { say "truth/$name is of another tree: run record-truth.sh" && exit 1; }
	for set in verdicts verdicts-hygiene; do
		judge <"$here/$set/checks" >"$work/$set"
		cp "$work/$set" "$here/$set/$name.tsv"
	done
	rm -rf "$tree"
done
