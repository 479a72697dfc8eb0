package live

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

const (
	maxMessage = 1 << 20 // bytes of one line of QMP
	maxLate    = 16      // answers that nobody waited for
)

// event is something that QEMU tells without being asked.
type event struct {
	Event string
	Data  struct {
		Guest  bool
		Reason string
	}
}

// reply is QEMU's answer to a command.
type reply struct {
	ID     int64
	Return json.RawMessage
	Error  *struct{ Class, Desc string }
}

// monitor is a connection to QEMU's monitor.
type monitor struct {
	conn   io.ReadWriter
	log    io.Writer
	events func(event)

	mu      sync.Mutex // of commands: one at a time
	last    int64
	replies chan reply
	closed  chan struct{} // when QEMU is gone
}

func newMonitor(conn io.ReadWriter, log io.Writer, events func(event)) *monitor {
	return &monitor{conn: conn, log: log, events: events, replies: make(chan reply, maxLate), closed: make(chan struct{})}
}

// listen reads what QEMU says until the connection ends.
func (m *monitor) listen() {
	defer close(m.closed)
	lines := bufio.NewScanner(m.conn)
	lines.Buffer(nil, maxMessage)
	for lines.Scan() {
		m.note("<- ", lines.Bytes())
		var said struct {
			reply
			event
		}
		if json.Unmarshal(lines.Bytes(), &said) != nil {
			return // not QEMU
		}
		switch {
		case said.Event != "":
			m.events(said.event)
		case said.ID != 0:
			select {
			case m.replies <- said.reply:
			default: // nobody waits for any of so many
			}
		}
	}
}

// run runs a command and waits for its answer, or for the end of the context or of QEMU.
func (m *monitor) run(ctx context.Context, command string, arguments any) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	b, err := json.Marshal(struct {
		Execute   string `json:"execute"`
		Arguments any    `json:"arguments,omitempty"`
		ID        int64  `json:"id"`
	}{command, arguments, m.last})
	if err != nil {
		return err
	}
	m.note("-> ", b)
	if _, err := m.conn.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("monitor: %s: %w", command, err)
	}
	for {
		select {
		case r := <-m.replies:
			switch {
			case r.ID != m.last: // of a command that nobody waited for
			case r.Error != nil:
				return fmt.Errorf("monitor: %s: %s", command, r.Error.Desc)
			default:
				return nil
			}
		case <-m.closed:
			return errGone
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// errGone says that QEMU closed its monitor.
var errGone = errors.New("monitor: QEMU is gone")

func (m *monitor) note(prefix string, line []byte) {
	_, _ = io.WriteString(m.log, prefix+string(line)+"\n") // a log that is full is no reason to stop
}
