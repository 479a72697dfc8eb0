package history

import (
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	tailSize = 64 << 10 // bytes at the end of a log that are looked at
	maxFiles = 10_000   // journal files
)

// log is how the lines of a package manager's log begin.
type log struct {
	path   string
	prefix string // before the time
	layout string
	local  bool
}

// packageLogs are the logs, with the one before the last rotation, for one that was just rotated is empty.
var packageLogs = []log{
	{"/var/log/dpkg.log", "", "2006-01-02 15:04:05", true},
	{"/var/log/dpkg.log.1", "", "2006-01-02 15:04:05", true},
	{"/var/log/apt/history.log", "End-Date: ", "2006-01-02  15:04:05", true},
	{"/var/log/apt/history.log.1", "End-Date: ", "2006-01-02  15:04:05", true},
	{"/var/log/dnf.rpm.log", "", "2006-01-02T15:04:05-0700", false},
	{"/var/log/dnf.rpm.log.1", "", "2006-01-02T15:04:05-0700", false},
	{"/var/log/zypp/history", "", "2006-01-02 15:04:05", true},
	{"/var/log/pacman.log", "[", "2006-01-02T15:04:05-0700", false},
	{"/var/log/pacman.log", "[", "2006-01-02 15:04", true},
}

// logs returns the last time in the logs of package managers.
func logs(s *facts.Scope) *facts.HistoryTime {
	var newest *facts.HistoryTime
	for _, l := range packageLogs {
		newest = newer(newest, l.last(string(tail(s, l.path, tailSize, 1))))
	}
	return newest
}

// tail returns the last bytes of a file, at most n of them and a multiple of unit from its start. What cannot be read is
// recorded as a problem; a file that is absent has none.
func tail(s *facts.Scope, path string, n, unit int64) []byte {
	f, err := s.Guest.Open(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(path, 0, err)
	}
	if f == nil {
		return nil
	}
	if f.Size()%unit != 0 {
		s.Problem(path, 0, binread.Corrupt("%d bytes, want a multiple of %d", f.Size(), unit))
	}
	end := f.Size() / unit * unit
	n = min(end, n/unit*unit)
	b, err := binread.ReadAt(f, end-n, n, n)
	if err != nil {
		s.Problem(path, 0, err)
	}
	return b
}

// last returns the last time in the text: of the lines that have one, the last.
func (l log) last(text string) *facts.HistoryTime {
	var newest *facts.HistoryTime
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, l.prefix)
		if !ok {
			continue
		}
		n := len(l.layout)
		if strings.HasSuffix(l.layout, "-0700") && len(rest) >= n && strings.IndexByte(rest[:n], 'Z') == n-5 {
			rest = rest[:n-5] + "+0000" + rest[n-4:] // dnf writes UTC so
		}
		if len(rest) < n {
			continue
		}
		t, err := time.Parse(l.layout, rest[:n])
		if err != nil || t.Unix() < 0 {
			continue
		}
		next := at(t, facts.At(l.path, 0, strings.TrimRight(line, "\n")))
		next.Local = l.local
		newest = newer(newest, next)
	}
	return newest
}
