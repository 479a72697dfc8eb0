package facts

// LogFiles is the domain "log_files": everything below /var/log.
type LogFiles struct {
	// Complete is set when everything was visited and is in Files.
	Complete bool `json:"complete"`
	// Truncated is set when Files does not hold all that was seen.
	Truncated bool `json:"truncated"`
	Seen      int  `json:"seen"`
	// Files are the first ones of a walk, in the order of their paths. Links are not followed.
	Files []Inode `json:"files"`
}
