package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
)

func viewDocument() *facts.Document {
	at := facts.Source{Path: "/etc/x", Line: 3}
	return &facts.Document{Facts: map[string]any{
		"packages": &facts.Packages{Installed: map[string][]facts.Package{
			"zlib":  {{Name: "zlib", Version: "1", Arch: "amd64", State: "installed"}, {Name: "zlib", Version: "1", Arch: "i386", State: "installed"}},
			"evil":  {{Name: "evil\n\x1b[2J", Version: "2", Arch: "all", State: "half-configured", Held: true}},
			"nginx": {{Name: "nginx", Version: "1/2", Arch: "amd64", State: "installed"}},
		}},
		"users": &facts.Users{
			{Name: "root", UID: 0, PrimaryGroup: "root", Password: "x", Shadow: &facts.Shadowed{State: "locked"}, Shell: "/bin/sh", Home: "/root"},
			{Name: "ana", UID: 1000, Password: "empty", Interactive: true},
		},
		"mounts": &facts.Mounts{
			{Target: "/", Device: "UUID=1", FSType: "ext4", Options: []string{"ro", "nodev"}, Origin: "fstab", Auto: true},
			{Target: "/x", Device: "tmpfs", Auto: true, Hidden: "a later line"},
			{Target: "/y", Device: "tmpfs"},
		},
		"units": &facts.Units{
			"ssh.service": {State: "enabled", Starts: "boot", Path: "/lib/ssh.service", TriggeredBy: []string{"ssh.socket"}},
			"ssh.socket": {State: "disabled", Listen: []facts.UnitLine{
				{Value: "ListenStream=22", Source: at},
				{Value: "ListenDatagram=[::1]:53", Source: at},
				{Value: "ListenStream=/run/x.sock", Source: at},
				{Value: "ListenStream=vsock:2:1", Source: at},
			}},
			"syslog.service": {AliasOf: new(string), Starts: "boot"},
		},
		"sshd": &facts.SSHD{Effective: map[string]*facts.Value[any]{
			"port":            {Value: []any{"22", "2222"}, Source: &at},
			"permitrootlogin": {Value: "no"},
		}},
		"rsyslog": &facts.Rsyslog{Listeners: []facts.RsyslogListener{{Module: "imudp", Port: "514", Loaded: true, Source: at}, {Module: "imtcp", Port: "601"}}},
		"network": &facts.Network{Interfaces: []facts.NetworkInterface{
			{
				Name: "eth0", Manager: "netplan", Method4: "static", Method6: "auto", Source: at,
				Addresses: []facts.NetworkLine{{Value: "10.0.0.2/24"}, {Value: "10.0.0.3/24"}}, Gateways: []facts.NetworkLine{{Value: "10.0.0.1"}}, DNS: []facts.NetworkLine{{Value: "1.1.1.1"}},
			},
			{Name: "e*", Manager: "networkd", Method4: "dhcp", Method6: "dhcp", Source: at},
			{Name: "eth0", Manager: "networkd", Hidden: "/etc/y", Source: at},
		}},
		"cron": &facts.Cron{{Kind: "cron.d", User: "root", Schedule: "@daily", Command: "run", Source: at}, {Kind: "cron.d", Ignored: "a dot"}},
	}}
}

func TestViews(t *testing.T) {
	want := map[string][]string{
		"packages":         {"evil\n\x1b[2J|2|all|half-configured|true", "nginx|1/2|amd64|installed|false", "zlib|1|amd64|installed|false", "zlib|1|i386|installed|false"},
		"services":         {"ssh.service|enabled|boot|/lib/ssh.service|ssh.socket", "ssh.socket|disabled|||", "syslog.service||boot||"},
		"users":            {"root|0|root|locked|false|/bin/sh|/root", "ana|1000||empty|true||"},
		"mounts":           {"/|UUID=1|ext4|fstab|ro,nodev"},
		"ports-configured": {"sshd|tcp|*|22|boot|/etc/x:3", "sshd|tcp|*|2222|boot|/etc/x:3", "ssh.socket|tcp|*|22||/etc/x:3", "ssh.socket|udp|::1|53||/etc/x:3", "rsyslog|udp|*|514||/etc/x:3"},
		"cron":             {"cron.d|root|@daily|/etc/x:3|run"},
		"ssh":              {"permitrootlogin|default|no", "port|/etc/x:3|22 2222"},
		"network":          {"eth0|netplan|static,auto|10.0.0.2/24 10.0.0.3/24|10.0.0.1|1.1.1.1|/etc/x:3", "e*|networkd|dhcp||||/etc/x:3"},
	}
	for _, v := range Views() {
		var got []string
		for _, row := range v.Table(viewDocument(), nil) {
			if len(row) != len(v.Columns) {
				t.Fatalf("%s: %d cells, want %d", v.Name, len(row), len(v.Columns))
			}
			got = append(got, strings.Join(row, "|"))
		}
		if d := cmp.Diff(want[v.Name], got); d != "" {
			t.Errorf("%s (-want +got)\n%s", v.Name, d)
		}
		if rows := v.Table(&facts.Document{}, nil); len(rows) != 0 {
			t.Errorf("%s: rows %v out of no facts", v.Name, rows)
		}
	}
}

func TestWhere(t *testing.T) {
	v := Views()[0]
	for condition, want := range map[string]int{"name=zlib": 2, "name=z*": 2, "arch=i?86": 1, "version=1*": 3, "version=*2": 2, "held=true": 1, "name=Z*": 0} {
		w, err := v.ParseWhere(condition)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(v.Table(viewDocument(), []Where{w})); got != want {
			t.Errorf("%s: %d rows, want %d", condition, got, want)
		}
	}
	for _, bad := range []string{"colour=red", "name", "name=["} {
		if _, err := v.ParseWhere(bad); err == nil {
			t.Errorf("%s is a condition", bad)
		}
	}
}

func TestTableEscapesAndAligns(t *testing.T) {
	var b bytes.Buffer
	if err := WriteTable(&b, []string{"name", "n"}, [][]string{{"a\n\x1b", "1"}, {"naïve", ""}}); err != nil {
		t.Fatal(err)
	}
	if want := "NAME     N\na\\n\\x1b  1\nnaïve\n"; b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
