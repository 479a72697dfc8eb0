package hostname

import (
	"fmt"
	"io/fs"

	"github.com/guestctl/guestctl/engine/facts"
)

// windows returns the name of TCP/IP, in the case it was given, else that of NetBIOS.
func windows(s *facts.Scope) (*facts.Hostname, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	parameters := h.Key(facts.ControlSet + `\Services\Tcpip\Parameters`)
	for _, name := range []string{"NV Hostname", "Hostname"} {
		if v := parameters.Text(name); v != nil && v.Value != "" {
			return v, nil
		}
	}
	if v := h.Key(facts.ControlSet + `\Control\ComputerName\ComputerName`).Text("ComputerName"); v != nil && v.Value != "" {
		return v, nil
	}
	return nil, fmt.Errorf("the registry holds no name: %w", fs.ErrNotExist)
}
