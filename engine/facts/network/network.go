// Package network collects the domain "network": the interfaces a Linux guest configures, with their addresses, gateways
// and name servers, its resolv.conf and its hosts.
//
// It reads the files of ifupdown, systemd-networkd, netplan, NetworkManager, network-scripts and wicked. It takes known
// settings only, so that keys and passwords of a network never get into the facts. Commands in the files are not run or
// understood, and what DHCP gives is not known.
package network

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxFiles      = 2_000 // of one manager
	maxInterfaces = 10_000
	maxValues     = 100_000  // addresses, gateways and so on, and hosts, each
	maxFile       = 8 << 20  // bytes
	maxLine       = 64 << 10 // bytes
)

// Collector collects the domain "network".
var Collector = facts.New("network", "The network that files configure: interfaces, addresses, gateways, name servers, hosts", collect, "units")

// managers are in the order in which their interfaces are listed.
var managers = []struct {
	name  string
	units []string
	files []string // that show it is installed
	read  func(*reader)
}{
	{"ifupdown", []string{"networking.service", "networking"}, []string{"/usr/sbin/ifup", "/sbin/ifup", interfaces}, (*reader).ifupdown},
	{"netplan", []string{"systemd-networkd.service", "NetworkManager.service", "NetworkManager"}, []string{"/usr/sbin/netplan", "/usr/libexec/netplan/generate", "/usr/lib/netplan/generate"}, (*reader).netplan},
	{"networkd", []string{"systemd-networkd.service"}, []string{"/usr/lib/systemd/systemd-networkd", "/lib/systemd/systemd-networkd"}, (*reader).networkd},
	{"networkmanager", []string{"NetworkManager.service", "NetworkManager"}, []string{"/usr/sbin/NetworkManager", "/usr/bin/NetworkManager"}, (*reader).networkmanager},
	{"network-scripts", []string{"network.service", "network"}, []string{"/etc/rc.d/init.d/network"}, (*reader).networkScripts},
	{"wicked", []string{"wicked.service"}, []string{"/usr/sbin/wicked"}, (*reader).wicked},
	{"dhcpcd", []string{"dhcpcd.service", "dhcpcd"}, []string{"/etc/dhcpcd.conf"}, func(*reader) {}},
	{"connman", []string{"connman.service", "connman"}, []string{"/usr/sbin/connmand"}, func(*reader) {}},
}

// reader reads the guest's files into n.
type reader struct {
	s      *facts.Scope
	n      *facts.Network
	values int
	full   bool
	// unmanaged are the interfaces of network-scripts, by index, that NetworkManager leaves alone.
	unmanaged map[int]bool
}

func collect(ctx context.Context, s *facts.Scope) (*facts.Network, error) {
	r := &reader{s: s, unmanaged: map[int]bool{}, n: &facts.Network{
		Managers: []facts.NetworkManager{}, Interfaces: []facts.NetworkInterface{}, Hosts: []facts.HostEntry{}, Ignored: []facts.Ignored{},
		Gateways: []facts.NetworkLine{}, DNS: []facts.NetworkLine{}, Search: []facts.NetworkLine{},
	}}
	for _, m := range managers {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		before := len(r.n.Interfaces)
		m.read(r)
		if len(r.n.Interfaces) > before || r.installed(m.files) {
			r.n.Managers = append(r.n.Managers, facts.NetworkManager{Name: m.name, Units: append([]string{}, m.units...)})
		}
	}
	r.starts()
	if err := r.hosts(); err != nil {
		r.missing("/etc/hosts", err)
	}
	if err := r.resolver(); err != nil {
		r.missing(resolvConf, err)
	}
	if len(r.n.Managers) == 0 && len(r.n.Hosts) == 0 && len(r.n.Ignored) == 0 && r.n.Resolver == nil {
		return r.n, r.none()
	}
	return r.n, nil
}

func (r *reader) none() error { return fmt.Errorf("no files of a network: %w", fs.ErrNotExist) }

func (r *reader) installed(files []string) bool {
	for _, file := range files {
		if r.s.Exists(file) {
			return true
		}
	}
	return false
}

