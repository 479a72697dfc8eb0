package vmdk

import (
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// fileNames are the names under which a file that the descriptor calls name may be on this host: in UTF-8, and as the bytes that stand
// there, because a copy may have kept either.
func fileNames(name, encoding string) []string {
	return slices.Compact([]string{decodeName(name, encoding), name})
}

// parentNames are the names under which the parent may be on this host: where the hint says, and beside the disk, because a hint holds the
// path on the machine that the disk was made on.
func parentNames(hint, encoding string) []string {
	names := fileNames(hint, encoding)
	for _, name := range names {
		slashes := strings.ReplaceAll(name, `\`, "/")
		for _, other := range []string{slashes, slashes[strings.LastIndexAny(slashes, "/:")+1:]} {
			if other != "" && !slices.Contains(names, other) {
				names = append(names, other)
			}
		}
	}
	return names
}

// decodeName returns a name of the descriptor in UTF-8. One in an encoding that is not known is left as it is.
func decodeName(name, encoding string) string {
	for _, m := range []*charmap.Charmap{
		charmap.Windows1250, charmap.Windows1251, charmap.Windows1252, charmap.Windows1253, charmap.Windows1254, charmap.Windows1255,
		charmap.Windows1256, charmap.Windows1257, charmap.Windows1258, charmap.ISO8859_1, charmap.ISO8859_2, charmap.ISO8859_15,
	} {
		label := strings.ReplaceAll(m.String(), " ", "-") // "Windows 1252", "ISO 8859-1"
		if !strings.EqualFold(label, encoding) {
			continue
		}
		if s, err := m.NewDecoder().String(name); err == nil {
			return s
		}
	}
	return name
}
