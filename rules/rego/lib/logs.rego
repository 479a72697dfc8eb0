# What the checks of logs share.
package guestctl.lib.logs

# looser reports whether a mode has a bit that the other one has not, or is none at all. Both are octal digits.
looser(mode, _) if not octal(mode)

looser(mode, most) if bits.and(octal(mode), bits.negate(octal(most))) != 0

# octal is undefined for what is not one to four octal digits.
octal(text) := sum([value |
	some i, digit in regex.find_n(`[0-7]`, substring(sprintf("0000%s", [text]), count(text), 4), -1)
	value := to_number(digit) * [512, 64, 8, 1][i]
]) if {
	regex.match(`^[0-7]{1,4}$`, text)
}
