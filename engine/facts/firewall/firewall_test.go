package firewall

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// collectWith stands in for the collector of units: those named are started at boot.
func collectWith(t testing.TB, files map[string]memfs.File, started ...string) (*facts.Firewall, facts.Status) {
	t.Helper()
	units := facts.New("units", "", func(context.Context, *facts.Scope) (*facts.Units, error) {
		all := facts.Units{}
		for _, name := range started {
			all[name] = &facts.Unit{Starts: "boot"}
		}
		return &all, nil
	})
	return factstest.Collect[facts.Firewall](t, factstest.Guest(t, files), facts.Request{}, units, Collector)
}

// TestLikeNft compares with what the kernel had after nft loaded the same files: see testdata/record.sh.
func TestLikeNft(t *testing.T) {
	trees, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(trees) < 2 {
		t.Fatal(trees, err)
	}
	for _, tree := range trees {
		t.Run(filepath.Base(tree), func(t *testing.T) {
			want, err := os.ReadFile(strings.TrimSuffix(tree, ".txtar") + ".loaded")
			if err != nil || len(want) == 0 {
				t.Fatal(err)
			}
			got, status := collectWith(t, factstest.Tree(t, tree))
			if status.State != facts.OK {
				t.Fatal(status)
			}
			var lines []string
			for _, table := range got.NFTables.Tables {
				for _, c := range table.Chains {
					hook, policy := "-", "-"
					if c.Hook != "" {
						hook, policy = c.Hook, c.Policy
					}
					lines = append(lines, fmt.Sprintln(table.Family, table.Name, c.Name, hook, strings.Trim(policy, `"`), c.Rules))
				}
			}
			slices.Sort(lines)
			if diff := cmp.Diff(string(want), strings.Join(lines, "")); diff != "" {
				t.Errorf("loaded (-nft +got):\n%s", diff)
			}
		})
	}
}

func nftText(text string) map[string]memfs.File {
	return factstest.Text(map[string]string{"/etc/nftables.conf": text})
}

func TestNFTables(t *testing.T) {
	const drop = "table inet f {\n chain in {\n  type filter hook input priority 0; policy drop;\n  tcp dport $p accept\n }\n}\n"
	got, status := collectWith(t, nftText("define p = 22\n"+drop))
	c := got.NFTables.Tables[0].Chains[0]
	if status.State != facts.OK || c.Policy != "drop" || c.Lines[0].Text != "tcp dport 22 accept" || c.Lines[0].Source.Line != 5 {
		t.Errorf("%v %+v", status, c)
	}
	if got.NFTables.Enabled == nil || *got.NFTables.Enabled || len(got.Active) != 0 {
		t.Errorf("rules without the service are enabled: %v", got.Active)
	}
	if got, _ = collectWith(t, nftText(drop), "nftables.service"); !*got.NFTables.Enabled || fmt.Sprint(got.Active) != "[nftables]" {
		t.Errorf("with the service the active ones are %v", got.Active)
	}
}

func TestNFTablesProblems(t *testing.T) {
	for name, text := range map[string]string{
		"an include that is missing":  `include "/etc/no.nft"`,
		"a file that includes itself": `include "/etc/nftables.conf"`,
		"a table that is not closed":  "table inet f {\n chain a {\n",
		"a set that is not closed":    "add rule inet f c tcp dport { 22, 80\n",
		"a brace too many":            "table inet f {\n}\n}\n",
		"variables that grow":         "define a = xxxxxxxxxxxxxxxx\n" + grow(),
	} {
		t.Run(name, func(t *testing.T) {
			if _, status := collectWith(t, nftText(text)); status.State != facts.Partial {
				t.Errorf("state is %s, want partial", status.State)
			}
		})
	}
}

func grow() string {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "define %c%d = $%s$%s\n", 'v', i, last(i), last(i))
	}
	return b.String()
}

func last(i int) string {
	if i == 0 {
		return "a"
	}
	return fmt.Sprintf("v%d", i-1)
}

func TestUFW(t *testing.T) {
	files := func(enabled string) map[string]memfs.File {
		return factstest.Text(map[string]string{
			"/etc/ufw/ufw.conf": "ENABLED=" + enabled + "\nLOGLEVEL=low\n",
			"/etc/default/ufw":  "IPV6=yes\nDEFAULT_INPUT_POLICY=\"DROP\"\nDEFAULT_OUTPUT_POLICY=\"ACCEPT\"\n",
			"/etc/ufw/user.rules": "*filter\n### RULES ###\n### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in comment=737368\n-A ufw-user-input -p tcp --dport 22 -j ACCEPT\n" +
				"### tuple ### route:deny any any 10.0.0.1 any 0.0.0.0/0 in_eth0\n",
		})
	}
	for name, c := range map[string]struct {
		enabled string
		started []string
		want    bool
	}{
		"ENABLED=yes and the unit":     {"yes", []string{"ufw.service"}, true},
		"ENABLED=yes without the unit": {"yes", nil, false},
		"the unit without ENABLED=yes": {"no", []string{"ufw.service"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectWith(t, files(c.enabled), c.started...)
			u := got.UFW
			if status.State != facts.OK || *u.Enabled != c.want || u.DefaultInput.Value != "DROP" || u.DefaultForward != nil {
				t.Errorf("%v %+v", status, u)
			}
			if len(u.Rules) != 2 || u.Rules[0].Port != "22" || u.Rules[0].Direction != "in" || !u.Rules[1].Route || u.Rules[1].Direction != "in_eth0" {
				t.Errorf("rules are %+v", u.Rules)
			}
		})
	}
}

