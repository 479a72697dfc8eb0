package facts

import (
	"maps"
	"slices"

	"github.com/guestctl/guestctl/engine/guest"
)

// Request says what the loaded checks need, so that nothing else is read.
type Request struct {
	// Domains to collect by name.
	Domains []string
	// Files by path, and patterns with * ? [ ] in Globs. Naming one of them asks for the domain "files" or "globs".
	Files map[string]FileRequest
	Globs []string
	// Registry has paths of Windows' registry, as the domain "registry" has them. Naming one asks for it.
	Registry []string `json:",omitempty"`
}

// FileRequest is what is wanted of one file beyond its existence, type, mode and owner.
type FileRequest struct {
	Digests []string // "sha256", "sha512", "blake2b", "sha1", "md5"
	Content []string // RE2 expressions
	Package bool     // the package that owns it, for which the lists of all packages are read
	// Settings of a file in a form with keys: "ini:Section.Key", "json:a.b.c".
	Settings []string
}

// AddFile asks for the file at path, or for what matches it when it is a pattern; then want is asked of nothing.
func (a *Request) AddFile(path string, want FileRequest) {
	if guest.HasGlob(path) {
		a.Globs = union(a.Globs, []string{path})
		return
	}
	*a = a.Merge(Request{Files: map[string]FileRequest{path: want}})
}

// Merge returns a request for all that a and b ask for.
func (a Request) Merge(b Request) Request {
	m := Request{
		Domains:  union(a.Domains, b.Domains),
		Globs:    union(a.Globs, b.Globs),
		Registry: union(a.Registry, b.Registry),
		Files:    maps.Clone(a.Files),
	}
	if m.Files == nil {
		m.Files = map[string]FileRequest{}
	}
	for path, want := range b.Files {
		have := m.Files[path]
		m.Files[path] = FileRequest{
			Digests:  union(have.Digests, want.Digests),
			Content:  union(have.Content, want.Content),
			Package:  have.Package || want.Package,
			Settings: union(have.Settings, want.Settings),
		}
	}
	return m
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
