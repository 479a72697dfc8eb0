# What the checks of logs share.
package guestctl.lib.logs

# looser reports whether a mode has a bit that the other one has not. Both are octal digits.
looser(mode, most) if bits.and(octal(mode), bits.negate(octal(most))) != 0

octal(text) := sum([bits.lsh(to_number(digit), 3 * ((count(text) - 1) - i)) |
	some i, digit in regex.find_n(`[0-7]`, text, -1)
])
