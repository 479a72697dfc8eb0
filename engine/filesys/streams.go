package filesys

// Streamed is implemented by file systems whose files have content beside their own, under names.
type Streamed interface {
	// Streams lists them in the order of their names; nil when there are none.
	Streams(n Node) ([]Stream, error)
	// OpenStream opens one. An absent name is fs.ErrNotExist.
	OpenStream(n Node, name string) (File, error)
}

// Stream is content of a file beside its own.
type Stream struct {
	Name string // bytes as they stand: "Zone.Identifier"
	Size int64  // bytes
}
