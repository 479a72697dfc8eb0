package selinux

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const maxBooleans = 10_000

// booleans reads what was changed in the policy's store: booleans.local of libsemanage, at its place since RHEL 7.3 and the
// one before. A later line wins.
func booleans(s *facts.Scope, kind string) map[string]*facts.Value[string] {
	all := map[string]*facts.Value[string]{}
	if strings.Contains(kind, "/") {
		return all
	}
	for _, p := range []string{"/etc/selinux/" + kind + "/modules/active/booleans.local", "/var/lib/selinux/" + kind + "/active/booleans.local"} {
		err := s.Lines(p, func(n int, text string) {
			text, _, _ = strings.Cut(text, "#")
			name, value, ok := strings.Cut(text, "=")
			name, value = strings.TrimSpace(name), strings.TrimSpace(value)
			switch value {
			case "1", "on", "true":
				value = "on"
			case "0", "off", "false":
				value = "off"
			default:
				ok = false
			}
			switch {
			case strings.TrimSpace(text) == "":
			case !ok:
				s.Problem(p, n, errors.New("line sets no boolean"))
			case all[name] == nil && len(all) == maxBooleans:
				s.Problem(p, n, binread.Limit("more than %d booleans", maxBooleans))
			default:
				all[name] = facts.Override(all[name], value, facts.At(p, n, text))
			}
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.Problem(p, 0, err)
		}
	}
	return all
}
