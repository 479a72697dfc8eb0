#!/bin/bash
# The two minutes of `make demo`: builds guestctl and judges a sample image with the first baseline anyone writes.
# The verdict is "findings", and that is the expected end; any other exit code fails the demo.
set -euo pipefail
cd "$(dirname "$0")/.."
image=testdata/images/debian12-small.qcow2
baseline=testdata/baseline.toml

say() { printf '\n== %s\n' "$*"; }

if ! command -v go >/dev/null; then
	echo "demo: Go is missing. Install it from https://go.dev/dl/ (Debian 12's own package is too old), then run make demo again." >&2
	exit 1
fi
if ! GOFLAGS=-mod=readonly GOPROXY=off go list -deps ./cmd/guestctl >/dev/null 2>&1; then
	say "installing the Go modules guestctl is built from"
	go mod download
fi

say "building bin/guestctl"
make --no-print-directory build

say "the baseline: $baseline"
cat "$baseline"

say "guestctl check-compliance --baseline $baseline $image"
code=0
bin/guestctl check-compliance --baseline "$baseline" "$image" || code=$?

case $code in
1)
	say "exit code 1: the image was judged, and it has findings. That is what this demo expects."
	echo "Try next: bin/guestctl inspect $image"
	;;
*)
	echo "demo: exit code $code, want 1 (findings)" >&2
	exit 1
	;;
esac
