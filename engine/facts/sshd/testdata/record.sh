#!/bin/sh
# Asks sshd -T, and sshd -T -C, what each tree sets. The server is run in a chroot that has the tree's /etc. Needs root,
# python3 and openssh-server; the answers here are of 1:9.2p1-2+deb12u10.
set -eu
cd "$(dirname "$0")"
tool=../../../../internal/factstest/trees.py
for who in all bob; do
	test $who = all && spec= || spec="-C user=bob,host=h,addr=10.0.0.1"
	SPEC=$spec python3 $tool trees.txtar $who.txtar sh -c '
	for f in $(ldd /usr/sbin/sshd | grep -o "/[^ ]*") /usr/sbin/sshd; do
		mkdir -p "$ROOT/${f%/*}"
		cp "$f" "$ROOT/$f"
	done
	mkdir -p "$ROOT/run/sshd" "$ROOT/dev" "$ROOT/root"
	mknod -m 666 "$ROOT/dev/null" c 1 3
	echo "root:x:0:0::/root:/bin/sh
sshd:x:100:65534::/run/sshd:/bin/false
bob:x:1000:1000::/:/bin/sh" >"$ROOT/etc/passwd"
	echo "root:x:0:" >"$ROOT/etc/group"
	ssh-keygen -q -t ed25519 -N "" -f "$ROOT/etc/ssh/ssh_host_ed25519_key"
	chroot "$ROOT" /usr/sbin/sshd -T $SPEC 2>/dev/null || echo "exit $?"'
done
