package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

const maxLog = 8 << 20 // bytes of a log

// evidence is the folder for what was seen; its zero value keeps nothing.
type evidence struct{ dir string }

func newEvidence(dir string) (*evidence, error) {
	if dir == "" {
		return &evidence{}, nil
	}
	return &evidence{dir}, os.MkdirAll(dir, 0o700)
}

// outcome writes what the run came to, with what, and returns the error of that.
func (e *evidence) outcome(run *Trial, tool string) error {
	return errors.Join(
		e.json("outcome.json", run),
		e.json("versions.json", map[string]string{"guestctl": tool, "qemu": run.QEMU}),
	)
}

func (e *evidence) json(name string, v any) error {
	if e.dir == "" {
		return nil
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(e.dir, name), append(b, '\n'), 0o600)
}

// attempt makes the folder of an attempt, without what an earlier run left there.
func (e *evidence) attempt(number int) (*attemptEvidence, error) {
	a := &attemptEvidence{}
	if e.dir == "" {
		return a, nil
	}
	a.dir = filepath.Join(e.dir, fmt.Sprintf("attempt-%d", number))
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return nil, err
	}
	for name, log := range map[string]*capped{"serial.log": &a.serial, "qmp.log": &a.qmp} {
		f, err := os.OpenFile(filepath.Join(a.dir, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return nil, err
		}
		log.file, log.room = f, maxLog
	}
	return a, nil
}

// attemptEvidence is what was seen of one attempt.
type attemptEvidence struct {
	dir         string
	serial, qmp capped
	text        string // on the last screen
	picture     []byte // of it, as QEMU writes it
}

// command writes QEMU's command line, an argument a line.
func (e *attemptEvidence) command(program string, args []string) error {
	if e.dir == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(e.dir, "command.txt"), []byte(program+"\n"+strings.Join(args, "\n")+"\n"), 0o600)
}

// screen keeps the last screen.
func (e *attemptEvidence) screen(text string, picture []byte) { e.text, e.picture = text, picture }

// close writes the last screen and ends the logs.
func (e *attemptEvidence) close() error {
	if e.dir == "" {
		return nil
	}
	errs := []error{e.serial.close(), e.qmp.close()}
	if strings.TrimSpace(e.text) != "" {
		errs = append(errs, os.WriteFile(filepath.Join(e.dir, "screen.txt"), []byte(e.text), 0o600))
	}
	if b, err := toPNG(e.picture); err == nil { // QEMU may have ended while it wrote it
		errs = append(errs, os.WriteFile(filepath.Join(e.dir, "screen.png"), b, 0o600))
	}
	return errors.Join(errs...)
}

// capped is a log that keeps the first bytes of what is written to it. Its zero value keeps nothing.
type capped struct {
	mu   sync.Mutex
	file *os.File
	room int
	err  error
}

// Write implements io.Writer. It never fails: what went wrong is told by close.
func (c *capped) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.file == nil || c.room == 0 {
		return len(p), nil
	}
	n, err := c.file.Write(p[:min(c.room, len(p))])
	c.room -= n
	if err != nil && c.err == nil {
		c.err, c.room = err, 0
	}
	return len(p), nil
}

func (c *capped) close() error { return errors.Join(c.err, c.file.Close()) }
