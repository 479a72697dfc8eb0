package network

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const profiles = "/etc/NetworkManager/system-connections/"

func TestKeyfileTraps(t *testing.T) {
	expectRows(t, map[string]struct {
		files map[string]string
		want  string
	}{
		"the gateway stands behind the first address": {
			map[string]string{profiles + "a.nmconnection": "[connection]\nid=Wired\ntype=ethernet\ninterface-name=eth0\n[ipv4]\nmethod=manual\naddress1=10.0.0.2/24,10.0.0.1\naddress2=10.0.0.3/24\ndns=1.1.1.1;9.9.9.9;\ndns-search=a;b;\n[ipv6]\nmethod=auto\n"},
			"eth0 networkmanager static/auto auto [10.0.0.2/24 10.0.0.3/24] gw[10.0.0.1] dns[1.1.1.1 9.9.9.9] [a b] @4",
		},
		"the form of old, and a route that is the default": {
			map[string]string{profiles + "a": "[connection]\nautoconnect=false\n[ethernet]\nmac-address=52:54:00:12:34:56\n[ipv4]\nmethod=manual\naddresses1=10.0.0.2;24;0.0.0.0;\nroute1=10.9.0.0/16,10.0.0.9\nroute2=0.0.0.0/0,10.0.0.1,100\n"},
			"mac=52:54:00:12:34:56 networkmanager static/ manual [10.0.0.2/24] gw[10.0.0.1] dns[] [] @0",
		},
		"a profile without an interface is for all": {
			map[string]string{profiles + "a.nmconnection": "[connection]\nid=x\n[ipv4]\nmethod=auto\n[ipv6]\nmethod=disabled\n"},
			"* networkmanager dhcp/disabled auto [] gw[] dns[] [] @0",
		},
		"of one UUID the file in /etc goes before /usr/lib": {
			map[string]string{
				profiles + "a.nmconnection":                                     "[connection]\nuuid=1\ninterface-name=eth0\n",
				"/usr/lib/NetworkManager/system-connections/other.nmconnection": "[connection]\nuuid=1\ninterface-name=eth1\n",
				"/usr/lib/NetworkManager/system-connections/nosuffix":           "[connection]\ninterface-name=eth2\n",
			},
			"eth0 networkmanager / auto [] gw[] dns[] [] @3\neth1 networkmanager / auto [] gw[] dns[] [] @3 hidden by " + profiles + "a.nmconnection",
		},
	})
}

func TestOpenKeyfilesAreIgnored(t *testing.T) {
	n, _ := collectNetwork(t, map[string]memfs.File{
		profiles + "a.nmconnection": {Data: "[connection]\ninterface-name=a\n", Mode: 0o644},
		profiles + "b.nmconnection": {Data: "[connection]\ninterface-name=b\n", Mode: 0o600, UID: 1000},
		profiles + "c.nmconnection": {Data: "[connection]\ninterface-name=c\n", Mode: 0o600},
	})
	if len(n.Interfaces) != 1 || n.Interfaces[0].Name != "c" || len(n.Ignored) != 2 {
		t.Errorf("got %v, ignored %v", rows(n), n.Ignored)
	}
}

func TestNoSecretGetsIn(t *testing.T) {
	const secret = "hunter2hunter2"
	n, status := collectNetwork(t, private(map[string]string{
		profiles + "a.nmconnection": "[connection]\ninterface-name=w\n[wifi-security]\nkey-mgmt=wpa-psk\npsk=" + secret + "\n[802-1x]\npassword=" + secret + "\n[vpn-secrets]\npassword=" + secret + "\n[ipv4]\nmethod=auto\n",
		"/etc/netplan/a.yaml":       "network: {wifis: {w: {dhcp4: true, access-points: {home: {password: " + secret + "}}}}}\n",
		"/etc/netplan/b.yaml":       "network:\n  wifis:\n    w: {password: " + secret + "\n",
		interfaces:                  "iface w inet dhcp\n wpa-psk " + secret + "\n wireless-key " + secret + "\n up curl -u a:" + secret + " x\n",
		scripts + "/ifcfg-w":        "DEVICE=w\nKEY=" + secret + "\nWPA_PSK=" + secret + "\n",
	}))
	b, err := json.Marshal([]any{n, status})
	if err != nil || n == nil || strings.Contains(string(b), secret) {
		t.Errorf("%v: %s", err, b)
	}
	if len(n.Interfaces) != 4 {
		t.Errorf("got\n%s", rows(n))
	}
}

