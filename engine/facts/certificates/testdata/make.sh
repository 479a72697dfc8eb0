#!/bin/sh
# Makes certificates with openssl(1), and what it says about them: answers.txt, a line of a file and its index each.
set -eu
cd "$(dirname "$0")"
rm -f ./*.pem ./*.der ./*.key
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 3650 \
	-subj '/C=XX/O=Example, Ltd/CN=Example Root' 2> /dev/null
openssl req -newkey rsa:2048 -nodes -keyout host.key -out host.csr -subj '/CN=www.example.org' 2> /dev/null
printf 'subjectAltName=DNS:www.example.org,DNS:*.example.net,IP:192.0.2.1\nbasicConstraints=CA:FALSE\n' > ext
openssl x509 -req -in host.csr -CA ca.pem -CAkey ca.key -set_serial 0x1234 -days 90 -extfile ext -out host.pem 2> /dev/null
openssl req -x509 -newkey ed25519 -nodes -keyout ed.key -out ed.pem -days 1 -subj '/CN=ed' 2> /dev/null
openssl x509 -in host.pem -outform der -out host.der
openssl x509 -in ca.pem -addtrust serverAuth -trustout -out trusted.pem
{ printf -- "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"; cat host.pem ca.pem; } > bundle.pem
answer() { # FILE INDEX PEM
	printf '%s %s %s\n' "$1" "$2" "$(openssl x509 -in "$3" -noout -nameopt RFC2253 -subject -issuer -serial -enddate -fingerprint -sha256 -dateopt iso_8601 | tr '\n' '|')"
}
{
	answer ca.pem 0 ca.pem
	answer host.pem 0 host.pem
	answer ed.pem 0 ed.pem
	answer host.der 0 host.pem
	answer trusted.pem 0 ca.pem
	answer bundle.pem 0 host.pem
	answer bundle.pem 1 ca.pem
} > answers.txt
rm -f ./*.key host.csr ext
