package policy

// Words returns the paths of the vocabulary.
func Words() []string {
	var paths []string
	for _, w := range vocabulary() {
		paths = append(paths, w.path)
	}
	return paths
}

// Distance and DpkgOrder are tested against truth from elsewhere.
var (
	Distance     = distance
	DpkgOrder    = dpkgOrder
	ReleaseOrder = releaseOrder
)

// Nearest is the suggestion for a word.
var Nearest = nearest
