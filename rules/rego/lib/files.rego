# What the checks of files share.
package guestctl.lib.files

# links lists the paths of links among files that patterns match. Their own mode means nothing, and guest.offenders passes them over.
links(files) := [f.path | some f in files; f.type == "symlink"]
