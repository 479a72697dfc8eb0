#!/bin/bash
# Runs a command of Go with YARA where this machine has libyara, and without where it does not:
#
#     testdata/yara.sh [--release] COMMAND...
#
# As root on a machine with apt it installs what is missing, and says so. GUESTCTL_YARA=required makes it an error to do without.
# --release links libyara and what it needs into the program, which then asks another machine for the C library only.
set -euo pipefail
release=
[[ $1 != --release ]] || { release=1 && shift; }
packages=(libyara-dev pkg-config gcc libc6-dev zlib1g-dev libbz2-dev liblzma-dev)
libraries=(yara magic jansson crypto z bz2 lzma)

there() { command -v gcc >/dev/null && pkg-config --exists yara 2>/dev/null && [[ -e /usr/include/stdlib.h ]]; }

install() {
	[[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || return
	echo "installing ${packages[*]}" >&2
	{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "${packages[@]}"; } >&2
}

# archives: the libraries are there for linking into a program
archives() {
	local name
	for name in "${libraries[@]}"; do
		[[ $(gcc -print-file-name="lib$name.a") == */* ]] || return
	done
}

flags() { export GOFLAGS="${GOFLAGS:+$GOFLAGS }$1"; }

if [[ ${CGO_ENABLED:-1} == 0 ]]; then
	exec "$@"
fi
if ! there && ! { install && there; }; then
	if [[ ${GUESTCTL_YARA:-} == required ]]; then
		echo "yara.sh: libyara is missing: apt-get install ${packages[*]}" >&2
		exit 1
	fi
	echo "libyara is missing (apt-get install ${packages[*]}): going on without YARA" >&2
	flags -tags=noyara
	[[ -z $release ]] || export CGO_ENABLED=0
	exec "$@"
fi
if [[ -n $release ]]; then
	flags -tags=netgo,osusergo # nothing but YARA is to need the C library
	if archives; then
		# Not through pkg-config, which does not know what libmagic needs. In the environment, where Go's build cache sees it.
		export CGO_LDFLAGS="-Wl,-Bstatic ${libraries[*]/#/-l} -Wl,-Bdynamic -Wl,--as-needed -lm"
	else
		echo "libraries to link are missing (apt-get install ${packages[*]}): the program needs libyara where it runs" >&2
	fi
fi
exec "$@"
