#!/bin/sh
# Makes two databases of dpkg with the answers of dpkg-query(1) about them beside: states/, written here, with every state
# and an update that is not merged; and real.status, the first records of a database of a real Debian 12 system.
# Usage: ./make.sh [/var/lib/dpkg/status]
set -eu
cd "$(dirname "$0")"
real=${1:-/var/lib/dpkg/status}
format='${Package}\t${Version}\t${Architecture}\t${db:Status-Want} ${db:Status-Eflag} ${db:Status-Status}\t${source:Package}\t${Provides}\n'

# entry NAME ARCHITECTURE VERSION STATUS [MORE FIELDS]
entry() {
	printf 'Package: %s\nStatus: %s\nMaintainer: Nobody <nobody@example.org>\nArchitecture: %s\n' "$1" "$4" "$2"
	if [ -n "$5" ]; then printf '%b' "$5"; fi
	printf 'Version: %s\nDescription: %s\n for tests\n .\n more of it\n\n' "$3" "$1"
}

rm -rf states
mkdir -p states/updates states/info states/triggers
printf 'amd64\ni386\n' > states/arch
{
	entry installed amd64 1:2.0-1+b1 'install ok installed' 'Source: upper (1:2.0-1)\nProvides: virtual, versioned (= 3), other (=  4-5)\n'
	entry held amd64 1.0 'hold ok installed' ''
	entry deinstalled-still-there amd64 1.0 'deinstall ok installed' ''
	entry residual amd64 1.0 'deinstall ok config-files' ''
	entry purge-wanted amd64 1.0 'purge ok installed' ''
	entry half-installed amd64 1.0 'install reinstreq half-installed' ''
	entry unpacked amd64 1.0 'install ok unpacked' ''
	entry half-configured amd64 1.0 'install ok half-configured' ''
	entry awaiting amd64 1.0 'install ok triggers-awaited' 'Triggers-Awaited: pending\n'
	entry pending amd64 1.0 'install ok triggers-pending' 'Triggers-Pending: ldconfig\n'
	printf 'Package: not-installed\nStatus: unknown ok not-installed\nPriority: optional\nSection: misc\n\n'
	entry libsame amd64 1.0 'install ok installed' 'Multi-Arch: same\nSource: same\n'
	entry libsame i386 1.0 'install ok installed' 'Multi-Arch: same\nSource: same\n'
	entry everywhere all 1.0 'install ok installed' ''
	entry updated amd64 1.0 'install ok half-configured' ''
	entry removed-since amd64 1.0 'install ok installed' ''
} > states/status
entry updated amd64 1.1 'install ok installed' '' > states/updates/0000
entry removed-since amd64 1.0 'deinstall ok config-files' '' > states/updates/0001
dpkg-query --admindir="$PWD/states" -W -f="$format" > states.query

rm -rf real
mkdir -p real/updates real/info real/triggers
awk 'BEGIN { RS = ""; ORS = "\n\n" } NR <= 60' "$real" > real/status
dpkg-query --admindir="$PWD/real" -W -f="$format" > real.query
mv real/status real.status
rm -r real