func TestNetworkScriptsTraps(t *testing.T) {
	expectRows(t, map[string]struct {
		files map[string]string
		want  string
	}{
		"addresses have numbers, the last assignment wins, copies do not count": {
			map[string]string{
				scripts + "/ifcfg-eth0":         "DEVICE=\"eth0\"\nBOOTPROTO=dhcp\nBOOTPROTO=none\nIPADDR=10.0.0.2\nNETMASK=255.255.0.0\nIPADDR1=10.0.0.3\nPREFIX1=24\nGATEWAY=10.0.0.1\nDNS1=1.1.1.1\nDOMAIN='a b'\nIPV6ADDR=fd00::2/64\n",
				scripts + "/ifcfg-eth0.rpmsave": "DEVICE=eth9\n", scripts + "/ifcfg-eth0~": "DEVICE=eth9\n",
				"/etc/sysconfig/network": "NETWORKING=yes\nGATEWAY=10.0.0.254\n",
			},
			"eth0 network-scripts static/static auto [10.0.0.2/16 10.0.0.3/24 fd00::2/64] gw[10.0.0.1] dns[1.1.1.1] [a b] @1",
		},
		"ONBOOT=no, DHCP of both families, a route file": {
			map[string]string{scripts + "/ifcfg-x": "BOOTPROTO=bootp\nONBOOT=no\nDHCPV6C=yes\nHWADDR=52:54:00:12:34:56\n", scripts + "/route-x": "# c\n10.9.0.0/16 via 10.0.0.9\ndefault via 10.0.0.1 dev x\n"},
			"mac=52:54:00:12:34:56 network-scripts dhcp/dhcp manual [] gw[10.0.0.1] dns[] [] @0",
		},
	})
}

func TestWickedTraps(t *testing.T) {
	expectRows(t, map[string]struct {
		files map[string]string
		want  string
	}{
		"suffixes, routes of one interface, DNS of all": {
			map[string]string{
				wickedDir + "/ifcfg-eth0": "BOOTPROTO='static'\nSTARTMODE='auto'\nIPADDR='10.0.0.2/24'\nIPADDR_b='10.0.0.3'\nPREFIXLEN_b='16'\n",
				wickedDir + "/routes":     "default 10.0.0.1 - eth0\n10.9.0.0/16 10.0.0.9 - eth0\ndefault fd00::1 - -\n",
				wickedDir + "/config":     "NETCONFIG_DNS_STATIC_SERVERS=\"1.1.1.1 9.9.9.9\"\nNETCONFIG_DNS_STATIC_SEARCHLIST=\"a\"\n",
			},
			"eth0 wicked static/ auto [10.0.0.2/24 10.0.0.3/16] gw[10.0.0.1] dns[] [] @0",
		},
		"without STARTMODE nothing starts it": {
			map[string]string{wickedDir + "/ifcfg-eth0": "BOOTPROTO=dhcp4+auto6\n", wickedDir + "/ifroute-eth0": "default 10.0.0.1 - -\n", wickedDir + "/ifcfg-lo": "STARTMODE=nfsroot\n"},
			"eth0 wicked dhcp/auto manual [] gw[10.0.0.1] dns[] [] @0\nlo wicked loopback/ auto [] gw[] dns[] [] @0",
		},
	})
	n, _ := collectNetwork(t, factstest.Text(map[string]string{
		wickedDir + "/routes": "default fd00::1 - -\n", wickedDir + "/config": "NETCONFIG_DNS_STATIC_SERVERS=\"1.1.1.1 9.9.9.9\"\n", "/etc/hosts": "::1 a\n",
	}))
	if d := cmp.Diff([]string{"fd00::1", "1.1.1.1", "9.9.9.9"}, append(values(n.Gateways), values(n.DNS)...)); d != "" {
		t.Errorf("of the guest (-want +got)\n%s", d)
	}
}

