package network

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// units stands in for the collector of units: it says that boot starts networkd, and not NetworkManager.
var units = facts.New("units", "", func(context.Context, *facts.Scope) (*facts.Units, error) {
	target := "wicked.service"
	return &facts.Units{
		"systemd-networkd.service": {Starts: "boot"}, "NetworkManager.service": {State: "disabled"},
		"network.service": {AliasOf: &target, Starts: "boot"},
	}, nil
})

func collectNetwork(t testing.TB, files map[string]memfs.File) (*facts.Network, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Network](t, factstest.Guest(t, files), facts.Request{}, units, Collector)
}

// rows are the interfaces as "name manager method4/method6 start addresses gateways dns search @line".
func rows(n *facts.Network) string {
	var all []string
	for _, f := range n.Interfaces {
		row := fmt.Sprintf("%s %s %s/%s %s %v gw%v dns%v %v @%d", f.Name, f.Manager, f.Method4, f.Method6, f.Start, values(f.Addresses), values(f.Gateways), values(f.DNS), values(f.Search), f.Source.Line)
		if f.Hidden != "" {
			row += " hidden by " + f.Hidden
		}
		all = append(all, row)
	}
	return strings.Join(all, "\n")
}

func values(lines []facts.NetworkLine) []string {
	all := []string{}
	for _, l := range lines {
		all = append(all, l.Value)
	}
	return all
}

func expectRows(t *testing.T, cases map[string]struct {
	files map[string]string
	want  string
},
) {
	t.Helper()
	for name, c := range cases {
		n, status := collectNetwork(t, private(c.files))
		if n == nil || status.State != facts.OK {
			t.Errorf("%s: %+v", name, status)
			continue
		}
		if d := cmp.Diff(c.want, rows(n)); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
	}
}

// private are files with the mode that NetworkManager asks for.
func private(content map[string]string) map[string]memfs.File {
	files := factstest.Text(content)
	for name, f := range files {
		f.Mode = 0o600
		files[name] = f
	}
	return files
}

func TestIfupdownTraps(t *testing.T) {
	const main = "/etc/network/interfaces"
	expectRows(t, map[string]struct {
		files map[string]string
		want  string
	}{
		"stanzas of one name are all in force": {
			map[string]string{main: "auto eth0\niface eth0 inet static\n address 10.0.0.2\n netmask 255.255.255.0\n gateway 10.0.0.1\n dns-nameservers 1.1.1.1 9.9.9.9\n dns-search a.test\niface eth0 inet6 auto\n"},
			"eth0 ifupdown static/ auto [10.0.0.2/24] gw[10.0.0.1] dns[1.1.1.1 9.9.9.9] [a.test] @2\neth0 ifupdown /auto auto [] gw[] dns[] [] @8",
		},
		"auto stands after iface, and hotplug is not auto": {
			map[string]string{main: "iface a inet dhcp\niface b inet dhcp\niface c inet dhcp\nallow-hotplug b a\nauto a\n"},
			"a ifupdown dhcp/ auto [] gw[] dns[] [] @1\nb ifupdown dhcp/ hotplug [] gw[] dns[] [] @2\nc ifupdown dhcp/ manual [] gw[] dns[] [] @3",
		},
		"auto takes patterns": {
			map[string]string{main: "auto /eth*\niface eth7 inet dhcp\n"},
			"eth7 ifupdown dhcp/ auto [] gw[] dns[] [] @2",
		},
		"source is relative, in the order of names": {
			map[string]string{main: "source interfaces.d/*\n", "/etc/network/interfaces.d/b.cfg": "iface b inet dhcp\n", "/etc/network/interfaces.d/a": "iface a inet dhcp\n"},
			"a ifupdown dhcp/ manual [] gw[] dns[] [] @1\nb ifupdown dhcp/ manual [] gw[] dns[] [] @1",
		},
		"source-directory skips names with a dot": {
			map[string]string{main: "source-directory /etc/network/interfaces.d\n", "/etc/network/interfaces.d/b.cfg": "iface b inet dhcp\n", "/etc/network/interfaces.d/a": "iface a inet dhcp\n"},
			"a ifupdown dhcp/ manual [] gw[] dns[] [] @1",
		},
		"a file that no source names does not count": {
			map[string]string{main: "# source interfaces.d/*\n", "/etc/network/interfaces.d/b": "iface b inet dhcp\n"}, "",
		},
		"a backslash continues, a comment inside does not end the stanza": {
			map[string]string{main: "iface \\\n eth0 inet static\n# no\n address 10.0.0.2/8\n up ip route add x\n"},
			"eth0 ifupdown static/ manual [10.0.0.2/8] gw[] dns[] [] @1",
		},
	})
}

