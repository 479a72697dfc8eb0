# What the checks of mandatory access control share.
package guestctl.lib.mac

# selinux reports whether SELinux is what a guest is confined with: it runs, or its distribution has nothing else.
selinux(_, selinux) if selinux.mode.value in {"enforcing", "permissive"}

selinux(os, _) if os.family == "rhel"
