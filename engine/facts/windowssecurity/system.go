package windowssecurity

import (
	"github.com/guestctl/guestctl/engine/facts"
)

func network(h *facts.Hives) facts.WindowsNetwork {
	tcp, netBT := h.Key(services+`\Tcpip\Parameters`), h.Key(services+`\NetBT\Parameters`)
	n := facts.WindowsNetwork{
		EnableMulticast:         h.Key(ntPolicy + `\DNSClient`).Number("EnableMulticast"),
		NetBIOSNodeType:         netBT.Number("NodeType"),
		DisableIPSourceRouting:  tcp.Number("DisableIPSourceRouting"),
		DisableIPSourceRouting6: h.Key(services + `\Tcpip6\Parameters`).Number("DisableIPSourceRouting"),
		EnableICMPRedirect:      facts.Or(tcp.Number("EnableICMPRedirect"), 1),
		NoNameReleaseOnDemand:   netBT.Number("NoNameReleaseOnDemand"),
		HardenedPaths:           map[string]*facts.Value[string]{},
	}
	hardened := h.Key(windowsPolicy + `\NetworkProvider\HardenedPaths`)
	for _, v := range hardened.Values() {
		if text := hardened.Text(v.Name); text != nil {
			n.HardenedPaths[v.Name] = text
		}
	}
	return n
}

func system(h *facts.Hives) facts.WindowsSystem {
	manager, spooler := h.Key(sessionManager), h.Key(ntPolicy+`\Printers`)
	return facts.WindowsSystem{
		SafeDLLSearchMode:       facts.Or(manager.Number("SafeDllSearchMode"), 1),
		DisableExceptionChain:   facts.Or(manager.Below("kernel").Number("DisableExceptionChainValidation"), 0),
		ProtectionMode:          facts.Or(manager.Number("ProtectionMode"), 1),
		FIPS:                    facts.Or(h.Key(lsaPath+`\FipsAlgorithmPolicy`).Number("Enabled"), 0),
		NoDriveTypeAutoRun:      h.Key(explorer).Number("NoDriveTypeAutoRun"),
		NoAutorun:               h.Key(explorer).Number("NoAutorun"),
		AlwaysInstallElevated:   facts.Or(h.Key(windowsPolicy+`\Installer`).Number("AlwaysInstallElevated"), 0),
		SpoolerRemote:           spooler.Number("RegisterSpoolerRemoteRpcEndPoint"),
		PointAndPrintNoWarning:  spooler.Below("PointAndPrint").Number("NoWarningNoElevationOnInstall"),
		RestrictDriverInstall:   spooler.Below("PointAndPrint").Number("RestrictDriverInstallationToAdministrators"),
		DriverLoadPolicy:        h.Key(facts.ControlSet + `\Policies\EarlyLaunch`).Number("DriverLoadPolicy"),
		ProcessCreationCmdLine:  h.Key(systemPolicies + `\Audit`).Number("ProcessCreationIncludeCmdLine_Enabled"),
		VirtualizationSecurity:  h.Key(windowsPolicy + `\DeviceGuard`).Number("EnableVirtualizationBasedSecurity"),
		ClearPageFileAtShutdown: facts.Or(manager.Below("Memory Management").Number("ClearPageFileAtShutdown"), 0),
		ScreenSaverGraceSeconds: h.Key(winlogon).Digits("ScreenSaverGracePeriod"),
		RemoteRegistryPaths:     h.Key(control + `\SecurePipeServers\Winreg\AllowedPaths`).Texts("Machine"),
		StrongCryptoNET4:        h.Key(`HKLM\SOFTWARE\Microsoft\.NETFramework\v4.0.30319`).Number("SchUseStrongCrypto"),
		SmartScreen:             h.Key(windowsPolicy + `\System`).Number("EnableSmartScreen"),
		AllowTelemetry:          h.Key(windowsPolicy + `\DataCollection`).Number("AllowTelemetry"),
	}
}

// schannel is what is set of the protocols of TLS.
func schannel(h *facts.Hives) map[string]facts.WindowsSChannelLevel {
	levels := map[string]facts.WindowsSChannelLevel{}
	side := func(k facts.RegistryKey) facts.WindowsSChannelSide {
		return facts.WindowsSChannelSide{Enabled: k.Number("Enabled"), DisabledByDefault: k.Number("DisabledByDefault")}
	}
	for _, k := range h.Key(control + `\SecurityProviders\SCHANNEL\Protocols`).Under() {
		levels[k.Name()] = facts.WindowsSChannelLevel{Server: side(k.Below("Server")), Client: side(k.Below("Client"))}
	}
	return levels
}
