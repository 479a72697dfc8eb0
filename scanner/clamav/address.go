package clamav

import (
	"fmt"
	"net"
	"strings"
)

// address is where a clamd listens.
type address struct{ network, at string }

// parseAddress reads "unix:/run/clamav/clamd.ctl", a path, or "tcp:HOST:PORT".
func parseAddress(s string) (address, error) {
	if rest, ok := strings.CutPrefix(s, "tcp:"); ok {
		host, port, err := net.SplitHostPort(rest)
		if err == nil && host != "" && port != "" {
			return address{"tcp", rest}, nil
		}
	}
	if path := strings.TrimPrefix(s, "unix:"); strings.HasPrefix(path, "/") {
		return address{"unix", path}, nil
	}
	return address{}, fmt.Errorf("clamd address %q, want unix:/PATH or tcp:HOST:PORT", s)
}

func (a address) String() string { return a.network + ":" + a.at }
