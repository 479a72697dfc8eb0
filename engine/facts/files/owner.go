package files

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// ids returns the names of passwd(5) or group(5) by number. Of several names of one number the first is the one getpwuid
// gives. Lines for NIS and lines without a number name nobody.
func ids(s *facts.Scope, path string) map[uint32]string {
	names := map[uint32]string{}
	err := s.Lines(path, func(_ int, text string) {
		name, rest, _ := strings.Cut(text, ":")
		_, rest, _ = strings.Cut(rest, ":") // the password
		number, _, _ := strings.Cut(rest, ":")
		id, err := strconv.ParseUint(number, 10, 32)
		if err != nil || name == "" || name[0] == '+' || name[0] == '-' || name[0] == '#' {
			return
		}
		if _, ok := names[uint32(id)]; !ok {
			names[uint32(id)] = name
		}
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(path, 0, err)
	}
	return names
}
