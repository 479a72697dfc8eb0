package policy

import "github.com/guestctl/guestctl/internal/version"

// Words returns the paths of the vocabulary.
func Words() []string {
	var paths []string
	for _, w := range vocabulary() {
		paths = append(paths, w.path)
	}
	return paths
}

// DpkgOrder and ReleaseOrder are tested against truth from elsewhere.
var (
	DpkgOrder    = version.Dpkg
	ReleaseOrder = releaseOrder
)