func TestNetworkdTraps(t *testing.T) {
	const dir = "/etc/systemd/network/"
	expectRows(t, map[string]struct {
		files map[string]string
		want  string
	}{
		"address and DHCP": {
			map[string]string{dir + "a.network": "[Match]\nName=eth0\n[Network]\nDHCP=ipv4\nAddress=fd00::2/64\nDNS=1.1.1.1 9.9.9.9\nDomains=a ~b\nGateway=10.0.0.1\n"},
			"eth0 networkd dhcp/static auto [fd00::2/64] gw[10.0.0.1] dns[1.1.1.1 9.9.9.9] [a ~b] @2",
		},
		"only a route without a destination is the default": {
			map[string]string{dir + "a.network": "[Match]\nName=eth0\n[Route]\nGateway=10.0.0.9\nDestination=10.9.0.0/16\n[Route]\nGateway=10.0.0.1\n[Address]\nAddress=10.0.0.2/24\n"},
			"eth0 networkd static/ auto [10.0.0.2/24] gw[10.0.0.1] dns[] [] @2",
		},
		"the same name in /etc goes before /usr/lib, a drop-in after both": {
			map[string]string{
				dir + "a.network": "[Match]\nName=eth0\n[Network]\nDHCP=yes\nDNS=1.1.1.1\n", "/usr/lib/systemd/network/a.network": "[Match]\nName=eth9\n",
				"/usr/lib/systemd/network/a.network.d/x.conf": "[Network]\nDHCP=no\nDNS=\nDNS=9.9.9.9\n",
			},
			"eth0 networkd / auto [] gw[] dns[9.9.9.9] [] @2",
		},
		"of two files that match the first by name counts": {
			map[string]string{dir + "20-x.network": "[Match]\nName=eth0\n", "/usr/lib/systemd/network/10-y.network": "[Match]\nName=en* eth*\n[Network]\nDHCP=yes\n"},
			"en* eth* networkd dhcp/dhcp auto [] gw[] dns[] [] @2\neth0 networkd / auto [] gw[] dns[] [] @2 hidden by /usr/lib/systemd/network/10-y.network",
		},
		"an empty file masks": {
			map[string]string{"/etc/hosts": "::1 a\n", dir + "a.network": "", "/usr/lib/systemd/network/a.network": "[Match]\nName=eth9\n"}, "",
		},
		"a file without Match is ignored": {
			map[string]string{dir + "a.network": "[Network]\nDHCP=yes\n"}, "",
		},
		"other conditions are told": {
			map[string]string{dir + "a.network": "[Match]\nName=eth0\nMACAddress=52:54:00:12:34:56\n[Link]\nUnmanaged=yes\n"},
			"name=eth0 macaddress=52:54:00:12:34:56 networkd / manual [] gw[] dns[] [] @2",
		},
	})
}

func TestNetplanTraps(t *testing.T) {
	const dir = "/etc/netplan/"
	expectRows(t, map[string]struct {
		files map[string]string
		want  string
	}{
		"lists add up and the last scalar wins, by name over all directories": {
			map[string]string{
				"/lib/netplan/50-a.yaml": "network:\n  version: 2\n  ethernets:\n    eth0:\n      dhcp4: true\n      addresses: [10.0.0.2/24]\n",
				dir + "60-b.yaml":        "network:\n  ethernets:\n    eth0:\n      dhcp4: no\n      addresses:\n        - 10.0.0.3/24\n        - 10.0.0.4/24: {label: x}\n",
			},
			"eth0 netplan static/ auto [10.0.0.2/24 10.0.0.3/24 10.0.0.4/24] gw[] dns[] [] @4",
		},
		"the same name in /etc hides /lib": {
			map[string]string{"/lib/netplan/a.yaml": "network: {ethernets: {eth9: {}}}\n", dir + "a.yaml": "network: {ethernets: {eth0: {dhcp4: yes, dhcp6: yes}}}\n"},
			"eth0 netplan dhcp/dhcp auto [] gw[] dns[] [] @1",
		},
		"default route, gateway4 and name servers": {
			map[string]string{dir + "a.yaml": "network:\n  ethernets:\n    id0:\n      match: {macaddress: '52:54:00:12:34:56'}\n      gateway4: 10.0.0.1\n      routes:\n        - {to: 10.9.0.0/16, via: 10.0.0.9}\n        - to: default\n          via: fd00::1\n      nameservers:\n        search: [a, b]\n        addresses: [1.1.1.1]\n"},
			"mac=52:54:00:12:34:56 netplan / auto [] gw[fd00::1 10.0.0.1] dns[1.1.1.1] [a b] @3",
		},
		"other files than .yaml do not count": {map[string]string{dir + "a.yml": "network: {ethernets: {eth9: {}}}\n", "/etc/hosts": "::1 a\n"}, ""},
	})
}

