package report

import (
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// portRows lists the ports that sshd, sockets of systemd and rsyslog are set up to listen on. Other programs open ports
// that no facts tell of.
func portRows(d *facts.Document) [][]string {
	return slices.Concat(sshPorts(d), rowsOf("units", socketPorts)(d), rsyslogPorts(d))
}

func sshPorts(d *facts.Document) [][]string {
	sshd, ok := facts.Get[facts.SSHD](d, "sshd")
	if !ok {
		return nil
	}
	var rows [][]string
	starts := startsOf(d, "ssh.service", "sshd.service")
	if v := sshd.Effective["listenaddress"]; v != nil {
		for address := range strings.FieldsSeq(valueText(v.Value)) {
			if host, port, err := net.SplitHostPort(address); err == nil {
				rows = append(rows, []string{"sshd", "tcp", host, port, starts, sourceText(v.Source)})
			}
		}
	}
	if v := sshd.Effective["port"]; v != nil && len(rows) == 0 {
		for port := range strings.FieldsSeq(valueText(v.Value)) {
			rows = append(rows, []string{"sshd", "tcp", "*", port, starts, sourceText(v.Source)})
		}
	}
	return rows
}

func socketPorts(units *facts.Units) [][]string {
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(*units)) {
		u := (*units)[name]
		for _, l := range u.Listen {
			kind, value, _ := strings.Cut(l.Value, "=")
			address, port, ok := socketAddress(value)
			if !ok {
				continue
			}
			protocol := "tcp"
			if kind == "ListenDatagram" {
				protocol = "udp"
			}
			rows = append(rows, []string{name, protocol, address, port, u.Starts, sourceText(&l.Source)})
		}
	}
	return rows
}

// socketAddress reads what a socket unit listens on (systemd.socket(5)); paths and other kinds of sockets have no port.
func socketAddress(s string) (address, port string, ok bool) {
	if s != "" && strings.Trim(s, "0123456789") == "" {
		return "*", s, true
	}
	address, port, err := net.SplitHostPort(s)
	return address, port, err == nil && port != "" && strings.Trim(port, "0123456789") == "" && address != "vsock"
}

func rsyslogPorts(d *facts.Document) [][]string {
	rsyslog, ok := facts.Get[facts.Rsyslog](d, "rsyslog")
	if !ok {
		return nil
	}
	var rows [][]string
	for _, l := range rsyslog.Listeners {
		protocol := "tcp"
		if l.Module == "imudp" {
			protocol = "udp"
		}
		if l.Loaded {
			rows = append(rows, []string{"rsyslog", protocol, "*", l.Port, startsOf(d, "rsyslog.service"), sourceText(&l.Source)})
		}
	}
	return rows
}

// startsOf is what starts the first of the units that the guest has, or "".
func startsOf(d *facts.Document, names ...string) string {
	units, ok := facts.Get[facts.Units](d, "units")
	if !ok {
		return ""
	}
	for _, name := range names {
		if u := (*units)[name]; u != nil && u.AliasOf == nil {
			return u.Starts
		}
	}
	return ""
}
