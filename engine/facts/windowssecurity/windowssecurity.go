// Package windowssecurity collects the domain "windows_security": options of security that are single values of the registry.
//
// Sources: the keys that Microsoft's security baselines and the CIS benchmarks name, each beside its field. Defaults are those that
// "Security policy settings" of Microsoft's documentation gives for every version of Windows that is still supported; what differs from
// version to version has none here.
package windowssecurity

import (
	"context"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	control        = facts.ControlSet + `\Control`
	services       = facts.ControlSet + `\Services`
	lsaPath        = control + `\Lsa`
	sessionManager = control + `\Session Manager`
	systemPolicies = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System`
	explorer       = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\Explorer`
	windowsPolicy  = facts.Policies + `\Microsoft\Windows`
	ntPolicy       = facts.Policies + `\Microsoft\Windows NT`
	winlogon       = facts.CurrentVersion + `\Winlogon`
)

// Collector collects the domain "windows_security".
var Collector = facts.New("windows_security", "Windows' options of security: LSA, SMB, UAC, logon, PowerShell, TLS, network", collect).On(guest.Windows)

func collect(_ context.Context, s *facts.Scope) (*facts.WindowsSecurity, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	return &facts.WindowsSecurity{
		LSA: lsa(h), SMB: smb(h), UAC: uac(h), Logon: logon(h), PowerShell: powershell(h), Network: network(h), System: system(h),
		SChannel: schannel(h),
	}, nil
}

func lsa(h *facts.Hives) facts.WindowsLSA {
	k, msv := h.Key(lsaPath), h.Key(lsaPath+`\MSV1_0`)
	const bits128 = 0x20000000 // NTLMSSP with 128 bits
	return facts.WindowsLSA{
		LMCompatibilityLevel:       k.Number("LmCompatibilityLevel"),
		NoLMHash:                   facts.Or(k.Number("NoLMHash"), 1),
		RestrictAnonymous:          facts.Or(k.Number("RestrictAnonymous"), 0),
		RestrictAnonymousSAM:       facts.Or(k.Number("RestrictAnonymousSAM"), 1),
		EveryoneIncludesAnonymous:  facts.Or(k.Number("EveryoneIncludesAnonymous"), 0),
		LimitBlankPasswordUse:      facts.Or(k.Number("LimitBlankPasswordUse"), 1),
		RunAsPPL:                   facts.Before(h.Key(windowsPolicy+`\System`).Number("RunAsPPL"), k.Number("RunAsPPL")),
		DisableDomainCreds:         facts.Or(k.Number("DisableDomainCreds"), 0),
		ForceGuest:                 facts.Or(k.Number("ForceGuest"), 0),
		CrashOnAuditFail:           facts.Or(k.Number("CrashOnAuditFail"), 0),
		NTLMMinClientSec:           facts.Or(msv.Number("NTLMMinClientSec"), bits128),
		NTLMMinServerSec:           facts.Or(msv.Number("NTLMMinServerSec"), bits128),
		RestrictSendingNTLMTraffic: msv.Number("RestrictSendingNTLMTraffic"),
		AllowNullSessionFallback:   msv.Number("AllowNullSessionFallback"),
		UseMachineID:               k.Number("UseMachineId"),
		RestrictRemoteSAM:          k.Text("RestrictRemoteSAM"),
		WDigestUseLogonCredential:  facts.Or(h.Key(control+`\SecurityProviders\WDigest`).Number("UseLogonCredential"), 0),
		CredentialGuard:            facts.Before(h.Key(windowsPolicy+`\DeviceGuard`).Number("LsaCfgFlags"), k.Number("LsaCfgFlags")),
		KerberosEncryption:         h.Key(systemPolicies + `\Kerberos\Parameters`).Number("SupportedEncryptionTypes"),
		SecurityPackages:           k.Texts("Security Packages"),
		NotificationPackages:       k.Texts("Notification Packages"),
		LDAPClientIntegrity:        facts.Or(h.Key(services+`\LDAP`).Number("LDAPClientIntegrity"), 1),
	}
}

func smb(h *facts.Hives) facts.WindowsSMB {
	server, client := h.Key(services+`\LanmanServer\Parameters`), h.Key(services+`\LanmanWorkstation\Parameters`)
	return facts.WindowsSMB{
		SMB1Server:              server.Number("SMB1"),
		SMB1Driver:              h.Key(services + `\mrxsmb10`).Number("Start"),
		ServerSigningRequired:   server.Number("RequireSecuritySignature"),
		ServerSigningEnabled:    server.Number("EnableSecuritySignature"),
		ClientSigningRequired:   client.Number("RequireSecuritySignature"),
		ClientSigningEnabled:    client.Number("EnableSecuritySignature"),
		ClientPlainTextPassword: facts.Or(client.Number("EnablePlainTextPassword"), 0),
		InsecureGuestAuth:       facts.Before(h.Key(windowsPolicy+`\LanmanWorkstation`).Number("AllowInsecureGuestAuth"), client.Number("AllowInsecureGuestAuth")),
		RestrictNullSessAccess:  facts.Or(server.Number("RestrictNullSessAccess"), 1),
		AutoDisconnectMinutes:   facts.Or(server.Number("AutoDisconnect"), 15),
		EncryptData:             facts.Or(server.Number("EncryptData"), 0),
		NullSessionPipes:        server.Texts("NullSessionPipes"),
		NullSessionShares:       server.Texts("NullSessionShares"),
		Shares:                  shares(h),
	}
}

