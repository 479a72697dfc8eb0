package hive

import (
	"errors"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
)

// maxLog is how large a log may be, in bytes.
const maxLog = 256 << 20

// recover replays the logs over the hive and returns its base block as it is afterwards. Problem is what is wrong with the one on the disk.
func (h *Hive) recover(found base, problem error, logs []Log) (base, error) {
	whole := problem == nil
	h.state.Condition = Replayed
	switch {
	case errors.Is(problem, binread.ErrUnsupported):
		return base{}, fmt.Errorf("hive: base block: %w", problem)
	case whole:
		problem = binread.Corrupt("written to sequence %d of %d", found.secondary, found.primary)
	default:
		problem = fmt.Errorf("base block: %w", problem)
	}
	opened, wrong := openLogs(logs)
	after, err := h.replayEntries(found, whole, opened)
	if errors.Is(err, errNothing) {
		wrong = append(wrong, err)
		after, err = h.replayPages(found, whole, opened)
	}
	if err == nil {
		return after, nil
	}
	if !errors.Is(err, errNothing) {
		h.taint(err)
		return after, nil
	}
	h.taint(problem)
	for _, err := range wrong {
		h.taint(err)
	}
	if !whole && !h.usable(found) {
		return base{}, fmt.Errorf("hive: %w", problem)
	}
	return found, nil
}

// errNothing says that no log has what the hive lacks.
var errNothing = errors.New("no log holds the rest")

// usable tells whether a base block that is damaged still says where what is.
func (h *Hive) usable(found base) bool { return found.kind == primaryFile && found.check(1, 1) == nil }

// openLog is a log whose base block is right.
type openLog struct {
	Log
	base base
}

// openLogs returns the logs that are whole in their beginning, and what is wrong with the others.
func openLogs(logs []Log) (opened []openLog, wrong []error) {
	for _, l := range logs {
		if l.Size == 0 {
			continue
		}
		b, err := readBase(l)
		switch {
		case err == nil && l.Size > maxLog:
			err = binread.Limit("%d bytes, want at most %d", l.Size, maxLog)
		case err == nil && b.kind != newLog && b.kind != oldLog && b.kind != oldLogToo:
			err = binread.Corrupt("file type %d, want that of a log", b.kind)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", l.Name, err))
			continue
		}
		opened = append(opened, openLog{l, b})
	}
	return opened, wrong
}
