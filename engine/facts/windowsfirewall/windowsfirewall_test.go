package windowsfirewall

import (
	"fmt"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

func TestRules(t *testing.T) {
	for name, c := range map[string]struct{ rule, want string }{
		"all of it":        {`v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|Profile=Private|LPort=80|LPort2_10=90-91|RA4=LocalSubnet|App=C:\a.exe|Svc=a|Name=A|`, `allow in tcp [domain private] [80 90-91] [LocalSubnet] C:\a.exe a A`},
		"of any protocol":  {`v2.10|Action=Block|Active=TRUE|Dir=Out|`, `block out any [] [] []   `},
		"not active":       {`v2.10|Action=Allow|Active=FALSE|Dir=In|`, ""},
		"no word of it":    {`v2.10|Action=Allow|Dir=In|`, ""},
		"ICMP":             {`v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol=58|`, `allow in icmp6 [] [] []   `},
		"another protocol": {`v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol=47|`, `allow in 47 [] [] []   `},
		"a name with an =": {`v2.10|Action=Allow|Active=TRUE|Dir=In|Name=a=b|`, `allow in any [] [] []   a=b`},
		"nothing":          {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, active := parse(c.rule)
			got := ""
			if active {
				got = fmt.Sprint(r.Action, " ", r.Direction, " ", r.Protocol, " ", r.Profiles, " ", r.LocalPort, " ", r.RemoteIP, " ", r.Program, " ", r.Service, " ", r.Name)
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestProfiles(t *testing.T) {
	const (
		own    = "[ControlSet001\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\StandardProfile]\n"
		policy = "[Policies\\Microsoft\\WindowsFirewall\\PrivateProfile]\n"
		old    = "[Policies\\Microsoft\\WindowsFirewall\\StandardProfile]\n"
	)
	for name, c := range map[string]struct{ system, software, want string }{
		"nothing is set":          {"", "", "true false block allow 4096"},
		"off":                     {own + "\"EnableFirewall\"=dword:0\n", "", "false true block allow 4096"},
		"off, on by policy":       {own + "\"EnableFirewall\"=dword:0\n", policy + "\"EnableFirewall\"=dword:1\n", "true true block allow 4096"},
		"on, off by policy":       {own + "\"EnableFirewall\"=dword:1\n", policy + "\"EnableFirewall\"=dword:0\n", "false true block allow 4096"},
		"policy of an older name": {own + "\"EnableFirewall\"=dword:1\n", old + "\"EnableFirewall\"=dword:0\n", "false true block allow 4096"},
		"both actions":            {own + "\"DefaultInboundAction\"=dword:0\n\"DefaultOutboundAction\"=dword:1\n", "", "true false allow block 4096"},
		"a log":                   {"[ControlSet001\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\StandardProfile\\Logging]\n\"LogFileSize\"=dword:10\n", "", "true false block allow 16"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.WindowsFirewall](t, factstest.Windows(t, map[string]string{"SYSTEM": c.system, "SOFTWARE": c.software}, nil), facts.Request{}, Collector)
			p := got.Private
			text := fmt.Sprint(p.Enabled.Value, p.Enabled.Explicit) + fmt.Sprint(" ", p.Inbound.Value, " ", p.Outbound.Value, " ", p.LogSize.Value)
			if text != c.want || status.State != facts.OK {
				t.Errorf("got %s, %s %v, want %s", text, status.State, status.Problems, c.want)
			}
		})
	}
}

func TestARuleThatIsNoTextIsAProblem(t *testing.T) {
	const rules = "[ControlSet001\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules]\n\"a\"=dword:1\n"
	got, status := factstest.Collect[facts.WindowsFirewall](t, factstest.Windows(t, map[string]string{"SYSTEM": rules}, nil), facts.Request{}, Collector)
	if status.State != facts.Partial || got.Count != 1 {
		t.Errorf("%s, %d rules, want partial and 1", status.State, got.Count)
	}
}
