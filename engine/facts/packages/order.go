package packages

import (
	"cmp"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/version"
)

// sortVersions puts several versions of one name in order, the oldest first, and those of one version by architecture. A
// version that has no place in the order is a problem, and stands by its bytes.
func sortVersions(s *facts.Scope, path string, p *facts.Packages) {
	order, ok := version.OrderOf(p.Manager)
	for _, entries := range p.Installed {
		if len(entries) < 2 || !ok {
			continue
		}
		slices.SortStableFunc(entries, func(a, b facts.Package) int {
			c, err := order(a.Version, b.Version)
			if err != nil {
				s.Problem(path, 0, err)
				c = strings.Compare(a.Version, b.Version)
			}
			return cmp.Or(c, strings.Compare(a.Arch, b.Arch))
		})
	}
}