// missing records a problem with a file that may well not be there.
func (r *reader) missing(path string, err error) {
	if !errors.Is(err, fs.ErrNotExist) {
		r.s.Problem(path, 0, err)
	}
}

// small refuses a file that is too big to be one of a network.
func (r *reader) small(path string) error {
	o, err := r.s.Stat(path)
	if err == nil && o.Size > maxFile {
		return binread.Limit("%d bytes, want at most %d", o.Size, maxFile)
	}
	return err
}

// starts fills in which managers and so which interfaces anything starts.
func (r *reader) starts() {
	byName := map[string]*bool{}
	for i := range managers {
		byName[managers[i].name] = facts.Started(r.s, r.own(managers[i].units)...)
	}
	for i := range r.n.Interfaces {
		f := &r.n.Interfaces[i]
		f.Starts = byName[f.Manager]
		switch other := byName["networkmanager"]; {
		case f.Manager == "netplan":
			f.Starts = byName[strings.ToLower(f.Renderer)]
		case f.Manager == "network-scripts" && !r.unmanaged[i] && other != nil && *other:
			f.Starts = other
		}
	}
	for i := range r.n.Managers {
		r.n.Managers[i].Starts = byName[r.n.Managers[i].Name]
	}
}

// own leaves out aliases, since network.service may be the name of wicked or NetworkManager.
func (r *reader) own(names []string) []string {
	units, ok := facts.Of[facts.Units](r.s, "units")
	if !ok {
		return names
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		u := (*units)[name]
		return u != nil && u.AliasOf != nil
	})
}

// add puts in an interface, whose lists may be nil.
func (r *reader) add(f facts.NetworkInterface) {
	if len(r.n.Interfaces) >= maxInterfaces {
		r.limit(f.Source, "more than %d interfaces; the rest is left out", maxInterfaces)
		return
	}
	for _, list := range []*[]facts.NetworkLine{&f.Addresses, &f.Gateways, &f.DNS, &f.Search} {
		if *list == nil {
			*list = []facts.NetworkLine{}
		}
	}
	r.n.Interfaces = append(r.n.Interfaces, f)
}

// line adds a value to a list.
func (r *reader) line(list *[]facts.NetworkLine, value string, at facts.Source) {
	if value == "" {
		return
	}
	if r.values++; r.values > maxValues {
		r.limit(at, "more than %d values; the rest is left out", maxValues)
		return
	}
	*list = append(*list, facts.NetworkLine{Value: facts.Redact(value), Source: at})
}

func (r *reader) limit(at facts.Source, format string, n int) {
	if !r.full {
		r.s.Problem(at.Path, at.Line, binread.Limit(format, n))
	}
	r.full = true
}

func (r *reader) ignore(at facts.Source, reason string) {
	if len(r.n.Ignored) < maxValues {
		r.n.Ignored = append(r.n.Ignored, facts.Ignored{Source: at, Reason: reason})
	}
}

// source is the place of a line that was taken, with what looks like a secret blanked.
func source(path string, n int, text string) facts.Source {
	return facts.At(path, n, facts.Redact(strings.TrimSpace(text)))
}

// family returns 4 or 6 for an address, with or without the length of a prefix, and 0 for what is none.
func family(address string) int {
	host, _, _ := strings.Cut(address, "/")
	a, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return 0
	case a.Is4():
		return 4
	}
	return 6
}

// static sets the method of the families that have an address and no method yet.
func static(f *facts.NetworkInterface) {
	for _, a := range f.Addresses {
		switch family(a.Value) {
		case 4:
			if f.Method4 == "" {
				f.Method4 = "static"
			}
		case 6:
			if f.Method6 == "" {
				f.Method6 = "static"
			}
		}
	}
}

// prefixed joins an address with the length of its prefix, or its mask, that stands elsewhere.
func prefixed(address, mask string) string {
	if mask == "" || strings.Contains(address, "/") {
		return address
	}
	if a, err := netip.ParseAddr(mask); err == nil && a.Is4() {
		bits, length := a.As4(), 0
		for _, b := range bits {
			for ; b&0x80 != 0; b <<= 1 {
				length++
			}
		}
		mask = strconv.Itoa(length)
	}
	return address + "/" + strings.TrimPrefix(mask, "/")
}
