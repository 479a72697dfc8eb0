# Shared by record-truth.sh and record-verdicts.sh: source it after debian.sh. How a tree is asked.
# shellcheck shell=bash

# in_tree COMMAND...: in $tree, which has no /proc and no /sys of its own
in_tree() { chroot "$tree" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C TZ=UTC "$@"; }

# section FILE NAME: one answer of a txtar archive
section() { awk -v head="-- $2 --" '/^-- .* --$/ { on = $0 == head; next } on' "$1"; }

# host_keys: sshd says nothing without them
host_keys() {
	in_tree ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
	in_tree ssh-keygen -q -t rsa -b 3072 -N '' -f /etc/ssh/ssh_host_rsa_key
	in_tree ssh-keygen -q -t ecdsa -N '' -f /etc/ssh/ssh_host_ecdsa_key
	mkdir -p "$tree/run/sshd"
}

# visitors: who might come, in the form of sshd -C
visitors() {
	local who address
	for who in root ana bob backup backup-op postgres; do
		for address in 10.1.2.3 10.9.8.7 192.0.2.9; do
			echo "user=$who,host=client.example.org,addr=$address"
		done
	done
}
