package hive

import (
	"fmt"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
)

// replayPages applies a log in the format before Windows 8.1: a bitmap of the sectors that were to be written, and the sectors. Of several
// logs the one counts that was written at the same time as the hive. It is errNothing where there is none.
func (h *Hive) replayPages(found base, whole bool, logs []openLog) (base, error) {
	written := found.written
	if !whole {
		written = h.firstBinWritten()
	}
	for _, l := range logs {
		old := l.base.kind == oldLog || l.base.kind == oldLogToo
		if !old || l.base.primary != l.base.secondary || !l.base.written.Equal(written) {
			continue
		}
		err := h.applyVector(l)
		if err != nil && whole {
			return found, err
		}
		return l.base, err
	}
	return base{}, errNothing
}

// firstBinWritten is when the first hive bin says that the hive was written.
func (h *Hive) firstBinWritten() time.Time {
	b, err := binread.ReadAt(h.source, baseSize, binHeader, binHeader)
	if err != nil {
		return time.Time{}
	}
	c := binread.Little(b)
	return filetime(c.At(20).U64())
}

// applyVector puts the sectors of a log over the hive, all of them or none.
func (h *Hive) applyVector(l openLog) error {
	bits := l.base.size / sector
	n := (4 + bits/8 + sector - 1) / sector * sector
	b, err := binread.ReadAt(l, sector, 4+bits/8, maxLog)
	if err != nil {
		return fmt.Errorf("%s: %w", l.Name, err)
	}
	if string(b[:4]) != "DIRT" {
		return binread.Corrupt("%s: signature %q at %#x, want \"DIRT\"", l.Name, b[:4], sector)
	}
	at, over := sector+n, overlay{}
	for i, bitmap := int64(0), b[4:]; i < bits; {
		set, length := binread.LowFirst.Run(bitmap, int(i), int(bits-i))
		run := int64(length) * sector
		if set {
			pages, err := binread.ReadAt(l, at, run, maxLog)
			if err != nil {
				return fmt.Errorf("%s: %w", l.Name, err)
			}
			over.put(baseSize+i*sector, pages)
			at += run
		}
		i += int64(length)
	}
	h.source.over = over
	return nil
}
