package scan

import (
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// ids are the numbers that passwd(5) or group(5) has. It is nil when they are not known.
type ids map[uint32]bool

func readIDs(s *facts.Scope, path string) ids {
	known := ids{}
	err := s.Lines(path, func(_ int, text string) {
		fields := strings.SplitN(text, ":", 4)
		if len(fields) < 4 || fields[0] == "" || strings.ContainsAny(fields[0][:1], "+-#") {
			return
		}
		if id, err := strconv.ParseUint(fields[2], 10, 32); err == nil {
			known[uint32(id)] = true
		}
	})
	if err != nil {
		s.Problem(path, 0, err)
		return nil
	}
	return known
}
