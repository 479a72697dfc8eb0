// Package capability reads and writes the capabilities of files (capabilities(7)): as the kernel keeps them in an extended attribute,
// and as the text of cap_to_text(3).
package capability

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

// Attr is the extended attribute with the capabilities of a file (capabilities(7)).
const Attr = "security.capability"

const (
	maxCapabilities = 64   // as many as the attribute has bits
	maxText         = 4096 // bytes
)

// names are those of linux/capability.h, by number.
var names = [...]string{
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "linux_immutable",
	"net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot",
	"sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease",
	"audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read",
	"perfmon", "bpf", "checkpoint_restore",
}

// The sets a capability can be in, as bits.
const (
	inEffective = 1 << iota
	inPermitted
	inInheritable
)

// Text decodes struct vfs_cap_data and writes it as cap_to_text(3) and getcap(8) do.
func Text(b []byte) (string, error) {
	c := binread.Little(b)
	magic := c.U32()
	version, effective := magic>>24, magic&1 != 0
	sizes := map[uint32]int{1: 12, 2: 20, 3: 24}
	if len(b) != sizes[version] || version == 0 {
		return "", binread.Corrupt("capabilities of version %d in %d bytes", version, len(b))
	}
	var sets [maxCapabilities]int
	words := 1
	if version > 1 {
		words = 2
	}
	for word := range words {
		permitted, inheritable := c.U32(), c.U32()
		for bit := range 32 {
			n := word*32 + bit
			if permitted>>bit&1 != 0 {
				sets[n] |= inPermitted
			}
			if inheritable>>bit&1 != 0 {
				sets[n] |= inInheritable
			}
			if effective && sets[n] != 0 {
				sets[n] |= inEffective
			}
		}
	}
	t := text(sets[:])
	if version == 3 {
		if root := c.U32(); root != 0 {
			t += fmt.Sprintf(" [rootid=%d]", root)
		}
	}
	return t, nil
}

// text writes the combination that most of the known capabilities share first, and then what differs from it.
func text(sets []int) string {
	known := len(names)
	var count [8]int
	for _, set := range sets[:known] {
		count[set]++
	}
	base := 7
	for set := 7; set >= 0; set-- {
		if count[set] >= count[base] {
			base = set
		}
	}
	parts := []string{"=" + setLetters(base)}
	for set := 7; set >= 0; set-- {
		if set == base || count[set] == 0 {
			continue
		}
		var these []string
		for n, s := range sets[:known] {
			if s == set {
				these = append(these, "cap_"+names[n])
			}
		}
		text := strings.Join(these, ",")
		more, less := setLetters(set&^base), setLetters(base&^set)
		if parts[0] == "=" { // nothing is shared: the first group starts the text
			parts[0] = text + "=" + more
			continue
		}
		if more != "" {
			text += "+" + more
		}
		if less != "" {
			text += "-" + less
		}
		parts = append(parts, text)
	}
	for set := 7; set > 0; set-- { // of a newer kernel
		var numbers []string
		for n, s := range sets[known:] {
			if s == set {
				numbers = append(numbers, strconv.Itoa(known+n))
			}
		}
		if numbers != nil {
			parts = append(parts, strings.Join(numbers, ",")+"+"+setLetters(set))
		}
	}
	return strings.Join(parts, " ")
}

func setLetters(set int) string {
	var b strings.Builder
	for _, one := range []struct {
		bit    int
		letter byte
	}{{inEffective, 'e'}, {inInheritable, 'i'}, {inPermitted, 'p'}} {
		if set&one.bit != 0 {
			b.WriteByte(one.letter)
		}
	}
	return b.String()
}

// Canonical reads the text of cap_from_text(3), of which there are several for the same capabilities, and writes the one that Text writes.
func Canonical(s string) (string, error) {
	if len(s) > maxText {
		return "", binread.Limit("capabilities in %d bytes of text, want at most %d", len(s), maxText)
	}
	var sets [maxCapabilities]int
	for clause := range strings.FieldsSeq(s) {
		if err := apply(sets[:], clause); err != nil {
			return "", err
		}
	}
	return text(sets[:]), nil
}

// apply reads a list of capabilities and what is done with them: "cap_chown,cap_kill=ep-e".
func apply(sets []int, clause string) error {
	i := strings.IndexAny(clause, "=+-")
	if i < 0 || i == 0 && clause[0] != '=' {
		return binread.Corrupt("capabilities %.60q, want a list with =, + or - behind it", clause)
	}
	which, err := listed(clause[:i])
	if err != nil {
		return err
	}
	for actions := clause[i:]; actions != ""; {
		action := actions[0]
		end := strings.IndexAny(actions[1:]+"=", "=+-") + 1
		letters := actions[1:end]
		if actions = actions[end:]; action == '=' && strings.HasPrefix(actions, "=") {
			return binread.Corrupt("capabilities %.60q have two =", clause)
		}
		set, err := lettered(letters)
		if err != nil {
			return err
		}
		for _, n := range which {
			switch action {
			case '=':
				sets[n] = set
			case '+':
				sets[n] |= set
			default:
				sets[n] &^= set
			}
		}
	}
	return nil
}

// listed reads "cap_chown,cap_kill". No list is all that are known.
func listed(list string) (which []int, err error) {
	for name := range strings.SplitSeq(strings.ToLower(list), ",") {
		bare, prefixed := strings.CutPrefix(name, "cap_")
		n := slices.Index(names[:], bare)
		number, err := strconv.ParseUint(name, 10, 8)
		switch {
		case list == "" || name == "all":
			for n := range names {
				which = append(which, n)
			}
		case prefixed && n >= 0:
			which = append(which, n)
		case err == nil && number < maxCapabilities:
			which = append(which, int(number))
		default:
			return nil, binread.Corrupt("%.60q is no capability", name)
		}
	}
	return which, nil
}

func lettered(letters string) (set int, err error) {
	for _, letter := range letters {
		bit, ok := map[rune]int{'e': inEffective, 'i': inInheritable, 'p': inPermitted}[letter]
		if !ok {
			return 0, binread.Corrupt("capabilities are in the set %q, want e, i or p", letter)
		}
		set |= bit
	}
	return set, nil
}