func TestStartsIsThatOfTheManager(t *testing.T) {
	n, _ := collectNetwork(t, factstest.Text(map[string]string{
		"/etc/netplan/a.yaml":            "network: {renderer: NetworkManager, ethernets: {a: {renderer: networkd}, b: {}}}\n",
		"/etc/network/interfaces":        "iface lo inet loopback\n",
		"/etc/systemd/network/a.network": "[Match]\nName=c\n",
	}))
	got := ""
	for _, f := range n.Interfaces {
		got += fmt.Sprint(f.Name, " ", *f.Starts, " ")
	}
	for _, m := range n.Managers {
		got += fmt.Sprint(m.Name, " ", *m.Starts, " ")
	}
	if want := "lo false a true b false c true ifupdown false netplan true networkd true "; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestResolverTraps(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  string
	}{
		"the last of search and domain wins": {map[string]memfs.File{resolvConf: {Data: "search a b\ndomain c d\noptions edns0 rotate\n# nameserver 1.1.1.1\n; x\nnameserver 9.9.9.9 # x\n"}}, "true [9.9.9.9] [c] [edns0 rotate] 0"},
		"the fourth nameserver is ignored":   {map[string]memfs.File{resolvConf: {Data: "nameserver 1.1.1.1\nnameserver ::1\nnameserver fe80::1%eth0\nnameserver 2.2.2.2\nnameserver x\nnameserver\n"}}, "true [1.1.1.1 ::1 fe80::1%eth0] - [] 3"},
		"a keyword after a blank is none":    {map[string]memfs.File{resolvConf: {Data: " nameserver 1.1.1.1\n"}}, "true [] - [] 0"},
		"a link to a file of run time":       {map[string]memfs.File{resolvConf: {Link: "../run/systemd/resolve/stub-resolv.conf"}}, "false [] - [] 0"},
	} {
		n, status := collectNetwork(t, c.files)
		if n == nil || status.State != facts.OK {
			t.Errorf("%s: %+v", name, status)
			continue
		}
		search := "-"
		if n.Resolver.Search != nil {
			search = fmt.Sprint(n.Resolver.Search.Value)
		}
		got := fmt.Sprint(n.Resolver.Present, values(n.Resolver.Nameservers), search, values(n.Resolver.Options), len(n.Ignored))
		if want := strings.NewReplacer("- ", "- ").Replace(c.want); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
		if link := c.files[resolvConf].Link; n.Resolver.Link != link {
			t.Errorf("%s: link %q", name, n.Resolver.Link)
		}
	}
}

func TestHosts(t *testing.T) {
	n, _ := collectNetwork(t, factstest.Text(map[string]string{"/etc/hosts": "127.0.0.1 localhost l # x\n#::1 no\n\nlocalhost 127.0.0.1\n10.0.0.1\n::1\tip6\n"}))
	got := ""
	for _, h := range n.Hosts {
		got += fmt.Sprintf("%s %v @%d ", h.Address, h.Names, h.Source.Line)
	}
	if want := "127.0.0.1 [localhost l] @1 ::1 [ip6] @6 "; got != want || len(n.Ignored) != 2 {
		t.Errorf("got %s and %v, want %s", got, n.Ignored, want)
	}
}

