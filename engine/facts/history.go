package facts

// History is the domain "history": the newest traces of the guest having been in use, which tell how old its content is.
// A time is nil where the guest has no such record, or none that this version reads: see Unread.
type History struct {
	Packages *HistoryTime `json:"packages" jsonschema:"nullable"` // newest transaction of the package manager
	Journal  *HistoryTime `json:"journal" jsonschema:"nullable"`  // newest entry of systemd's journal
	Wtmp     *HistoryTime `json:"wtmp" jsonschema:"nullable"`     // newest login, logout or boot
	Newest   *HistoryTime `json:"newest" jsonschema:"nullable"`   // of the three
	// Unread are records in a form that is not read: the newest time may be later than Newest says.
	Unread []string `json:"unread"`
}

// HistoryTime is a moment with the record that tells it.
type HistoryTime struct {
	Time string `json:"time"` // RFC 3339, in UTC
	Day  int    `json:"day"`  // since 1970-01-01
	// Local is set when the record is in the guest's local time and was taken as UTC: it is up to 14 hours off.
	Local  bool   `json:"local"`
	Source Source `json:"source"`
}
