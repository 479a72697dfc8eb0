package facts

// Banners is the domain "banners": the texts shown before and after a login, by path.
type Banners map[string]*Banner

// Banner is one of these texts.
type Banner struct {
	Size   int    `json:"size"` // bytes
	SHA256 string `json:"sha256"`
	// OSEscapes are the marks that getty replaces by something about the system, each once and sorted: "\\r".
	OSEscapes []string `json:"os_escapes"`
	// NamesOS is set when the text holds the system's id or name as words, in any case.
	NamesOS bool   `json:"names_os"`
	Link    string `json:"link,omitempty"` // the target, when the path is a link
}
