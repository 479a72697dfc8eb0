package engine_test

// justified are the differences that are right, with the reason. An entry that no comparison needs any more is an error.
var justified = []difference{
	{
		"", "sshd", `(user=\S+ )?gssapikexalgorithms`,
		"a list of Debian's patch to OpenSSH, which counts for nothing while GSSAPIKeyExchange is off; the facts have it when a file sets it",
	},
	{
		"", "sshd", `(user=\S+ )?listenaddress`,
		"without a ListenAddress sshd prints every address family of the machine that was asked; the facts keep what was written",
	},
	{
		"broken", "sshd", `(user=\S+ )?permitrootlogin`,
		"a drop-in of ssh.service starts sshd with -o PermitRootLogin=yes, of which sshd -T knows nothing",
	},
	{
		"", "mounts", `unit (dev-shm|proc)\.mount .*`,
		"systemd mounts these before it reads fstab and makes no units of their lines: systemd-remount-fs applies them",
	},
	{
		"", "sysctl", `(procps )?net/ipv4/conf/(all|default)/forwarding`,
		"the kernel changes both when ip_forward is written; the plain files of the recording do not",
	},
	{
		"broken", "sudoers", `rule mallory\|ALL\|ALL\|\|auth=false \|ALL|default use_pty`,
		"cvtsudoers reads files of others and files that others may write; sudo passes over them with all they hold, as sudo -l shows",
	},
}