func TestNetworkManagerStartsScriptsToo(t *testing.T) {
	files := private(map[string]string{scripts + "/ifcfg-a": "DEVICE=a\n", scripts + "/ifcfg-b": "DEVICE=b\nNM_CONTROLLED=no\n"})
	target := "NetworkManager.service"
	for starts, want := range map[string]string{"boot": "true false", "": "false false"} {
		// That network.service starts says nothing of network-scripts, for it is another's alias.
		u := facts.New("units", "", func(context.Context, *facts.Scope) (*facts.Units, error) {
			return &facts.Units{target: {Starts: starts}, "network.service": {AliasOf: &target, Starts: "boot"}}, nil
		})
		n, _ := factstest.Collect[facts.Network](t, factstest.Guest(t, files), facts.Request{}, u, Collector)
		if got := fmt.Sprint(*n.Interfaces[0].Starts, " ", *n.Interfaces[1].Starts); got != want {
			t.Errorf("NetworkManager starts %q: got %s, want %s", starts, got, want)
		}
	}
}

func TestHostileProfiles(t *testing.T) {
	many := map[string]memfs.File{}
	for i := range maxFiles + 5 {
		many[fmt.Sprintf("%s%05d", profiles, i)] = memfs.File{Data: "[connection]\n", Mode: 0o600}
	}
	for name, files := range map[string]map[string]memfs.File{
		"too many profiles":         many,
		"a profile is a FIFO":       {profiles + "a.nmconnection": {Mode: filesys.ModeFIFO | 0o600}},
		"a profile is no keyfile":   {profiles + "a.nmconnection": {Data: "\x00\xff", Mode: 0o600}},
		"a value needs a shell":     {scripts + "/ifcfg-a": {Data: "IPADDR=$(cat x)\n"}},
		"an open quote":             {scripts + "/ifcfg-a": {Data: "IPADDR='1\n"}},
		"ifcfg is a circle":         {scripts + "/ifcfg-a": {Link: "ifcfg-a"}},
		"ifcfg of wicked is a FIFO": {wickedDir + "/ifcfg-a": {Mode: filesys.ModeFIFO}},
		"routes is a directory":     {wickedDir + "/routes": memfs.Dir()},
		"a route of 1 MiB":          {wickedDir + "/routes": {Data: strings.Repeat("x", 1<<20)}},
	} {
		if n, status := collectNetwork(t, files); n == nil && status.State != facts.Error || status.State != facts.Partial && status.State != facts.Error {
			t.Errorf("%s: got %+v", name, status)
		}
	}
}

func FuzzProfiles(f *testing.F) {
	f.Add("[connection]\nid=x\nuuid=1\n[ipv4]\naddress1=10.0.0.2/24,10.0.0.1\n[wifi-security]\npsk=y\n")
	f.Add("DEVICE=a\nIPADDR1=10.0.0.2\nNETMASK1=255.0.255.0\nSTARTMODE=auto\nBOOTPROTO='dhcp+autoip'\n")
	f.Add("default 10.0.0.1 - a\ndefault via 10.0.0.1\n")
	f.Fuzz(func(t *testing.T, data string) {
		n, status := collectNetwork(t, private(map[string]string{
			profiles + "a": data, "/usr/lib/NetworkManager/system-connections/b.nmconnection": data, scripts + "/ifcfg-a": data, scripts + "/route-a": data,
			wickedDir + "/ifcfg-a": data, wickedDir + "/routes": data, wickedDir + "/config": data,
		}))
		if n == nil || len(n.Interfaces) < 3 {
			t.Errorf("%+v", status)
		}
	})
}
