package imagestate

import (
	"cmp"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

const maxLine = 1 << 16 // bytes of a line that are looked at

// netFiles are rules of udev (udev(7)), links of systemd (systemd.link(5), systemd.network(5)), and the files of
// network-scripts, wicked, NetworkManager and netplan.
var netFiles = []string{
	"/etc/udev/rules.d/*.rules", "/etc/systemd/network/*.link", "/etc/systemd/network/*.network",
	"/etc/sysconfig/network-scripts/ifcfg-*", "/etc/sysconfig/network/ifcfg-*", "/etc/NetworkManager/system-connections/*",
	"/etc/netplan/*.yaml",
}

// address finds what is compared with, or set as, a hardware address; addressOfRule the same in a rule of udev.
var (
	address       = regexp.MustCompile(`(?i)(?:^|[\s{,])["']?(?:(?:permanent)?macaddress|hwaddr|lladdr|mac-address)["']?\s*[=:]\s*([^#}]*)`)
	addressOfRule = regexp.MustCompile(`ATTRS?\{address\}\s*==\s*"([^"]*)"`)
)

// netRules returns the lines that name a hardware address.
func (r *reader) netRules() []facts.NetRule {
	rules := list[facts.NetRule]{r: r}
	for _, pattern := range netFiles {
		for _, path := range r.glob(pattern) {
			if _, ok := r.file(path); !ok {
				continue
			}
			find := address
			if strings.HasSuffix(path, ".rules") {
				find = addressOfRule
			}
			err := r.s.Lines(path, func(n int, text string) {
				for _, mac := range addresses(find, text) {
					rules.add(path, facts.NetRule{Path: path, Line: n, MAC: mac})
				}
			})
			if err != nil {
				r.s.Problem(path, 0, err)
			}
		}
	}
	all := append([]facts.NetRule{}, rules.all...)
	slices.SortStableFunc(all, func(a, b facts.NetRule) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line)) })
	return all
}

// addresses returns the hardware addresses of a line in lower case with colons. Patterns are none.
func addresses(find *regexp.Regexp, line string) []string {
	line = strings.TrimSpace(line[:min(len(line), maxLine)])
	if line == "" || line[0] == '#' || line[0] == ';' {
		return nil
	}
	var all []string
	for _, m := range find.FindAllStringSubmatch(line, -1) {
		for word := range strings.FieldsFuncSeq(m[1], func(r rune) bool { return strings.ContainsRune(" \t,\"'", r) }) {
			if mac, err := net.ParseMAC(word); err == nil {
				all = append(all, mac.String())
			}
		}
	}
	return all
}
