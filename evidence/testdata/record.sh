#!/bin/bash
# Records what openssl and ssh-keygen say: keys, the digest of one, and the signature over payload.json as DSSE wants it. The keys sign
# nothing but tests.
set -euo pipefail
cd "$(dirname "$0")"
[[ -e openssl.key ]] || {
	openssl genpkey -algorithm ed25519 -out openssl.key
	openssl pkey -in openssl.key -pubout -out openssl.pem
}
[[ -e ssh.key ]] || {
	ssh-keygen -q -t ed25519 -N '' -C test -f ssh.key
	mv ssh.key.pub ssh.pub
}
ssh-keygen -l -f ssh.pub | cut -d' ' -f2 >ssh.fingerprint

pae=$(mktemp)
trap 'rm -f "$pae"' EXIT
type=application/vnd.in-toto+json
{
	printf 'DSSEv1 %d %s %d ' ${#type} $type "$(stat -c %s payload.json)"
	cat payload.json
} >"$pae"
openssl pkeyutl -sign -inkey openssl.key -rawin -in "$pae" | base64 -w0 >payload.sig
