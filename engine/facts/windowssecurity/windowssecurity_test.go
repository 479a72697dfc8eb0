package windowssecurity

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

// TestDefaults has a guest that sets nothing: what Windows does by itself is not explicit, and what differs between versions is not told.
func TestDefaults(t *testing.T) {
	got, status := factstest.Collect[facts.WindowsSecurity](t, factstest.Windows(t, nil, nil), facts.Request{}, Collector)
	if status.State != facts.OK {
		t.Fatalf("%s: %v", status.State, status.Problems)
	}
	for name, c := range map[string]struct {
		value *facts.Value[int]
		want  int
	}{
		"NoLMHash": {got.LSA.NoLMHash, 1}, "RestrictAnonymousSAM": {got.LSA.RestrictAnonymousSAM, 1}, "UseLogonCredential": {got.LSA.WDigestUseLogonCredential, 0},
		"EnableLUA": {got.UAC.Enabled, 1}, "ConsentPromptBehaviorAdmin": {got.UAC.ConsentPromptAdmin, 5}, "CachedLogonsCount": {got.Logon.CachedLogonsCount, 10},
		"RestrictNullSessAccess": {got.SMB.RestrictNullSessAccess, 1}, "AlwaysInstallElevated": {got.System.AlwaysInstallElevated, 0},
	} {
		if c.value == nil || c.value.Explicit || c.value.Value != c.want {
			t.Errorf("%s is %+v, want %d by default", name, c.value, c.want)
		}
	}
	for name, v := range map[string]*facts.Value[int]{
		"LmCompatibilityLevel": got.LSA.LMCompatibilityLevel, "RunAsPPL": got.LSA.RunAsPPL, "SMB1": got.SMB.SMB1Server, "signing": got.SMB.ServerSigningRequired,
	} {
		if v != nil {
			t.Errorf("%s is %+v, want nothing", name, v)
		}
	}
}

func TestSettings(t *testing.T) {
	const system = `[ControlSet001\Control\Lsa]
"RunAsPPL"=dword:00000002
[ControlSet001\Services\LanmanServer\Shares]
"a"=multi:"Type=0","Path=C:\\A","Remark=x=y"
"b"=dword:00000001
[ControlSet001\Control\SecurityProviders\SCHANNEL\Protocols\SSL 3.0\Server]
"Enabled"=dword:ffffffff
`
	const software = `[Policies\Microsoft\Windows\System]
"RunAsPPL"=dword:00000001
[Microsoft\Windows NT\CurrentVersion\Winlogon]
"CachedLogonsCount"="many"
"ScRemoveOption"=dword:00000002
`
	got, status := factstest.Collect[facts.WindowsSecurity](t, factstest.Windows(t, map[string]string{"SYSTEM": system, "SOFTWARE": software}, nil), facts.Request{}, Collector)
	if v := got.LSA.RunAsPPL; v.Value != 1 || len(v.Shadowed) != 1 || v.Shadowed[0].Value != 2 {
		t.Errorf("RunAsPPL is %+v, want what policy says", v)
	}
	if len(got.SMB.Shares) != 1 || got.SMB.Shares[0].Path != `C:\A` {
		t.Errorf("shares %+v", got.SMB.Shares)
	}
	if v := got.SChannel["SSL 3.0"].Server.Enabled; v == nil || v.Value != 0xffffffff {
		t.Errorf("SSL 3.0 is %+v", v)
	}
	if got.Logon.SmartCardRemoval.Value != 2 {
		t.Errorf("ScRemoveOption is %+v", got.Logon.SmartCardRemoval)
	}
	if status.State != facts.Partial || len(status.Problems) != 1 {
		t.Errorf("%s %v, want one problem: a count that is none", status.State, status.Problems)
	}
}
