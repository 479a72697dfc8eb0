package mta

import (
	"net/netip"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// all is what Postfix calls every address of the machine, and stands for that with other servers too.
const all = "all"

// loopbackOnly reports whether every address is the machine's own; nil where a name could be anything.
func loopbackOnly(list []facts.MTAAddress) *bool {
	only, known := true, true
	for _, a := range list {
		local, ok := isLoopback(a.Value)
		known = known && ok
		if ok && !local {
			only = false
		}
	}
	if only && !known {
		return nil
	}
	return &only
}

// isLoopback reports whether an address or word stands for the machine's own addresses. It is not ok for the name of a
// host, which is looked up at run time.
func isLoopback(text string) (local, ok bool) {
	switch strings.ToLower(text) {
	case all:
		return false, true
	case "loopback-only", "localhost", "localhost.localdomain", "ip6-localhost":
		return true, true
	}
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		return false, false
	}
	return ip.Unmap().IsLoopback(), true
}
