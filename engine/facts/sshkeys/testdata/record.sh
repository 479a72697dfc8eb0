#!/bin/sh
# Makes keys of each type and what ssh-keygen -l says of them. The private halves are thrown away, so that every run gives
# other keys. Needs openssh-client.
set -eu
cd "$(dirname "$0")"
dir=$(mktemp -d)
: >keys.pub
for key in "rsa 2048" "rsa 3072" "ecdsa 256" "ecdsa 521" "ed25519 256" "dsa 1024"; do
	rm -f "$dir/k"*
	ssh-keygen -q -t "${key% *}" -b "${key#* }" -N "" -C "made for $key" -f "$dir/k"
	cat "$dir/k.pub" >>keys.pub
done
rm -rf "$dir"
ssh-keygen -l -f keys.pub >fingerprints
