#!/bin/sh
# Records which mask sh makes of each argument of umask.
set -eu
cd "$(dirname "$0")"
for mask in 0 22 022 0027 077 u=rwx,g=rx,o= u=rw,go=r a=rx u=,g=w,o=rwx ugo=rwx; do
	echo "$mask $(sh -c "umask $mask; umask")"
done >masks
