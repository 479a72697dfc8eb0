package windowsaccountpolicy

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
)

func TestPolicy(t *testing.T) {
	const day, minute = 86400 * 10_000_000, 60 * 10_000_000
	forever := int64(-1 << 63)
	value := func(maxAge, duration int64, properties uint32) string {
		b := make([]byte, 104)
		le := binary.LittleEndian
		le.PutUint64(b[24:], uint64(maxAge))
		le.PutUint64(b[48:], uint64(duration))
		le.PutUint32(b[76:], properties)
		le.PutUint16(b[80:], 14)
		le.PutUint16(b[84:], 5)
		return "[SAM\\Domains\\Account]\n\"F\"=hex:" + hex.EncodeToString(b) + "\n"
	}
	for name, c := range map[string]struct {
		sam, want string
		state     facts.State
	}{
		"60 days, 30 minutes":   {value(-60*day, -30*minute, 0x01), "14 60 30 5 true false", facts.OK},
		"never, until unlocked": {value(forever, forever, 0x10), "14 0 0 5 false true", facts.OK},
		"as NT had it: 0":       {value(0, 0, 0), "14 0 0 5 false false", facts.OK},
		"cut short":             {"[SAM\\Domains\\Account]\n\"F\"=hex:00\n", "", facts.Error},
		"no such value":         {"[SAM\\Domains\\Account]\n", "", facts.Absent},
	} {
		t.Run(name, func(t *testing.T) {
			p, status := factstest.Collect[facts.WindowsAccountPolicy](t, factstest.Windows(t, map[string]string{"SAM": c.sam}, nil), facts.Request{}, Collector)
			got := ""
			if p != nil {
				got = fmt.Sprint(p.MinLength.Value, p.MaxAgeDays.Value, p.LockoutMinutes.Value, p.LockoutThreshold.Value, p.Complexity.Value, p.Reversible.Value)
			}
			if got != c.want || status.State != c.state {
				t.Errorf("got %q, %s %v, want %q, %s", got, status.State, status.Problems, c.want, c.state)
			}
		})
	}
}
