# What the checks of apt share.
package guestctl.lib.apt

# on reports whether apt takes a text for yes: StringToBool of apt-pkg.
on(text) if lower(text) in {"yes", "true", "with", "on", "enable"}

on(text) if regex.match(`^\s*[0-9]*[1-9][0-9]*\s*$`, text)
