package facts

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

// CapabilityAttr is the extended attribute with the capabilities of a file (capabilities(7)).
const CapabilityAttr = "security.capability"

// capabilityNames are those of linux/capability.h, by number.
var capabilityNames = [...]string{
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

// CapabilityText decodes struct vfs_cap_data and writes it as cap_to_text(3) and getcap(8) do.
func CapabilityText(b []byte) (string, error) {
	c := binread.Little(b)
	magic := c.U32()
	version, effective := magic>>24, magic&1 != 0
	sizes := map[uint32]int{1: 12, 2: 20, 3: 24}
	if len(b) != sizes[version] || version == 0 {
		return "", binread.Corrupt("capabilities of version %d in %d bytes", version, len(b))
	}
	var sets [64]int
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
	text := capabilityText(sets[:])
	if version == 3 {
		if root := c.U32(); root != 0 {
			text += fmt.Sprintf(" [rootid=%d]", root)
		}
	}
	return text, nil
}

// capabilityText writes the combination that most of the known capabilities share first, and then what differs from it.
func capabilityText(sets []int) string {
	known := len(capabilityNames)
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
		var names []string
		for n, s := range sets[:known] {
			if s == set {
				names = append(names, "cap_"+capabilityNames[n])
			}
		}
		text := strings.Join(names, ",")
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
