package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine"
)

// maxRoots is how many roots a text names: the newest.
const maxRoots = 20

// rootName is a volume, and where it holds several roots, which of them.
func rootName(device, path string) string {
	if path == "" {
		return device
	}
	return device + ":" + path
}

// roots tells of those that do not boot, the oldest first.
func (t textWriter) roots(all []engine.InspectedRoot) {
	if more := len(all) - maxRoots; more > 0 {
		t.printf("  %d older roots, which --format json names\n", more)
		all = all[more:]
	}
	for _, r := range all {
		parts := []string{Escape(r.Root), r.Kind}
		if r.ID != 0 {
			parts[1] += fmt.Sprintf(" %d", r.ID)
		}
		if r.ReadOnly {
			parts = append(parts, "read-only")
		}
		if !r.Created.IsZero() {
			parts = append(parts, r.Created.Format(time.DateTime))
		}
		for _, text := range []string{r.By, r.Type, quoted(r.Description)} {
			if text != "" {
				parts = append(parts, Escape(text))
			}
		}
		t.printf("  %s\n", strings.Join(parts, "  "))
	}
}

// othersOn counts the roots on a volume that do not boot.
func othersOn(in *engine.Inspection, device string) int {
	all := slices.Clone(in.Roots)
	for _, s := range in.Systems {
		all = append(all, s.Others...)
	}
	n := 0
	for _, r := range all {
		if r.Device == device {
			n++
		}
	}
	return n
}
