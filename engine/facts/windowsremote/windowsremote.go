// Package windowsremote collects the domain "windows_remote": remote desktop, remote management, and what else lets people in.
//
// Sources: Control\Terminal Server and WinStations\RDP-Tcp, the policies below Windows NT\Terminal Services and Windows\WinRM, the
// listeners of WSMAN, and whether services are there.
package windowsremote

import (
	"context"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	terminalServer = facts.ControlSet + `\Control\Terminal Server`
	policy         = facts.Policies + `\Microsoft\Windows NT\Terminal Services`
	winRM          = facts.Policies + `\Microsoft\Windows\WinRM`
	listeners      = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WSMAN\Listener`
	wsman          = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WSMAN`
	defaultPort    = 3389
)

// Collector collects the domain "windows_remote".
var Collector = facts.New("windows_remote", "How a Windows guest can be reached: remote desktop, WinRM, SSH", collect).On(guest.Windows)

func collect(_ context.Context, s *facts.Scope) (*facts.WindowsRemote, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	service := func(name string) bool { return h.Key(facts.ControlSet + `\Services\` + name).Exists }
	return &facts.WindowsRemote{
		RDP: rdp(h), WinRM: management(h), SSH: service("sshd"), Telnet: service("TlntSvr"),
		RemoteAssistance: facts.Before(h.Key(policy).Number("fAllowToGetHelp"),
			h.Key(facts.ControlSet+`\Control\Remote Assistance`).Number("fAllowToGetHelp")),
	}, nil
}

func rdp(h *facts.Hives) facts.WindowsRDP {
	p, server := h.Key(policy), h.Key(terminalServer)
	station := server.Below(`WinStations\RDP-Tcp`)
	both := func(name string) *facts.Value[int] { return facts.Before(p.Number(name), station.Number(name)) }
	deny := facts.Before(p.Flag("fDenyTSConnections"), server.Flag("fDenyTSConnections"))
	return facts.WindowsRDP{
		Enabled:                facts.Or(facts.MapValue(deny, func(denied bool) bool { return !denied }), false),
		NLA:                    both("UserAuthentication"),
		SecurityLayer:          both("SecurityLayer"),
		MinEncryptionLevel:     both("MinEncryptionLevel"),
		Port:                   facts.Or(station.Number("PortNumber"), defaultPort),
		PromptForPassword:      both("fPromptForPassword"),
		DisablePasswordSaving:  p.Number("DisablePasswordSaving"),
		DisableDrives:          both("fDisableCdm"),
		EncryptRPCTraffic:      p.Number("fEncryptRPCTraffic"),
		MaxIdleMillis:          both("MaxIdleTime"),
		MaxDisconnectionMillis: both("MaxDisconnectionTime"),
	}
}

func management(h *facts.Hives) facts.WindowsWinRM {
	service, client := h.Key(winRM+`\Service`), h.Key(winRM+`\Client`)
	ownService, ownClient := h.Key(wsman+`\Service`), h.Key(wsman+`\Client`)
	w := facts.WindowsWinRM{
		Start:                   h.ServiceStart("WinRM"),
		ServiceAllowBasic:       facts.Before(service.Number("AllowBasic"), ownService.Number("auth_basic")),
		ServiceAllowUnencrypted: facts.Before(service.Number("AllowUnencryptedTraffic"), ownService.Number("allow_unencrypted")),
		ServiceAllowAutoConfig:  service.Number("AllowAutoConfig"),
		ServiceDisableRunAs:     service.Number("DisableRunAs"),
		ClientAllowBasic:        facts.Before(client.Number("AllowBasic"), ownClient.Number("auth_basic")),
		ClientAllowUnencrypted:  facts.Before(client.Number("AllowUnencryptedTraffic"), ownClient.Number("allow_unencrypted")),
		ClientAllowDigest:       facts.Before(client.Number("AllowDigest"), ownClient.Number("auth_digest")),
		Listeners:               []string{},
	}
	for _, k := range h.Key(listeners).Under() { // called "*+HTTP"
		listener := strings.Replace(k.Name(), "+", ":", 1)
		if port := k.Shown("Port"); port != "" {
			listener += ":" + port
		}
		w.Listeners = append(w.Listeners, listener)
	}
	return w
}