func TestIPTables(t *testing.T) {
	got, status := collectWith(t, factstest.Text(map[string]string{
		"/etc/iptables/rules.v4": "# c\n*filter\n:INPUT DROP [0:0]\n:own - [0:0]\n[1:2] -A INPUT -i lo -j ACCEPT\n-A own -j RETURN\nCOMMIT\n*nat\n:OUTPUT ACCEPT\nCOMMIT\n",
	}), "netfilter-persistent.service")
	if status.State != facts.OK || len(got.IPTables.Tables) != 2 || !*got.IPTables.Enabled {
		t.Fatalf("%v %+v", status, got.IPTables)
	}
	c := got.IPTables.Tables[0].Chains
	if c[0].Policy != "DROP" || c[0].Rules != 1 || c[1].Policy != "" || c[1].Rules != 1 {
		t.Errorf("chains are %+v", c)
	}
	for name, text := range map[string]string{"no COMMIT": "*filter\n:INPUT DROP\n", "no table": "-A INPUT -j DROP\n", "no chain": "*filter\n-A NONE -j DROP\nCOMMIT\n"} {
		if _, status := collectWith(t, factstest.Text(map[string]string{"/etc/iptables/rules.v4": text})); status.State != facts.Partial {
			t.Errorf("%s: state is %s, want partial", name, status.State)
		}
	}
}

func TestFirewallD(t *testing.T) {
	got, status := collectWith(t, factstest.Text(map[string]string{
		"/etc/firewalld/firewalld.conf":       "DefaultZone=dmz\n",
		"/usr/lib/firewalld/zones/dmz.xml":    `<zone><service name="ssh"/></zone>`,
		"/etc/firewalld/zones/dmz.xml":        `<?xml version="1.0"?><zone target="DROP"><interface name="eth0"/><service name="http"/><port port="443" protocol="tcp"/><rule><service name="smtp"/><accept/></rule><source address="10.0.0.0/8"/><forward/></zone>`,
		"/usr/lib/firewalld/zones/public.xml": `<zone><service name="ssh"/></zone>`,
		"/etc/firewalld/zones/public.xml.old": `<zone target="ACCEPT"/>`,
	}), "firewalld.service")
	if status.State != facts.OK || got.FirewallD.DefaultZone.Value != "dmz" || len(got.FirewallD.Zones) != 2 {
		t.Fatalf("%v %+v", status, got.FirewallD)
	}
	want := facts.FirewallDZone{
		Name: "dmz", Target: "DROP", Interfaces: []string{"eth0"}, Sources: []string{"10.0.0.0/8"}, Services: []string{"http"},
		Ports: []string{"443/tcp"}, Protocols: []string{}, Forward: true, RichRules: 1, Path: "/etc/firewalld/zones/dmz.xml",
	}
	if diff := cmp.Diff(want, got.FirewallD.Zones[0]); diff != "" {
		t.Errorf("zone (-want +got):\n%s", diff)
	}
}

func TestHostile(t *testing.T) {
	zone := "/etc/firewalld/zones/x.xml"
	for name, files := range map[string]map[string]memfs.File{
		"a FIFO":                     {"/etc/nftables.conf": {Mode: filesys.ModeFIFO | 0o644}},
		"cannot be read":             {"/etc/nftables.conf": {Data: "x", Err: errors.New("sector 9")}},
		"more text than rules take":  {"/etc/nftables.conf": {Data: strings.Repeat("#", maxFile+1)}},
		"more rules than anyone has": {"/etc/nftables.conf": {Data: "table ip a {\nchain c {\n" + strings.Repeat("accept\n", maxRules+1) + "}\n}\n"}},
		"a zone cut in half":         {zone: {Data: "<zone><service name="}},
		"no zone":                    {zone: {Data: "<!DOCTYPE x [<!ENTITY a 'b'>]><html/>"}},
		"an empty zone":              {zone: {Data: ""}},
		"a zone as deep as it gets":  {zone: {Data: "<zone>" + strings.Repeat("<rule>", 1000)}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, status := collectWith(t, files); status.State != facts.Partial {
				t.Errorf("state is %s, want partial", status.State)
			}
		})
	}
	if _, status := collectWith(t, nil); status.State != facts.Absent {
		t.Errorf("without a firewall the state is %s, want absent", status.State)
	}
}

func FuzzFirewall(f *testing.F) {
	f.Add("define a = { 1, 2 }\ntable inet f {\n chain c { type filter hook input priority 0; policy drop; tcp dport $a accept\n }\n}\nflush ruleset\n")
	f.Add("*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n")
	f.Add("### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n")
	f.Add("<zone target=\"DROP\"><port port=\"1\" protocol=\"tcp\"/></zone>")
	f.Fuzz(func(t *testing.T, text string) {
		got, _ := collectWith(t, factstest.Text(map[string]string{
			"/etc/nftables.conf": text, "/etc/iptables/rules.v4": text, "/etc/ufw/ufw.conf": text, "/etc/ufw/user.rules": text, "/etc/firewalld/zones/x.xml": text,
		}))
		if got == nil {
			t.Error("no facts")
		}
	})
}
