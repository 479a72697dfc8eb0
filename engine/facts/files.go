package facts

// Files is the domain "files": the paths that the checks asked for, by the path they asked for.
type Files map[string]*File

// File is what is at one path of the guest, after links were resolved inside the guest.
type File struct {
	Exists bool `json:"exists"` // a dangling link does not exist
	// Error says why the path could not be read. Exists and the rest mean nothing then.
	Error    string `json:"error,omitempty"`
	Type     string `json:"type,omitempty"`     // "file", "dir", "symlink" (dangling), "char", "block", "fifo", "socket"
	Link     string `json:"link,omitempty"`     // the target as it stands, when the path itself is a link
	Resolved string `json:"resolved,omitempty"` // the path after all links
	Mode     string `json:"mode,omitempty"`     // four octal digits: "0640", "4755"
	UID      uint32 `json:"uid"`
	GID      uint32 `json:"gid"`
	Owner    string `json:"owner,omitempty"` // by the guest's passwd; "" when it has no such id
	Group    string `json:"group,omitempty"`
	Size     int64  `json:"size"` // bytes
	// ACL is set when the object has a POSIX access list, which can grant more than the mode says.
	ACL bool `json:"acl,omitempty"`
	// Digests by algorithm, lower-case hexadecimal, of the algorithms asked for.
	Digests map[string]string `json:"digests,omitempty"`
	// Package owns the file, where that was asked for: "" when no package does, nil when it is not known.
	Package *string `json:"package,omitempty"`
	// Content has, for each expression asked for, whether and on which line the content matches. The content itself
	// stays in the guest.
	Content map[string]Match `json:"content,omitempty"`
	// Settings has the settings asked for of a file in a form with keys, by the form and the key. One that the file does
	// not have is nil.
	Settings map[string]*FileSetting `json:"settings,omitempty" jsonschema:"nullable"`
	// Unparsed says why the content is not of the form asked for, by the form. Settings has nothing of that form then.
	Unparsed map[string]string `json:"unparsed,omitempty"`
}

// The forms of files whose settings can be asked for, as they begin an entry of FileRequest.Settings.
const (
	FormINI  = "ini:"  // "ini:Section.Key", or "ini:Key" outside of sections
	FormJSON = "json:" // "json:a.b.c"
)

// FileSetting is one setting of a file. Of several with one key the last one counts.
type FileSetting struct {
	Kind  string   `json:"kind"`           // "string", "number", "bool", "null", "list" or "table"
	Value string   `json:"value"`          // of one value, as text
	List  []string `json:"list,omitempty"` // of a list; what is no single value in it stands as "[]" or "{}"
	// Secret is set when the value looks like one: it is blanked then.
	Secret   bool             `json:"secret,omitempty"`
	Source   Source           `json:"source"`
	Shadowed []Shadow[string] `json:"shadowed,omitempty"`
}

// Match is the first match of an expression in a file.
type Match struct {
	Found bool `json:"found"`
	Line  int  `json:"line,omitempty"` // from 1
}

// Globs is the domain "globs": the patterns that the checks asked for, with the paths they match.
type Globs map[string]*Glob

// Glob is what one pattern matches. Error says that a directory on the way could not be read, so that a path may be missing,
// or an inode, so that a path is missing from Files.
type Glob struct {
	Paths []string `json:"paths"`
	// Files describes the paths, in the same order.
	Files []GlobFile `json:"files"`
	Error string     `json:"error,omitempty"`
}

// GlobFile is what is at one path that a pattern matches: of a link the link itself.
type GlobFile struct {
	Inode
	Link string `json:"link,omitempty"` // the target of a link as it stands
}
