#!/bin/sh
# Records what systemctl (systemd 252) says about every unit of trees.txtar: name, state, preset.
set -eu
cd "$(dirname "$0")"
# list-unit-files names what is there; is-enabled is asked about each, and about what only links name.
../../../../internal/factstest/trees.py trees.txtar systemctl.txtar sh -c '
	for u in $( (systemctl --root="$ROOT" list-unit-files --no-legend 2>/dev/null | cut -d" " -f1; find etc run usr -name "*.service" -path "*.wants/*" 2>/dev/null | sed "s,.*/,,"; [ ! -e etc/systemd/system/tpl@one.service ] && [ ! -L etc/systemd/system/tpl@one.service ] || echo tpl@one.service) | sort -u); do
		state=$(systemctl --root="$ROOT" is-enabled "$u" 2>/dev/null) || true
		echo "$u ${state:--} $(systemctl --root="$ROOT" list-unit-files --no-legend "$u" 2>/dev/null | while read -r n s p rest; do [ "$n" != "$u" ] || echo "$s ${p:--}"; done)"
	done'
../../../../internal/factstest/trees.py sysv.txtar generated.txtar sh -c '
	mkdir out
	SYSTEMD_LOG_LEVEL=emerg SYSTEMD_SYSVINIT_PATH="$ROOT/etc/init.d" SYSTEMD_SYSVRCND_PATH="$ROOT/etc" \
		SYSTEMD_UNIT_PATH="$ROOT/etc/systemd/system:$ROOT/usr/lib/systemd/system" /lib/systemd/system-generators/systemd-sysv-generator out out out
	cd out && find . -name "*.service" | sort | sed "s,^\./,,"'
