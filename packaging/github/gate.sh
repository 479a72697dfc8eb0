#!/bin/bash
# Runs guestctl gate with what the inputs of action.yml say. Inputs come as variables and never as text of this script, so that no name
# of a file can be a command. Where an input is a list, it has one value on a line.
set -euo pipefail

arguments=()
each() { # each FLAG VALUES
	local value
	while IFS= read -r value; do
		[[ -z $value ]] || arguments+=("$1=$value")
	done <<<"$2"
}
switch() { # switch FLAG true|false
	case $2 in
	true) arguments+=("$1") ;;
	false | '') ;;
	*)
		echo "gate.sh: ${1#--} is \"$2\", want true or false" >&2
		exit 2
		;;
	esac
}

each --baseline "${GATE_BASELINE-}"
each --policy "${GATE_POLICY-}"
each --waivers "${GATE_WAIVERS-}"
switch --hygiene "${GATE_HYGIENE-}"
switch --verify-packages "${GATE_VERIFY_PACKAGES-}"
switch --scan "${GATE_SCAN-}"
each --rules "${GATE_RULES-}"
each --drift-from "${GATE_DRIFT_FROM-}"
each --fail-on "${GATE_FAIL_ON-}"
each --report "${GATE_REPORT-}"
each --facts-out "${GATE_FACTS_OUT-}"
each --evidence "${GATE_EVIDENCE-}"
[[ -z ${GATE_SIGN_KEY-} ]] || arguments+=(--sign-key=env:GATE_SIGN_KEY)
while IFS= read -r argument; do
	[[ -z $argument ]] || arguments+=("$argument")
done <<<"${GATE_ARGUMENTS-}"

exec "${GUESTCTL:-${GITHUB_ACTION_PATH-}/bin/guestctl}" gate "${arguments[@]}" -- "${GATE_IMAGE:?no image}"
