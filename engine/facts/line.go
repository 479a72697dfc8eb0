package facts

// maxSourceText bounds the text of a source, in bytes: evidence for people, not a copy of a file.
const maxSourceText = 512

// At returns the source for a line of the file at path. A long line is cut.
func At(path string, line int, text string) Source {
	if len(text) > maxSourceText {
		text = text[:maxSourceText] + "…"
	}
	return Source{path, line, text}
}

// Ignored is a line that the program which reads the file skips, so that it sets nothing.
type Ignored struct {
	Source
	Reason string `json:"reason"`
}

// MaskedFile is a drop-in that is not in force, and why: By is the file of the same name that goes before it, or
// "/dev/null" when it is a link to there itself.
type MaskedFile struct {
	Path string `json:"path"`
	By   string `json:"by"`
}

// Masked returns the files that others keep out of force.
func Masked(all []DropIn) []MaskedFile {
	masked := []MaskedFile{}
	for _, d := range all {
		if d.Masked {
			masked = append(masked, MaskedFile{d.Path, "/dev/null"})
		}
		for _, path := range d.Shadows {
			masked = append(masked, MaskedFile{path, d.Path})
		}
	}
	return masked
}

// Unquote takes the quotes and escapes of a shell's word off, without expanding anything. An open quote is an error that
// comes with what there is.
func Unquote(word string) (string, error) { return unquoteValue(word) }