// shares are those that a person made: each is a list of NAME=value, of which one is its path.
func shares(h *facts.Hives) []facts.WindowsShare {
	list := []facts.WindowsShare{}
	k := h.Key(services + `\LanmanServer\Shares`)
	for _, v := range k.Values() {
		texts, err := v.Texts()
		if err != nil {
			continue
		}
		share := facts.WindowsShare{Name: v.Name, Source: k.Source(v)}
		for _, text := range texts {
			if path, ok := strings.CutPrefix(text, "Path="); ok {
				share.Path = path
			}
		}
		list = append(list, share)
	}
	return list
}

func uac(h *facts.Hives) facts.WindowsUAC {
	k := h.Key(systemPolicies)
	return facts.WindowsUAC{
		Enabled:                    facts.Or(k.Number("EnableLUA"), 1),
		ConsentPromptAdmin:         facts.Or(k.Number("ConsentPromptBehaviorAdmin"), 5),
		ConsentPromptUser:          facts.Or(k.Number("ConsentPromptBehaviorUser"), 3),
		SecureDesktop:              facts.Or(k.Number("PromptOnSecureDesktop"), 1),
		FilterAdministratorToken:   facts.Or(k.Number("FilterAdministratorToken"), 0),
		LocalAccountTokenFilter:    facts.Or(k.Number("LocalAccountTokenFilterPolicy"), 0),
		EnableInstallerDetection:   facts.Or(k.Number("EnableInstallerDetection"), 1),
		EnableSecureUIAPaths:       facts.Or(k.Number("EnableSecureUIAPaths"), 1),
		EnableVirtualization:       facts.Or(k.Number("EnableVirtualization"), 1),
		ValidateAdminCodeSignature: facts.Or(k.Number("ValidateAdminCodeSignatures"), 0),
	}
}

func logon(h *facts.Hives) facts.WindowsLogon {
	policy, k, system := h.Key(systemPolicies), h.Key(winlogon), h.Key(windowsPolicy+`\System`)
	return facts.WindowsLogon{
		DontDisplayLastUserName: facts.Or(policy.Number("DontDisplayLastUserName"), 0),
		DisableCAD:              policy.Number("DisableCAD"),
		InactivityTimeoutSecs:   facts.Or(policy.Number("InactivityTimeoutSecs"), 0),
		LegalNoticeCaption:      facts.Or(policy.Text("LegalNoticeCaption"), ""),
		LegalNoticeText:         facts.Or(policy.Text("LegalNoticeText"), ""),
		ShutdownWithoutLogon:    policy.Number("ShutdownWithoutLogon"),
		CachedLogonsCount:       facts.Or(k.Digits("CachedLogonsCount"), 10),
		SmartCardRemoval:        facts.Or(k.Digits("ScRemoveOption"), 0),
		PasswordExpiryWarning:   facts.Or(k.Digits("PasswordExpiryWarning"), 5),
		AutoAdminLogon:          facts.Or(k.Digits("AutoAdminLogon"), 0),
		NoConnectedUser:         policy.Number("NoConnectedUser"),
		EnumerateLocalUsers:     system.Number("EnumerateLocalUsers"),
		MaxDevicePasswords:      policy.Number("MaxDevicePasswordFailedAttempts"),
	}
}

func powershell(h *facts.Hives) facts.WindowsPowerShell {
	k := h.Key(windowsPolicy + `\PowerShell`)
	return facts.WindowsPowerShell{
		ScriptBlockLogging: k.Below("ScriptBlockLogging").Number("EnableScriptBlockLogging"),
		ModuleLogging:      k.Below("ModuleLogging").Number("EnableModuleLogging"),
		Transcription:      k.Below("Transcription").Number("EnableTranscripting"),
		ExecutionPolicy: facts.Before(k.Text("ExecutionPolicy"),
			h.Key(`HKLM\SOFTWARE\Microsoft\PowerShell\1\ShellIds\Microsoft.PowerShell`).Text("ExecutionPolicy")),
		Version2: h.Key(`HKLM\SOFTWARE\Microsoft\PowerShell\1\PowerShellEngine`).Text("PowerShellVersion"),
	}
}