func TestHostile(t *testing.T) {
	const netplan = "/etc/netplan/a.yaml"
	many := map[string]memfs.File{}
	for i := range 100_000 {
		many[fmt.Sprintf("/etc/systemd/network/%06d.network", i)] = memfs.File{Data: "[Match]\nName=x\n"}
	}
	manyYAML := map[string]memfs.File{}
	for i := range 20 {
		manyYAML[fmt.Sprintf("/etc/netplan/%02d.yaml", i)] = memfs.File{Data: strings.Repeat("#"+strings.Repeat("x", 1000)+"\n", 60)}
	}
	loop := map[string]memfs.File{interfaces: {Data: "source /etc/network/interfaces\nsource /etc/network/*\n"}}
	for name, files := range map[string]map[string]memfs.File{
		"interfaces that source themselves":  loop,
		"a pattern that asks for a shell":    {interfaces: {Data: "source $(reboot)\n"}},
		"iface without a name":               {interfaces: {Data: "iface\n"}},
		"an address twice":                   {interfaces: {Data: "iface a inet static\naddress 1.1.1.1\naddress 2.2.2.2\n"}},
		"a last line that goes on":           {interfaces: {Data: "iface \\\n"}},
		"interfaces is a FIFO":               {interfaces: {Mode: filesys.ModeFIFO}},
		"interfaces of 9 MiB":                {interfaces: {Data: strings.Repeat("auto a\n", 9<<20/7)}},
		"100,000 files of networkd":          many,
		"a network file is a directory link": {"/etc/systemd/network/a.network": {Link: "/etc"}},
		"YAML nests deep in brackets":        {netplan: {Data: strings.Repeat("[", 100_000)}},
		"YAML nests deep in lines":           {netplan: {Data: strings.Repeat("[\n", 10_000)}},
		"YAML nests deep in dashes":          {netplan: {Data: strings.Repeat("- ", 2_000)}},
		"YAML is too big":                    {netplan: {Data: strings.Repeat("#\n", maxYAML)}},
		"much YAML in many files":            manyYAML,
		"YAML is broken":                     {netplan: {Data: "network: {ethernets: [\n"}},
		"YAML is a list":                     {netplan: {Data: "- network\n"}},
		"YAML has an alias":                  {netplan: {Data: "network:\n  ethernets:\n    a: &x {addresses: &y [1.1.1.1/8]}\n    b: *x\n"}},
		"hosts in a circle":                  {"/etc/hosts": {Link: "hosts"}},
		"resolv.conf is a directory":         {resolvConf: memfs.Dir()},
		"hosts of 9 MiB":                     {"/etc/hosts": {Data: strings.Repeat("1 a\n", 9<<20/4)}},
	} {
		if n, status := collectNetwork(t, files); n == nil || status.State != facts.Partial && status.State != facts.Error {
			t.Errorf("%s: got %+v", name, status)
		}
	}
	if _, status := collectNetwork(t, nil); status.State != facts.Absent {
		t.Errorf("no network: %+v", status)
	}
}

func FuzzNetwork(f *testing.F) {
	f.Add("auto eth0\niface eth0 inet static\n address 10.0.0.2\\\n\n netmask 255.0.0.0\nsource /etc/network/*\n", "nameserver 1.1.1.1\nsearch a\n")
	f.Add("[Match]\nName=e*\n[Network]\nAddress=10.0.0.2/8\n[Route]\nGateway=10.0.0.1\n", "127.0.0.1 localhost\n")
	f.Add("network: {ethernets: {eth0: {dhcp4: true, addresses: [10.0.0.2/8], routes: [{to: default, via: 10.0.0.1}]}}}\n", "&a *a !!x {? a : b}\n")
	f.Add("a: &x\n  b: *x\n  <<: *x\n", "[\n{\n")
	f.Fuzz(func(t *testing.T, one, two string) {
		n, status := collectNetwork(t, factstest.Text(map[string]string{
			interfaces: one, "/etc/network/interfaces.d/a": two, "/etc/systemd/network/a.network": one, "/etc/systemd/network/a.network.d/b.conf": two,
			"/etc/netplan/a.yaml": one, "/etc/netplan/b.yaml": two, resolvConf: two, "/etc/hosts": two,
		}))
		if n == nil {
			t.Errorf("%+v", status)
		}
	})
}
