package selinux

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

func TestBooleansOfTheStore(t *testing.T) {
	const store = "/var/lib/selinux/targeted/active/booleans.local"
	collectStore := func(text string) (*facts.SELinux, facts.Status) {
		return factstest.Collect[facts.SELinux](t, factstest.Guest(t, factstest.Text(map[string]string{
			configPath: "SELINUX=enforcing\n", policyPath: "x", store: text,
		})), facts.Request{}, bootWith("ro"), Collector)
	}
	got, status := collectStore("# This file is auto-generated\nhttpd_can_network_connect=1\nssh_sysadm_login = off\nhttpd_can_network_connect=0\n")
	if status.State != facts.OK || len(got.Booleans) != 2 {
		t.Fatalf("%v %v", status, got.Booleans)
	}
	if v := got.Booleans["httpd_can_network_connect"]; v.Value != "off" || v.Source.Line != 4 || len(v.Shadowed) != 1 {
		t.Errorf("got %+v, want off from line 4", v)
	}
	for _, text := range []string{"nonsense\n", "a=2\n", "\x00\xff\n"} {
		if _, status := collectStore(text); status.State != facts.Partial {
			t.Errorf("%q: state is %s, want partial", text, status.State)
		}
	}
}
