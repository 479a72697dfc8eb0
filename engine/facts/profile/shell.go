package profile

import (
	"fmt"
	"strconv"
	"strings"
)

// declaration returns how many words at the start declare variables, and what they make of them.
func declaration(command []string) (n int, readOnly, exported bool) {
	if len(command) == 0 {
		return 0, false, false
	}
	switch command[0] {
	case "readonly":
		readOnly = true
	case "export":
		exported = true
	case "typeset", "declare", "local":
	default:
		return 0, false, false
	}
	for n = 1; n < len(command) && strings.HasPrefix(command[n], "-"); n++ {
		readOnly = readOnly || strings.Contains(command[n], "r")
		exported = exported || strings.Contains(command[n], "x")
	}
	return n, readOnly, exported
}

// number reads a plain number.
func number(text string) *int64 {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return nil
	}
	v := int64(n)
	return &v
}

// umaskMode returns a mask as four octal digits: octal, or symbolic with = for user, group and others. Symbols that add to
// or take from the mask before are not known, and neither are those that leave somebody out.
func umaskMode(text string) string {
	if n, err := strconv.ParseUint(text, 8, 12); err == nil {
		return fmt.Sprintf("%04o", n)
	}
	var mask, set uint
	for part := range strings.SplitSeq(text, ",") {
		who, perms, ok := strings.Cut(part, "=")
		if !ok || strings.Trim(who, "ugoa") != "" || strings.Trim(perms, "rwx") != "" {
			return ""
		}
		var bits uint
		for i, c := range "xwr" {
			if strings.ContainsRune(perms, c) {
				bits |= 1 << i
			}
		}
		for i, c := range "ogu" {
			if who == "" || strings.ContainsAny(who, string(c)+"a") {
				mask = mask&^(7<<(3*i)) | (7&^bits)<<(3*i)
				set |= 1 << i
			}
		}
	}
	if set != 7 {
		return ""
	}
	return fmt.Sprintf("%04o", mask)
}
