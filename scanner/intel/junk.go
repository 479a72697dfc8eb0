package intel

import (
	"crypto"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
)

// junk tells why a term is no indicator of anything, whatever feed lists it.
type junk struct{ sums map[Term]bool }

func newJunk() junk {
	j := junk{map[Term]bool{}}
	for _, content := range worthless() {
		for _, d := range digests() {
			j.sums[Term{Kind: d.kind, Value: hex.EncodeToString(sum(d.hash, content))}] = true
		}
	}
	return j
}

func sum(h crypto.Hash, content []byte) []byte {
	d := h.New()
	d.Write(content)
	return d.Sum(nil)
}

// worthless lists contents that lists of malware have the digests of by mistake: nothing, and what tests and formatted disks
// consist of.
func worthless() [][]byte {
	all := [][]byte{{}, []byte("\n"), []byte("\r\n"), []byte(" "), []byte("0"), []byte("1"), []byte("test"), []byte("test\n"), {0}}
	for n := 512; n <= 64<<10; n *= 2 {
		all = append(all, make([]byte, n))
	}
	return all
}

// why says why a term is left out; "" keeps it.
func (j junk) why(t Term) string {
	switch {
	case t.Kind.hash() != 0 && j.sums[Term{Kind: t.Kind, Value: t.Value}]:
		return "digest of an empty or worthless file"
	case t.Kind == Domain && isOwn(t.Value):
		return "domain that every system names"
	case t.Kind == Address && isCommon(t.Value):
		return "address that every system names"
	case t.Kind == Network && isWide(t.Value):
		return "network that is too wide or reserved"
	}
	return ""
}

// ownDomains lists the domains, with all names below them, that the files of clean systems are full of.
func ownDomains() []string {
	return []string{
		"localhost", "localdomain", "local", "home.arpa", "in-addr.arpa", "ip6.arpa",
		"debian.org", "ubuntu.com", "fedoraproject.org", "redhat.com", "centos.org", "almalinux.org", "rockylinux.org",
		"opensuse.org", "suse.com", "alpinelinux.org", "archlinux.org", "kernel.org", "gnu.org", "freedesktop.org",
	}
}

func isOwn(domain string) bool {
	return slices.ContainsFunc(ownDomains(), func(own string) bool { return domain == own || strings.HasSuffix(domain, "."+own) })
}

// isCommon knows the addresses of hosts themselves and of the public resolvers that configurations name.
func isCommon(address string) bool {
	if slices.Contains([]string{"1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "255.255.255.255"}, address) {
		return true
	}
	a, err := netip.ParseAddr(address)
	return err == nil && (a.IsLoopback() || a.IsUnspecified())
}

// isWide reports whether a network has so many addresses that a match says nothing, or is reserved as a whole: lists for routers have
// those.
func isWide(network string) bool {
	p, err := netip.ParsePrefix(network)
	return err == nil && (p.Addr().Is4() && p.Bits() < 8 || p.Addr().Is6() && p.Bits() < 19 || slices.Contains(reserved(), p.Masked()))
}

// reserved lists the networks whose addresses mean another host in each place.
func reserved() []netip.Prefix {
	var all []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
		"192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
		"::/8", "2001:db8::/32", "fc00::/7", "fe80::/10", "ff00::/8",
	} {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}
