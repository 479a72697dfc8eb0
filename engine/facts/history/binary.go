package history

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	wtmpPath   = "/var/log/wtmp"
	recordSize = 384     // of struct utmp with 32-bit times, as glibc has it on all its platforms but a few
	maxWtmp    = 4 << 20 // bytes at the end of wtmp

	journalDir = "/var/log/journal"
	headerSize = 208 // up to tail_entry_monotonic
	magic      = "LPKSHHRH"
)

// wtmp returns the newest record of a login, a logout, a boot or a shutdown.
func wtmp(s *facts.Scope) *facts.HistoryTime {
	newest := newestRecord(tail(s, wtmpPath, maxWtmp, recordSize))
	if newest == 0 {
		return nil
	}
	return at(time.Unix(int64(newest), 0), facts.Source{Path: wtmpPath})
}

// newestRecord returns the latest ut_tv.tv_sec of the records, which is unsigned since the year 2038 draws near.
func newestRecord(b []byte) uint32 {
	var newest uint32
	for ; len(b) >= recordSize; b = b[recordSize:] {
		c := binread.Little(b[:recordSize])
		kind := c.At(0).U16() // ut_type
		if t := c.At(340).U32(); kind > 0 && kind < 10 {
			newest = max(newest, t)
		}
	}
	return newest
}

// journals returns the newest entry of all journals on disk.
func journals(ctx context.Context, s *facts.Scope) (*facts.HistoryTime, error) {
	var newest *facts.HistoryTime
	files := 0
	for _, machine := range s.ReadDir(journalDir) {
		if !machine.Type.IsDir() {
			continue
		}
		dir := journalDir + "/" + machine.Name
		for _, e := range s.ReadDir(dir) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			// Files with a tilde were damaged when journald found them; their header still counts.
			if !strings.HasSuffix(e.Name, ".journal") && !strings.HasSuffix(e.Name, ".journal~") {
				continue
			}
			path := dir + "/" + e.Name
			if files++; files > maxFiles {
				s.Problem(path, 0, binread.Limit("more than %d journals; the rest is not looked at", maxFiles))
				return newest, nil
			}
			t, err := journal(s, path)
			if err != nil {
				s.Problem(path, 0, err)
			}
			newest = newer(newest, t)
		}
	}
	return newest, nil
}

func journal(s *facts.Scope, path string) (*facts.HistoryTime, error) {
	f, err := s.Guest.Open(path)
	if f == nil {
		return nil, err
	}
	b, readErr := binread.ReadAt(f, 0, headerSize, headerSize)
	if b == nil {
		return nil, readErr
	}
	micros, headErr := newestEntry(b)
	if micros == 0 {
		return nil, headErr
	}
	return at(time.UnixMicro(micros), facts.Source{Path: path}), errors.Join(err, readErr)
}

// newestEntry returns tail_entry_realtime of a journal's header, in microseconds since 1970; 0 when it has no entries.
func newestEntry(b []byte) (int64, error) {
	c := binread.Little(b)
	sign := string(c.Bytes(8))
	size := c.At(88).U64()     // header_size
	entries := c.At(152).U64() // n_entries
	head, tail := c.At(184).U64(), c.At(192).U64()
	switch err := c.Err(); {
	case err != nil:
		return 0, err
	case sign != magic:
		return 0, binread.Corrupt("journal begins with %q, want %q", sign, magic)
	case size < headerSize:
		return 0, binread.Corrupt("journal header of %d bytes, want at least %d", size, headerSize)
	case entries == 0:
		return 0, nil
	case tail < head || tail > maxTime*1_000_000:
		return 0, binread.Corrupt("journal's last entry is at %d µs, its first at %d", tail, head)
	}
	return int64(tail), nil
}
