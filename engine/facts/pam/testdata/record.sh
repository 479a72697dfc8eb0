#!/bin/sh
# Records which marks Linux-PAM 1.5 runs for each service of the trees. Needs root, python3 and libpam-modules.
set -eu
cd "$(dirname "$0")"
RECORD=$PWD/record.py python3 ../../../../internal/factstest/trees.py trees.txtar ran.txtar sh -c 'python3 "$RECORD"'
