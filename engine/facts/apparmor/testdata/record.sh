#!/bin/sh
# Asks apparmor_parser which profiles it finds in the file traps. Needs the package apparmor.
set -eu
cd "$(dirname "$0")"
apparmor_parser -N traps | LC_ALL=C sort >traps.names
